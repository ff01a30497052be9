// SPDX-License-Identifier: Apache-2.0
// Calls of rtpengine: offer and answer over its ng protocol (a cookie, then a bencoded dictionary), SDES keys in the SDP.
#include "load.h"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MASTER_LEN 30 // key and salt

struct ng {
	int sock;
	char text[4096]; // the answer
};

static void ng_open(struct ng *ng, const char *ip, uint16_t port)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};

	inet_pton(AF_INET, ip, &to.sin_addr);
	ng->sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (ng->sock < 0 || connect(ng->sock, (struct sockaddr *)&to, sizeof(to)) < 0)
		die("rtpengine's port: %m");
}

static void ng_ask(struct ng *ng, const char *request)
{
	struct pollfd fd = {.fd = ng->sock, .events = POLLIN};
	char text[4096];
	static unsigned cookie;
	int len = snprintf(text, sizeof(text), "c%u %s", ++cookie, request);

	for (unsigned i = 0; i < 5; i++) { // rtpengine answers a repeated cookie again
		ssize_t got;

		if (send(ng->sock, text, (size_t)len, 0) < 0)
			die("rtpengine: %m");
		if (poll(&fd, 1, 1000) <= 0)
			continue;
		got = recv(ng->sock, ng->text, sizeof(ng->text) - 1, 0);
		if (got <= 0)
			continue;
		ng->text[got] = '\0';
		if (strstr(ng->text, "6:result2:ok") == NULL)
			die("rtpengine refuses: %s", ng->text);
		return;
	}
	die("rtpengine doesn't answer");
}

static int sdp_write(char *sdp, size_t room, const char *ip, unsigned port, const char *crypto)
{
	return snprintf(sdp, room,
		"v=0\r\no=- 1 1 IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\nm=audio %u RTP/%s "
		"%u\r\n"
		"a=rtpmap:%u PCMA/8000\r\na=sendrecv\r\n%s",
		ip, ip, port, crypto[0] ? "SAVP" : "AVP", LOAD_PT, LOAD_PT, crypto);
}

// Where the SDP in an answer says that media goes.
static void media_read(const struct ng *ng, const char *ip, struct sockaddr_in *to)
{
	const char *line = strstr(ng->text, "m=audio ");

	*to = (struct sockaddr_in){.sin_family = AF_INET};
	inet_pton(AF_INET, ip, &to->sin_addr);
	if (line == NULL || atoi(line + 8) == 0)
		die("rtpengine's SDP has no audio: %s", ng->text);
	to->sin_port = htons((uint16_t)atoi(line + 8));
}

static void key_read(const struct ng *ng, uint8_t master[MASTER_LEN])
{
	const char *line = strstr(ng->text, "AES_CM_128_HMAC_SHA1_80 inline:");
	uint8_t bytes[33];

	if (line == NULL ||
		EVP_DecodeBlock(bytes, (const uint8_t *)strchr(line, ':') + 1, 40) != 30)
		die("rtpengine's SDP has no key: %s", ng->text);
	memcpy(master, bytes, MASTER_LEN);
}

static void offer(struct ng *ng, unsigned index, const uint8_t master[MASTER_LEN], const char *ip)
{
	char sdp[1024], crypto[256], key[48], request[2048];
	int len;

	EVP_EncodeBlock((uint8_t *)key, master, MASTER_LEN);
	snprintf(crypto, sizeof(crypto), "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:%s\r\n", key);
	len = sdp_write(sdp, sizeof(sdp), ip, LOAD_ACCESS_PORT, crypto);
	snprintf(request, sizeof(request),
		"d7:call-id9:call%05u7:command5:offer9:directionl6:access4:coree8:from-tag5:%05u"
		"3:ICE6:remove3:sdp%d:%s18:transport-protocol7:RTP/AVPe",
		index, index, len, sdp);
	ng_ask(ng, request);
}

static void answer(struct ng *ng, unsigned index, const char *ip)
{
	char sdp[1024], request[2048];
	int len = sdp_write(sdp, sizeof(sdp), ip, LOAD_CORE_PORT, "");

	snprintf(request, sizeof(request),
		"d7:call-id9:call%05u7:command6:answer8:from-tag5:%05u3:ICE6:remove3:sdp%d:%s6:to-"
		"tag6:t%05u"
		"18:transport-protocol8:RTP/SAVPe",
		index, index, len, sdp, index);
	ng_ask(ng, request);
}

void load_rtpengine_add(struct load *load, const char *ng_ip, uint16_t ng_port)
{
	struct ng ng;

	ng_open(&ng, ng_ip, ng_port);
	for (unsigned i = 0; i < load->count; i++) {
		struct load_call *call = &load->calls[i];
		uint8_t tx[MASTER_LEN], rx[MASTER_LEN];

		RAND_bytes(tx, sizeof(tx));
		offer(&ng, i, tx, LOAD_ACCESS_IP);
		media_read(&ng, LOAD_SYSTEM_CORE_IP, &call->to[LOAD_CORE]);
		answer(&ng, i, LOAD_CORE_IP);
		media_read(&ng, ng_ip, &call->to[LOAD_ACCESS]);
		key_read(&ng, rx);
		load_keys(call, tx, rx);
		load->call_of_port[ntohs(call->to[LOAD_ACCESS].sin_port)] = (uint16_t)(i + 1);
		call->is_live = true;
	}
	load_headers(load, 0, load->count);
	close(ng.sock);
}

void load_rtpengine_delete(struct load *load, const char *ng_ip, uint16_t ng_port)
{
	char request[256];
	struct ng ng;

	ng_open(&ng, ng_ip, ng_port);
	for (unsigned i = 0; i < load->count; i++) {
		snprintf(request, sizeof(request),
			"d7:call-id9:call%05u7:command6:delete8:from-tag5:%05ue", i, i);
		ng_ask(&ng, request);
	}
	close(ng.sock);
}
