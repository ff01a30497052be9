// SPDX-License-Identifier: Apache-2.0
// Compares sampled packets with libsrtp2's.
#include "witness.h"

#include "bench.h"
#include "wire_bytes.h"
#include "wire_rtp.h"

#include <srtp2/srtp.h>
#include <stdlib.h>
#include <string.h>

#define RECORDS_MAX 2048
#define PACKET_MAX 1300

struct record {
	enum witness_what what;
	uint32_t n;
	uint16_t len;
	uint8_t packet[PACKET_MAX];
};

// Both ends of a stream.
struct session {
	srtp_t in, out;
};

struct witness {
	uint32_t every;
	enum srtp_suite suite;
	unsigned count;
	struct session sessions[WITNESS_CALLS_MAX][IQ_LEGS]; // by who has the key
	struct record records[RECORDS_MAX];
};

static void policy_set(enum srtp_suite suite, srtp_policy_t *policy)
{
	srtp_crypto_policy_set_rtp_default(&policy->rtp);
	srtp_crypto_policy_set_rtcp_default(&policy->rtcp);
	if (suite == SRTP_SUITE_AES128_CM_SHA1_32)
		srtp_crypto_policy_set_aes_cm_128_hmac_sha1_32(&policy->rtp);
	if (suite == SRTP_SUITE_AEAD_AES_128_GCM) {
		srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy->rtp);
		srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy->rtcp);
	} else if (suite == SRTP_SUITE_AEAD_AES_256_GCM) {
		srtp_crypto_policy_set_aes_gcm_256_16_auth(&policy->rtp);
		srtp_crypto_policy_set_aes_gcm_256_16_auth(&policy->rtcp);
	}
}

static srtp_t session_make(uint32_t n, enum iq_leg from, enum srtp_suite suite, bool is_out)
{
	const struct srtp_suite_info *info = srtp_suite_info(suite);
	struct gateway_master master = gateway_master(n, from);
	srtp_policy_t policy = {.window_size = 128};
	uint8_t key[sizeof(master)];
	srtp_t session;

	memcpy(key, master.key, info->key_len);
	memcpy(key + info->key_len, master.salt, info->salt_len);
	policy_set(suite, &policy);
	policy.ssrc.type = is_out ? ssrc_any_outbound : ssrc_any_inbound;
	policy.key = key;
	if (srtp_create(&session, &policy) != srtp_err_status_ok)
		bench_fail("libsrtp2 takes no session");
	return session;
}

struct witness *witness_create(uint32_t calls, uint32_t every, enum srtp_suite suite)
{
	struct witness *witness = calloc(1, sizeof(*witness));

	if (witness == NULL || srtp_init() != srtp_err_status_ok)
		bench_fail("no witness");
	witness->every = every;
	witness->suite = suite;
	for (unsigned i = 0; i < WITNESS_CALLS_MAX && i * every < calls; i++) {
		for (unsigned leg = 0; leg < IQ_LEGS; leg++)
			witness->sessions[i][leg] =
				(struct session){session_make(i * every, leg, suite, false),
					session_make(i * every, leg, suite, true)};
	}
	return witness;
}

void witness_destroy(struct witness *witness)
{
	if (witness == NULL)
		return;
	for (unsigned i = 0; i < WITNESS_CALLS_MAX; i++) {
		for (unsigned leg = 0; leg < IQ_LEGS; leg++) {
			if (witness->sessions[i][leg].in == NULL)
				continue;
			srtp_dealloc(witness->sessions[i][leg].in);
			srtp_dealloc(witness->sessions[i][leg].out);
		}
	}
	free(witness);
}

void witness_take(struct witness *witness, enum witness_what what, uint32_t n,
	const uint8_t *packet, uint16_t len)
{
	struct record *record = &witness->records[witness->count];

	if (witness->count == RECORDS_MAX || n / witness->every >= WITNESS_CALLS_MAX ||
		len > PACKET_MAX)
		return;
	witness->count++;
	record->what = what;
	record->n = n;
	record->len = len;
	memcpy(record->packet, packet, len);
}

void witness_payload_write(uint8_t *payload, uint32_t leg, uint16_t seq, uint16_t len)
{
	static uint8_t noise[2048];

	if (noise[0] == 0) {
		uint64_t state = 5;

		for (unsigned i = 0; i < sizeof(noise); i++)
			noise[i] = (uint8_t)(bench_random(&state) | 1);
	}
	memcpy(payload, noise, len);
	wire_store32(payload, leg);
	wire_store16(payload + 4, seq);
}

// The gateway's own numbers differ from the sender's: the payload says which those were.
static bool plain_is_right(const uint8_t *packet, int len, uint32_t leg)
{
	uint8_t expected[PACKET_MAX];
	const uint8_t *payload = packet + WIRE_RTP_HEADER;
	int payload_len = len - WIRE_RTP_HEADER;

	if (payload_len < 16 || packet[0] != 0x80)
		return false;
	witness_payload_write(expected, leg, wire_load16(payload + 4), (uint16_t)payload_len);
	return memcmp(payload, expected, (size_t)payload_len) == 0;
}

static bool srtp_is_right(const struct session *session, const struct record *record, uint32_t leg)
{
	uint8_t packet[PACKET_MAX + SRTP_MAX_TRAILER_LEN];
	int len = record->len;

	memcpy(packet, record->packet, record->len);
	if (srtp_unprotect(session->in, packet, &len) != srtp_err_status_ok ||
		!plain_is_right(packet, len, leg))
		return false;
	return srtp_protect(session->out, packet, &len) == srtp_err_status_ok &&
		len == record->len && memcmp(packet, record->packet, record->len) == 0;
}

static bool record_is_right(const struct witness *witness, const struct record *record)
{
	const struct session *sessions = witness->sessions[record->n / witness->every];

	switch (record->what) {
	case WITNESS_BROWSER_SENT:
		return srtp_is_right(
			&sessions[IQ_LEG_ACCESS], record, record->n * 2 + IQ_LEG_ACCESS);
	case WITNESS_BROWSER_GOT:
		return srtp_is_right(&sessions[IQ_LEG_CORE], record, record->n * 2 + IQ_LEG_CORE);
	case WITNESS_PHONE_GOT:
		return plain_is_right(record->packet, record->len, record->n * 2 + IQ_LEG_ACCESS);
	}
	return false;
}

uint64_t witness_check(struct witness *witness, uint64_t *checked)
{
	uint64_t wrong = 0;

	for (unsigned i = 0; i < witness->count; i++)
		wrong += !record_is_right(witness, &witness->records[i]);
	*checked += witness->count;
	witness->count = 0;
	return wrong;
}
