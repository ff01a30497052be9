// SPDX-License-Identifier: Apache-2.0
// The media side of a browser as a program: ICE, DTLS client, SRTP; one G.711 packet every 20 ms, those that come counted.
//
// usage: agw_talk NAMESPACE IP PORT
//   prints            UFRAG PASSWORD FINGERPRINT
//   reads a line      IP PORT UFRAG PASSWORD      of the gateway's description; prints CONNECTED PROFILE
//   reads any line    prints SENT RECEIVED; ends with its input
#include "agw_iq.h"
#include "clock.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PCMA 8
#define SSRC 287454020
#define PACKET_US 20000

static void self_tell(const struct wic *wic)
{
	printf("%s %s ", wic->ufrag, wic->pwd);
	for (unsigned i = 0; i < sizeof(wic->fingerprint); i++)
		printf("%s%02X", i ? ":" : "", wic->fingerprint[i]);
	printf("\n");
}

static void gateway_read(struct wic *wic)
{
	char line[256], ip[64];
	unsigned port;

	if (fgets(line, sizeof(line), stdin) == NULL ||
		sscanf(line, "%63s %u %15s %39s", ip, &port, wic->gateway_ufrag,
			wic->gateway_pwd) != 4)
		die("no description of the gateway: IP PORT UFRAG PASSWORD");
	address_set(&wic->gateway, &wic->gateway_len, ip, (uint16_t)port);
}

static void connect_to_gateway(struct wic *wic)
{
	uint8_t packet[2048];

	for (unsigned i = 0; i < 100 && !wic->is_checked; i++) {
		wic_check(wic);
		wic_receive(wic, 50, packet);
	}
	if (!wic->is_checked)
		die("no check was answered");
	wic_handshake(wic);
	for (unsigned i = 0; i < 200 && !wic->is_connected; i++) {
		if (wic_receive(wic, 50, packet) == 0)
			wic_handshake(wic);
	}
	if (!wic->is_connected)
		die("no DTLS connection");
	printf("CONNECTED %s\n", wic->profile);
}

// True when a line came; false at the end of the input too, then *ended.
static bool line_came(bool *ended)
{
	struct pollfd fd = {.fd = STDIN_FILENO, .events = POLLIN};
	char line[256];
	ssize_t len;

	if (poll(&fd, 1, 0) <= 0)
		return false;
	len = read(STDIN_FILENO, line, sizeof(line));
	*ended = len <= 0;
	return len > 0;
}

static void talk(struct wic *wic)
{
	uint64_t next_us = clock_now_us(), now_us;
	unsigned sent = 0, received = 0;
	uint8_t packet[2048];
	bool ended = false;

	while (!ended) {
		if (line_came(&ended))
			printf("%u %u\n", sent, received);
		now_us = clock_now_us();
		if (now_us >= next_us) {
			wic_send(wic, packet, rtp_write(packet, PCMA, sent, SSRC));
			sent++;
			next_us += PACKET_US;
			continue;
		}
		if (wic_receive(wic, (int)((next_us - now_us + 999) / 1000), packet) > 0 &&
			(packet[1] & 0x7f) == PCMA)
			received++;
	}
}

int main(int argc, char **argv)
{
	static struct wic wic;

	if (argc != 4)
		die("usage: agw_talk NAMESPACE IP PORT");
	setvbuf(stdout, NULL, _IOLBF, 0);
	setvbuf(stdin, NULL, _IONBF, 0); // what follows the first line is read without stdio
	srtp_init();
	wic_init(&wic, socket_in(argv[1], argv[2], (uint16_t)atoi(argv[3])),
		"SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80");
	self_tell(&wic);
	gateway_read(&wic);
	connect_to_gateway(&wic);
	talk(&wic);
	wic_fini(&wic);
	srtp_shutdown();
	return 0;
}
