// SPDX-License-Identifier: Apache-2.0
// The client's side of STUN, DTLS and SRTP.
#include "wic.h"

#include "dtls_peer.h"
#include "wire_bytes.h"
#include "wire_stun.h"

#include <openssl/hmac.h>

#include <setjmp.h>
#include <srtp2/srtp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define UFRAG "wicu"
#define PWD "wic-password-of-24-chars"

struct wic {
	struct media_rig *rig;
	struct wic_config config;
	struct media_end *end;
	struct dtls_peer *dtls;
	char gateway_ufrag[12], gateway_pwd[36];
	struct iq_addr gateway;
	srtp_t out, in;
	bool has_keys, is_deaf;
	unsigned asked, answered;
	uint32_t txid;
};

static void tag_write(struct wire_stun_writer *w, const char *pwd)
{
	size_t covered;
	uint8_t *tag = wire_stun_reserve_integrity(w, &covered);

	assert_non_null(tag);
	HMAC(EVP_sha1(), pwd, (int)strlen(pwd), w->data, covered, tag, NULL);
}

static bool tag_is_right(const struct wire_stun *msg, const char *pwd)
{
	struct wire_stun_mac mac;
	uint8_t bytes[1500], tag[20];

	if (wire_stun_integrity_input(msg, &mac) < 0)
		return false;
	memcpy(bytes, mac.head, sizeof(mac.head));
	memcpy(bytes + sizeof(mac.head), mac.body, mac.body_len);
	HMAC(EVP_sha1(), pwd, (int)strlen(pwd), bytes, sizeof(mac.head) + mac.body_len, tag, NULL);
	return memcmp(tag, mac.tag, 20) == 0;
}

static void finish_and_send(struct wic *wic, struct wire_stun_writer *w)
{
	int len = wire_stun_finish_fingerprint(w);

	assert_true(len > 0);
	wic_raw_send(wic, w->data, (size_t)len);
}

void wic_check(struct wic *wic, bool nominate, bool is_right)
{
	uint8_t bytes[300], txid[WIRE_STUN_TXID] = "check";
	struct wire_stun_writer w;
	char username[64];
	int len = snprintf(username, sizeof(username), "%s:%s", wic->gateway_ufrag, UFRAG);

	wire_store32(txid + 8, ++wic->txid);
	wire_stun_begin(&w, bytes, sizeof(bytes));
	wire_stun_header(&w, WIRE_STUN_REQUEST, WIRE_STUN_BINDING, txid);
	wire_stun_add_username(&w, username, (size_t)len);
	wire_stun_add_priority(&w, 0x6e0001ff);
	wire_stun_add_role(&w, WIRE_STUN_CONTROLLING, 0);
	if (nominate)
		wire_stun_add_use_candidate(&w);
	tag_write(&w, is_right ? wic->gateway_pwd : "wrong");
	finish_and_send(wic, &w);
}

void wic_stray_answer(struct wic *wic)
{
	struct wire_addr mapped = {.port = 1, .len = 4};
	struct wire_stun_writer w;
	uint8_t bytes[300], txid[WIRE_STUN_TXID] = "stray";

	wire_stun_begin(&w, bytes, sizeof(bytes));
	wire_stun_header(&w, WIRE_STUN_SUCCESS, WIRE_STUN_BINDING, txid);
	wire_stun_add_xor_mapped(&w, &mapped);
	tag_write(&w, PWD);
	finish_and_send(wic, &w);
}

static void request_answer(
	struct wic *wic, const struct wire_stun *msg, const struct media_datagram *datagram)
{
	struct wire_addr mapped = {
		.port = datagram->from_port, .len = datagram->family == 4 ? 4 : 16};
	struct wire_stun_writer w;
	uint8_t bytes[300];

	assert_true(tag_is_right(msg, PWD));
	assert_true(msg->has_fingerprint);
	if (wic->is_deaf)
		return;
	wic->asked++;
	memcpy(mapped.bytes, datagram->from_ip, 16);
	wire_stun_begin(&w, bytes, sizeof(bytes));
	wire_stun_header(&w, WIRE_STUN_SUCCESS, WIRE_STUN_BINDING, msg->txid);
	wire_stun_add_xor_mapped(&w, &mapped);
	tag_write(&w, PWD);
	finish_and_send(wic, &w);
}

static void stun_take(struct wic *wic, const struct media_datagram *datagram)
{
	struct wire_stun msg;

	assert_int_equal(wire_stun_parse(&msg, datagram->bytes, datagram->len), 0);
	if (msg.class == WIRE_STUN_REQUEST) {
		request_answer(wic, &msg, datagram);
	} else if (msg.class == WIRE_STUN_SUCCESS) {
		assert_true(tag_is_right(&msg, wic->gateway_pwd));
		assert_int_equal(msg.mapped.port, wic->config.port);
		assert_memory_equal(
			msg.mapped.bytes, media_ip(wic->end, wic->config.family), msg.mapped.len);
		wic->answered++;
	}
}

static bool on_datagram(const struct media_datagram *datagram, void *arg)
{
	struct wic *wic = arg;

	assert_int_equal(datagram->port, wic->config.port);
	if (datagram->bytes[0] <= 3)
		stun_take(wic, datagram);
	else if (datagram->bytes[0] >= 20 && datagram->bytes[0] <= 63)
		dtls_peer_input(wic->dtls, datagram->bytes, datagram->len);
	else
		return false;
	return true;
}

struct wic *wic_create(struct media_rig *rig, const struct wic_config *config)
{
	struct dtls_peer_config dtls = {
		.client = !config->is_dtls_server, .profiles = config->profiles};
	static bool is_ready;
	struct wic *wic = calloc(1, sizeof(*wic));

	assert_non_null(wic);
	if (!is_ready)
		assert_int_equal(srtp_init(), srtp_err_status_ok);
	is_ready = true;
	wic->rig = rig;
	wic->config = *config;
	wic->dtls = dtls_peer_create(&dtls);
	wic->end = media_end_add(rig, 0, config->host);
	wic->end->on_datagram = on_datagram;
	wic->end->arg = wic;
	return wic;
}

void wic_destroy(struct wic *wic)
{
	wic->end->on_datagram = NULL;
	dtls_peer_destroy(wic->dtls);
	if (wic->has_keys) {
		srtp_dealloc(wic->out);
		srtp_dealloc(wic->in);
	}
	free(wic);
}

struct media_end *wic_end(struct wic *wic)
{
	return wic->end;
}

void wic_describe(const struct wic *wic, struct iq_remote_transport *remote)
{
	memset(remote, 0, sizeof(*remote));
	remote->security = IQ_SECURITY_DTLS_SRTP;
	remote->dtls_role = wic->config.is_dtls_server ? IQ_DTLS_CLIENT : IQ_DTLS_SERVER;
	remote->rtcp_mux = 1;
	remote->ice = 1;
	remote->end_of_candidates = 1;
	remote->fingerprint_count = 1;
	remote->fingerprints[0] = (struct iq_fingerprint){.hash = IQ_HASH_SHA256, .len = 32};
	dtls_peer_fingerprint(wic->dtls, remote->fingerprints[0].bytes);
	strcpy(remote->ufrag, UFRAG);
	strcpy(remote->pwd, PWD);
	remote->candidate_count = 1;
	remote->candidates[0] = (struct iq_candidate){
		.addr = {.family = wic->config.family, .port = wic->config.port},
		.priority = 0x7e0001ff,
		.foundation = 1,
		.component = 1};
	memcpy(remote->candidates[0].addr.ip, media_ip(wic->end, wic->config.family),
		wic->config.family == 4 ? 4 : 16);
}

void wic_answer(struct wic *wic, const struct iq_context_local *local)
{
	wic->gateway = wic->config.family == 4 ? local->access[0].v4 : local->access[0].v6;
	memcpy(wic->gateway_ufrag, local->ufrag, sizeof(local->ufrag));
	memcpy(wic->gateway_pwd, local->pwd, sizeof(local->pwd));
}

const struct iq_addr *wic_gateway(const struct wic *wic)
{
	return &wic->gateway;
}

static void policy_set(unsigned long profile, srtp_crypto_policy_t *rtp, srtp_crypto_policy_t *rtcp)
{
	srtp_crypto_policy_set_rtp_default(rtp);
	srtp_crypto_policy_set_rtcp_default(rtcp);
	if (profile == 0x0002)
		srtp_crypto_policy_set_aes_cm_128_hmac_sha1_32(rtp);
	if (profile == 0x0007) {
		srtp_crypto_policy_set_aes_gcm_128_16_auth(rtp);
		srtp_crypto_policy_set_aes_gcm_128_16_auth(rtcp);
	} else if (profile == 0x0008) {
		srtp_crypto_policy_set_aes_gcm_256_16_auth(rtp);
		srtp_crypto_policy_set_aes_gcm_256_16_auth(rtcp);
	}
}

static srtp_t session_make(struct wic *wic, bool is_out)
{
	unsigned long profile = dtls_peer_profile(wic->dtls);
	size_t key_len = profile == 0x0008 ? 32 : 16, salt_len = profile >= 0x0007 ? 12 : 14;
	srtp_policy_t policy = {.window_size = 128};
	uint8_t key[32 + 14], salt[14];
	srtp_t session;

	assert_true(is_out ? dtls_peer_tx_key(wic->dtls, key_len, salt_len, key, salt)
			   : dtls_peer_rx_key(wic->dtls, key_len, salt_len, key, salt));
	memcpy(key + key_len, salt, salt_len);
	policy_set(profile, &policy.rtp, &policy.rtcp);
	policy.ssrc.type = is_out ? ssrc_any_outbound : ssrc_any_inbound;
	policy.key = key;
	assert_int_equal(srtp_create(&session, &policy), srtp_err_status_ok);
	return session;
}

static void dtls_run(struct wic *wic)
{
	uint8_t bytes[2000];
	size_t len;

	while ((len = dtls_peer_output(wic->dtls, bytes, sizeof(bytes))) > 0)
		wic_raw_send(wic, bytes, len);
}

void wic_hello(struct wic *wic)
{
	dtls_peer_input(wic->dtls, NULL, 0);
	dtls_run(wic);
}

static void turn(struct wic *wic)
{
	media_step(wic->rig);
	if (wic->asked > 0 && wic->answered > 0 && !wic->config.is_dtls_server)
		dtls_peer_input(wic->dtls, NULL, 0);
}

static void sessions_make(struct wic *wic)
{
	if (wic->has_keys)
		return;
	wic->out = session_make(wic, true);
	wic->in = session_make(wic, false);
	wic->has_keys = true;
}

bool wic_connect(struct wic *wic)
{
	const struct iq_leg_state *told = &wic->rig->state.legs[IQ_LEG_ACCESS];
	bool is_up = false;

	wic_check(wic, true, true);
	for (unsigned i = 0; i < 2500 && !is_up && told->dtls != IQ_DTLS_FAILED; i++) {
		turn(wic);
		dtls_run(wic);
		media_step(wic->rig);
		usleep(2000);
		is_up = dtls_peer_connected(wic->dtls) && told->dtls == IQ_DTLS_CONNECTED;
	}
	if (is_up)
		sessions_make(wic);
	return is_up;
}

bool wic_connect_first(struct wic *wic)
{
	wic_check(wic, true, true);
	for (unsigned i = 0; i < 2500 && !dtls_peer_connected(wic->dtls); i++) {
		dtls_run(wic);
		turn(wic);
		usleep(2000);
	}
	if (dtls_peer_connected(wic->dtls))
		sessions_make(wic);
	return wic->has_keys;
}

bool wic_has_keys(const struct wic *wic)
{
	return wic->has_keys;
}

unsigned wic_asked(const struct wic *wic)
{
	return wic->asked;
}

unsigned wic_answered(const struct wic *wic)
{
	return wic->answered;
}

void wic_deaf_set(struct wic *wic, bool is_deaf)
{
	wic->is_deaf = is_deaf;
}

void wic_close(struct wic *wic)
{
	dtls_peer_close(wic->dtls);
	dtls_run(wic);
}

void wic_raw_send(struct wic *wic, const void *bytes, size_t len)
{
	media_send(wic->rig, wic->end, wic->config.port, &wic->gateway, bytes, len);
}

size_t wic_rtp_send(struct wic *wic, uint8_t *packet, size_t len)
{
	int size = (int)len;

	assert_int_equal(srtp_protect(wic->out, packet, &size), srtp_err_status_ok);
	wic_raw_send(wic, packet, (size_t)size);
	return (size_t)size;
}

void wic_rtcp_send(struct wic *wic, const uint8_t *packet, size_t len)
{
	uint8_t bytes[1500];
	int size = (int)len;

	memcpy(bytes, packet, len);
	assert_int_equal(srtp_protect_rtcp(wic->out, bytes, &size), srtp_err_status_ok);
	wic_raw_send(wic, bytes, (size_t)size);
}

size_t wic_take(struct wic *wic, uint8_t *packet, bool *is_rtcp)
{
	const struct media_datagram *datagram = media_take(wic->end);
	int len;

	if (datagram == NULL)
		return 0;
	len = datagram->len;
	memcpy(packet, datagram->bytes, datagram->len);
	*is_rtcp = packet[1] >= 192 && packet[1] <= 223;
	assert_int_equal(*is_rtcp ? srtp_unprotect_rtcp(wic->in, packet, &len)
				  : srtp_unprotect(wic->in, packet, &len),
		srtp_err_status_ok);
	return (size_t)len;
}
