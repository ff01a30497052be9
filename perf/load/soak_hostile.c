// SPDX-License-Identifier: Apache-2.0
// Packets that a gateway must refuse, reports that it must pass on.
#include "soak.h"
#include "wire_stun.h"

#include <openssl/rand.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define STRANGER_PORT 6666
#define UNUSED_PORT 29998 // past what calls of a soak use
#define RTCP_LEN 28
#define SRTCP_ROOM 64

// Each kind and the counter of its drop.
enum kind { BAD_TAG, STRANGE_RTP, STRANGE_DTLS, BAD_STUN, NO_PORT, NO_CLASS };
static const char *const reasons[SOAK_KINDS] = {
	[BAD_TAG] = "drop_srtp_auth",
	[STRANGE_RTP] = "drop_source",
	[STRANGE_DTLS] = "drop_dtls_source",
	[BAD_STUN] = "drop_stun_integrity",
	[NO_PORT] = "drop_no_transport",
	[NO_CLASS] = "drop_classify",
};

void soak_hostile_init(struct soak_hostile *hostile)
{
	memset(hostile, 0, sizeof(*hostile));
	hostile->stranger = load_socket(LOAD_ACCESS_IP, STRANGER_PORT);
}

// The call's user, signed with nobody's password.
static size_t stun_write(const struct load_call *call, uint8_t *buf, size_t room)
{
	struct wire_stun_writer w;
	uint8_t txid[WIRE_STUN_TXID];
	size_t covered;
	char user[64];

	RAND_bytes(txid, sizeof(txid));
	snprintf(user, sizeof(user), "%s:%s", call->ufrag, load_wic_ufrag);
	wire_stun_begin(&w, buf, room);
	wire_stun_header(&w, WIRE_STUN_REQUEST, WIRE_STUN_BINDING, txid);
	wire_stun_add_username(&w, user, strlen(user));
	wire_stun_add_priority(&w, 0x6e7f1eff);
	wire_stun_add_role(&w, WIRE_STUN_CONTROLLING, 1);
	memset(wire_stun_reserve_integrity(&w, &covered), 0x55, WIRE_STUN_TAG);
	return (size_t)wire_stun_finish_fingerprint(&w);
}

static size_t packet_write(const struct load_call *call, enum kind kind, uint8_t packet[512])
{
	static const uint8_t first[SOAK_KINDS] = {0x80, 0x80, 22, 0, 0x80, 0x50};

	if (kind == BAD_STUN)
		return stun_write(call, packet, 512);
	RAND_bytes(packet, 182);
	packet[0] = first[kind];
	packet[1] = LOAD_PT;
	if (kind == STRANGE_DTLS)
		memcpy(packet, "\x16\xfe\xfd\0\0\0\0\0\0\0\0\0\xa9", 13); // 169 bytes follow
	if (kind == BAD_TAG) { // the SSRC and a sequence number that the call will use
		uint16_t seq = htons((uint16_t)(call->sent[LOAD_ACCESS] + 1000));

		memcpy(packet + 2, &seq, 2);
		memcpy(packet + 8, "\x10\0", 2);
	}
	return 182;
}

void soak_hostile_send(struct load *load, struct soak_hostile *hostile, unsigned index)
{
	const struct load_call *call = &load->calls[index];
	enum kind kind = hostile->next++ % SOAK_KINDS;
	struct sockaddr_in to = call->to[LOAD_ACCESS];
	bool is_own = kind == BAD_TAG || kind == NO_CLASS;
	uint8_t packet[512];
	size_t len = packet_write(call, kind, packet);
	uint32_t ssrc = htonl(0x10000000u + index);

	if (kind == BAD_TAG)
		memcpy(packet + 8, &ssrc, 4);
	if (kind == NO_PORT)
		to.sin_port = htons(UNUSED_PORT);
	if (sendto(is_own ? load->sock[LOAD_ACCESS] : hostile->stranger, packet, len, 0,
		    (struct sockaddr *)&to, sizeof(to)) < 0)
		die("send: %m");
	hostile->sent[kind]++;
}

static void report_write(uint8_t *packet, uint32_t ssrc, uint32_t packets)
{
	uint32_t words[RTCP_LEN / 4] = {htonl(0x80c80006), htonl(ssrc), htonl(0xe0000000), 0,
		htonl(packets * LOAD_PAYLOAD), htonl(packets), htonl(packets * LOAD_PAYLOAD)};

	memcpy(packet, words, RTCP_LEN);
}

void soak_reports_init(struct soak_reports *reports)
{
	memset(reports, 0, sizeof(*reports));
	reports->sock = load_socket(LOAD_CORE_IP, LOAD_CORE_PORT + 1);
}

static void access_report_send(struct load *load, unsigned index)
{
	struct load_call *call = &load->calls[index];
	uint8_t packet[SRTCP_ROOM];
	struct srtp_item item = {.data = packet,
		.key = &call->tx_key,
		.index = &call->tx_index,
		.len = RTCP_LEN,
		.room = sizeof(packet)};

	report_write(packet, 0x10000000u + index, call->sent[LOAD_ACCESS]);
	if (srtcp_protect_burst(load->srtp, &item, 1) != 1)
		die("a report could not be protected");
	if (sendto(load->sock[LOAD_ACCESS], packet, item.len, 0,
		    (struct sockaddr *)&call->to[LOAD_ACCESS], sizeof(call->to[0])) < 0)
		die("send: %m");
}

void soak_reports_send(struct load *load, struct soak_reports *reports, unsigned index)
{
	const struct load_call *call = &load->calls[index];
	struct sockaddr_in to = call->to[LOAD_CORE];
	uint8_t packet[1500];

	access_report_send(load, index);
	report_write(packet, 0x20000000u + index, call->sent[LOAD_CORE]);
	to.sin_port = htons((uint16_t)(ntohs(to.sin_port) + 1));
	if (sendto(reports->sock, packet, RTCP_LEN, 0, (struct sockaddr *)&to, sizeof(to)) < 0)
		die("send: %m");
	reports->sent[LOAD_ACCESS]++;
	reports->sent[LOAD_CORE]++;
	while (recv(reports->sock, packet, sizeof(packet), 0) > 0)
		reports->came[LOAD_ACCESS]++;
	reports->came[LOAD_CORE] = load->rtcp;
}

struct drops {
	struct soak_hostile *hostile;
	unsigned counter;
	int bad;
};

static void on_mark(const char *name, uint64_t value, void *arg)
{
	struct drops *drops = arg;

	(void)name;
	if (drops->counter >= SOAK_COUNTERS_MAX)
		die("more counters than a soak has room for");
	drops->hostile->before[drops->counter++] = value;
}

void soak_drops_mark(struct soak_hostile *hostile)
{
	struct drops drops = {.hostile = hostile};

	load_agw_counters_each(on_mark, &drops);
}

static void on_counter(const char *name, uint64_t value, void *arg)
{
	struct drops *drops = arg;
	uint64_t expected = 0, dropped = value - drops->hostile->before[drops->counter++];

	if (strncmp(name, "drop_", 5) != 0)
		return;
	for (unsigned kind = 0; kind < SOAK_KINDS; kind++) {
		if (strcmp(name, reasons[kind]) == 0)
			expected = drops->hostile->sent[kind];
	}
	if (dropped == expected)
		return;
	fprintf(stderr, "soak: %s is %llu, not %llu\n", name, (unsigned long long)dropped,
		(unsigned long long)expected);
	drops->bad++;
}

int soak_drops_check(struct soak_hostile *hostile)
{
	struct drops drops = {.hostile = hostile};

	load_agw_counters_each(on_counter, &drops);
	return drops.bad;
}
