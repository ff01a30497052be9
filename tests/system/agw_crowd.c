// SPDX-License-Identifier: Apache-2.0
// The media sides of many browsers in one program: each does ICE, DTLS and SRTP, and sends a packet every so often.
//
// usage: agw_crowd NAMESPACE IP PORT COUNT PACKET_MS     browser I is at PORT + 2 * I
//   prints            UFRAG PASSWORD FINGERPRINT            a line a browser
//   reads a line      I IP PORT UFRAG PASSWORD              of the gateway's description for browser I; prints CONNECTED PROFILE
//   reads ?           prints SENT RECEIVED WORST            of all; WORST: packets missing at the browser that misses most
//   reads - I         browser I ends; prints ENDED; ends itself with its input
#include "agw_iq.h"
#include "clock.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PCMA 8
#define SSRC 287454020

struct browser {
	struct wic wic;
	unsigned sent, received;
	bool is_talking;
};

static struct browser *browsers;
static struct pollfd *fds; // of the browsers, then the input's
static unsigned count;
static uint64_t packet_us;

static void self_tell(const struct wic *wic)
{
	printf("%s %s ", wic->ufrag, wic->pwd);
	for (unsigned i = 0; i < sizeof(wic->fingerprint); i++)
		printf("%s%02X", i ? ":" : "", wic->fingerprint[i]);
	printf("\n");
}

static void connect_to_gateway(struct browser *browser)
{
	struct wic *wic = &browser->wic;
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
	browser->is_talking = true;
	printf("CONNECTED %s\n", wic->profile);
}

static struct browser *browser_of(unsigned i)
{
	if (i >= count)
		die("there is no browser %u", i);
	return &browsers[i];
}

static void gateway_take(const char *line)
{
	char ip[64], ufrag[16], pwd[40];
	struct browser *browser;
	unsigned i, port;

	if (sscanf(line, "%u %63s %u %15s %39s", &i, ip, &port, ufrag, pwd) != 5)
		die("no description of the gateway: I IP PORT UFRAG PASSWORD");
	browser = browser_of(i);
	strcpy(browser->wic.gateway_ufrag, ufrag);
	strcpy(browser->wic.gateway_pwd, pwd);
	address_set(&browser->wic.gateway, &browser->wic.gateway_len, ip, (uint16_t)port);
	connect_to_gateway(browser);
	fds[i].events = POLLIN;
}

static void browser_end(unsigned i)
{
	browser_of(i)->is_talking = false;
	fds[i].events = 0;
	printf("ENDED\n");
}

static void counts_tell(void)
{
	unsigned sent = 0, received = 0, worst = 0;

	for (unsigned i = 0; i < count; i++) {
		const struct browser *browser = &browsers[i];

		sent += browser->sent;
		received += browser->received;
		if (browser->sent - browser->received > worst)
			worst = browser->sent - browser->received;
	}
	printf("%u %u %u\n", sent, received, worst);
}

// False at the end of the input.
static bool line_take(void)
{
	char line[256];

	if (fgets(line, sizeof(line), stdin) == NULL)
		return false;
	if (line[0] == '?') {
		counts_tell();
	} else if (line[0] == '-') {
		browser_end((unsigned)atoi(line + 1));
	} else {
		gateway_take(line);
	}
	return true;
}

// One after the other, evenly over the time of a round: a burst of all would be too much for a socket.
static void packet_send(void)
{
	static unsigned turn;
	struct browser *browser = &browsers[turn++ % count];
	uint8_t packet[2048];

	if (browser->is_talking)
		wic_send(&browser->wic, packet, rtp_write(packet, PCMA, browser->sent++, SSRC));
}

static void packets_take(void)
{
	uint8_t packet[2048];

	for (unsigned i = 0; i < count; i++) {
		if ((fds[i].revents & POLLIN) != 0 &&
			wic_receive(&browsers[i].wic, 0, packet) > 0 && (packet[1] & 0x7f) == PCMA)
			browsers[i].received++;
	}
}

static void talk(void)
{
	uint64_t next_us = clock_now_us(), now_us;
	bool ended = false;

	while (!ended) {
		now_us = clock_now_us();
		// Making a connection takes longer than a round: what fell into it is left out.
		if (next_us + packet_us < now_us)
			next_us = now_us;
		for (; next_us <= now_us; next_us += packet_us / count)
			packet_send();
		if (poll(fds, count + 1, (int)((next_us - now_us + 999) / 1000)) <= 0)
			continue;
		packets_take();
		if (fds[count].revents != 0)
			ended = !line_take();
	}
}

int main(int argc, char **argv)
{
	if (argc != 6)
		die("usage: agw_crowd NAMESPACE IP PORT COUNT PACKET_MS");
	setvbuf(stdout, NULL, _IOLBF, 0);
	setvbuf(stdin, NULL, _IONBF, 0); // so that poll sees what is left
	count = (unsigned)atoi(argv[4]);
	packet_us = (uint64_t)atoi(argv[5]) * 1000;
	browsers = calloc(count, sizeof(*browsers));
	fds = calloc(count + 1, sizeof(*fds));
	if (browsers == NULL || fds == NULL)
		die("no memory");
	srtp_init();
	for (unsigned i = 0; i < count; i++) {
		wic_init(&browsers[i].wic,
			socket_in(argv[1], argv[2], (uint16_t)(atoi(argv[3]) + 2 * i)),
			"SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80");
		// Checks that come before the gateway is known wait in the socket.
		fds[i] = (struct pollfd){.fd = browsers[i].wic.sock};
		self_tell(&browsers[i].wic);
	}
	fds[count] = (struct pollfd){.fd = STDIN_FILENO, .events = POLLIN};
	talk();
	for (unsigned i = 0; i < count; i++)
		wic_fini(&browsers[i].wic);
	srtp_shutdown();
	return 0;
}
