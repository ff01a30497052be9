// SPDX-License-Identifier: Apache-2.0
// Calls, their packets, and the two sockets.
#include "load.h"

#include "clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SOCKET_BYTES (64 << 20)
#define ROOM 1536 // of a datagram
#define RTP_HEADER 12
#define RTP_LEN (RTP_HEADER + LOAD_PAYLOAD)
#define SRTP_LEN (RTP_LEN + 10)

_Noreturn void die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fprintf(stderr, "load: ");
	vfprintf(stderr, fmt, ap);
	fprintf(stderr, "\n");
	va_end(ap);
	exit(1);
}

// The links of bed.py.
static const struct {
	const char *device, *ip;
	uint8_t self[ETH_ALEN], system[ETH_ALEN];
	uint16_t port;
} links[LOAD_SIDES] = {
	{"acc-peer", LOAD_ACCESS_IP, {2, 0, 0, 0, 1, 2}, {2, 0, 0, 0, 1, 10}, LOAD_ACCESS_PORT},
	{"core-peer", LOAD_CORE_IP, {2, 0, 0, 0, 2, 2}, {2, 0, 0, 0, 2, 10}, LOAD_CORE_PORT},
};

int load_socket(const char *ip, uint16_t port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
	int sock = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int bytes = SOCKET_BYTES;

	inet_pton(AF_INET, ip, &address.sin_addr);
	if (sock < 0 || setsockopt(sock, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) < 0 ||
		bind(sock, (struct sockaddr *)&address, sizeof(address)) < 0)
		die("socket at %s port %u: %m", ip, port);
	return sock;
}

// Past the queueing discipline, straight to the device; it hears nothing.
static void raw_open(struct load *load, enum load_side side)
{
	struct sockaddr_ll address = {
		.sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex(links[side].device)};
	int sock = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int bytes = SOCKET_BYTES, on = 1;

	if (sock < 0 || setsockopt(sock, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof(bytes)) < 0 ||
		setsockopt(sock, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof(on)) < 0 ||
		bind(sock, (struct sockaddr *)&address, sizeof(address)) < 0)
		die("packet socket on %s: %m", links[side].device);
	load->raw[side] = sock;
}

void load_init(struct load *load, unsigned calls)
{
	memset(load, 0, sizeof(*load));
	load->calls = aligned_alloc(64, calls * sizeof(struct load_call));
	load->srtp = srtp_ctx_create(SRTP_ARCH_AUTO);
	if (calls == 0 || calls > UINT16_MAX || load->calls == NULL || load->srtp == NULL)
		die("%u calls: no memory, or no SRTP on this processor", calls);
	memset(load->calls, 0, calls * sizeof(struct load_call));
	load->count = calls;
	for (unsigned side = 0; side < LOAD_SIDES; side++) {
		load->sock[side] = load_socket(links[side].ip, links[side].port);
		inet_pton(AF_INET, links[side].ip, &load->self[side]);
		raw_open(load, side);
	}
}

void load_fini(struct load *load)
{
	for (unsigned side = 0; side < LOAD_SIDES; side++) {
		close(load->sock[side]);
		close(load->raw[side]);
	}
	srtp_ctx_destroy(load->srtp);
	explicit_bzero(load->calls, load->count * sizeof(struct load_call));
	free(load->calls);
}

void load_keys(struct load_call *call, const uint8_t *tx, const uint8_t *rx)
{
	const enum srtp_suite suite = SRTP_SUITE_AES128_CM_SHA1_80;

	if (srtp_key_init(&call->tx_key, suite, tx, 16, tx + 16, 14) < 0 ||
		srtp_key_init(&call->rx_key, suite, rx, 16, rx + 16, 14) < 0)
		die("no SRTP keys");
	memset(&call->tx_index, 0, sizeof(call->tx_index));
	memset(&call->rx_index, 0, sizeof(call->rx_index));
}

static void put32(uint8_t *at, uint32_t value)
{
	value = htonl(value);
	memcpy(at, &value, 4);
}

static uint32_t get32(const uint8_t *at)
{
	uint32_t value;

	memcpy(&value, at, 4);
	return ntohl(value);
}

static uint16_t ip_checksum(const struct iphdr *ip)
{
	uint16_t words[sizeof(*ip) / 2];
	uint32_t sum = 0;

	memcpy(words, ip, sizeof(words));
	for (unsigned i = 0; i < sizeof(*ip) / 2; i++)
		sum += words[i];
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t) ~(sum + (sum >> 16));
}

// Without a UDP checksum, as IPv4 allows: a NIC would have verified it.
static void headers_write(const struct load *load, struct load_call *call, enum load_side side)
{
	uint16_t len = side == LOAD_ACCESS ? SRTP_LEN : RTP_LEN;
	struct ether_header eth = {.ether_type = htons(ETHERTYPE_IP)};
	struct iphdr ip = {.version = 4,
		.ihl = 5,
		.ttl = 64,
		.protocol = IPPROTO_UDP,
		.frag_off = htons(IP_DF),
		.tot_len = htons((uint16_t)(len + 28)),
		.saddr = load->self[side].s_addr,
		.daddr = call->to[side].sin_addr.s_addr};
	struct udphdr udp = {.source = htons(links[side].port),
		.dest = call->to[side].sin_port,
		.len = htons((uint16_t)(len + 8))};

	memcpy(eth.ether_dhost, links[side].system, ETH_ALEN);
	memcpy(eth.ether_shost, links[side].self, ETH_ALEN);
	ip.check = ip_checksum(&ip);
	memcpy(call->headers[side], &eth, sizeof(eth));
	memcpy(call->headers[side] + 14, &ip, sizeof(ip));
	memcpy(call->headers[side] + 34, &udp, sizeof(udp));
}

void load_headers(struct load *load, unsigned first, unsigned n)
{
	for (unsigned i = first; i < first + n; i++) {
		headers_write(load, &load->calls[i], LOAD_ACCESS);
		headers_write(load, &load->calls[i], LOAD_CORE);
	}
}

// The payload says whose it is and which.
void load_write(struct load *load, unsigned index, enum load_side side, uint8_t *slot)
{
	struct load_call *call = &load->calls[index];
	uint32_t n = call->sent[side]++;
	uint16_t seq = htons((uint16_t)(n + 1000));

	memcpy(slot, call->headers[side], LOAD_HEADERS);
	slot += LOAD_HEADERS;
	slot[0] = 0x80;
	slot[1] = LOAD_PT;
	memcpy(slot + 2, &seq, 2);
	put32(slot + 4, n * LOAD_PAYLOAD);
	put32(slot + 8, (side == LOAD_ACCESS ? 0x10000000u : 0x20000000u) + index);
	put32(slot + 12, index);
	put32(slot + 16, n);
	memset(slot + 20, (int)(n + index), LOAD_PAYLOAD - 8);
}

void load_prepare(
	struct load *load, const uint16_t *calls, unsigned n, enum load_side side, uint8_t *slots)
{
	struct srtp_item items[LOAD_BURST];

	for (unsigned first = 0; first < n; first += LOAD_BURST) {
		unsigned count = n - first < LOAD_BURST ? n - first : LOAD_BURST;

		for (unsigned i = 0; i < count; i++) {
			struct load_call *call = &load->calls[calls[first + i]];
			uint8_t *slot = slots + (size_t)(first + i) * LOAD_SLOT;

			load_write(load, calls[first + i], side, slot);
			items[i] = (struct srtp_item){.data = slot + LOAD_HEADERS,
				.key = &call->tx_key,
				.index = &call->tx_index,
				.len = RTP_LEN,
				.room = LOAD_SLOT - LOAD_HEADERS};
		}
		if (side == LOAD_ACCESS &&
			srtp_protect_burst(load->srtp, items, (uint16_t)count) != count)
			die("a packet could not be protected");
	}
}

void load_send(struct load *load, unsigned n, enum load_side side, const uint8_t *slots)
{
	struct mmsghdr messages[LOAD_BURST];
	struct iovec parts[LOAD_BURST];
	unsigned done = 0;

	for (unsigned i = 0; i < n; i++) {
		parts[i] = (struct iovec){.iov_base = (void *)(slots + (size_t)i * LOAD_SLOT),
			.iov_len = LOAD_HEADERS + (side == LOAD_ACCESS ? SRTP_LEN : RTP_LEN)};
		messages[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i], .msg_iovlen = 1};
	}
	while (done < n) {
		int sent = sendmmsg(load->raw[side], messages + done, n - done, 0);

		if (sent > 0)
			done += (unsigned)sent;
		else if (errno != EAGAIN && errno != ENOBUFS && errno != EINTR)
			die("send: %s", strerror(errno));
	}
}

// What a side sent came out at the other, whole and in order; a gap is a loss.
static bool is_right(
	struct load *load, unsigned index, enum load_side from, uint8_t *packet, int len)
{
	struct load_call *call = &load->calls[index];
	struct srtp_item item = {.data = packet,
		.key = &call->rx_key,
		.index = &call->rx_index,
		.len = (uint16_t)len,
		.room = ROOM};
	uint32_t n;

	if (from == LOAD_CORE && srtp_unprotect_burst(load->srtp, &item, 1) != 1)
		return false;
	if (item.len != RTP_LEN || (packet[1] & 0x7f) != LOAD_PT || get32(packet + 12) != index)
		return false;
	n = get32(packet + 16);
	if (n < call->arrived[from] || n >= call->sent[from] ||
		packet[RTP_LEN - 1] != (uint8_t)(n + index) || packet[20] != (uint8_t)(n + index))
		return false;
	load->missed += n - call->arrived[from];
	call->arrived[from] = n + 1;
	return true;
}

static void rtp_take(
	struct load *load, enum load_side from, uint8_t *packet, int len, unsigned index)
{
	if (packet[1] >= 192 && packet[1] <= 223) {
		load->rtcp++;
		return;
	}
	if (len == (from == LOAD_ACCESS ? RTP_LEN : SRTP_LEN))
		load->received[from]++;
	else
		load->wrong++;
	if (load->is_checked && !is_right(load, index, from, packet, len))
		load->wrong++;
}

static void take(struct load *load, enum load_side at, uint8_t *packet, int len,
	const struct sockaddr_in *from)
{
	enum load_side sender = at == LOAD_ACCESS ? LOAD_CORE : LOAD_ACCESS;
	unsigned index = len < 20 ? load->count : get32(packet + 12);

	if (at == LOAD_ACCESS)
		index = (unsigned)load->call_of_port[ntohs(from->sin_port)] - 1;
	if (len < RTP_HEADER || index >= load->count)
		return; // of a call that is gone
	if (packet[0] >= 128)
		rtp_take(load, sender, packet, len, index);
	else if (at == LOAD_ACCESS)
		load_wic_take(load, index, packet, (size_t)len, from);
}

struct inbox {
	uint8_t bytes[LOAD_BURST][ROOM];
	struct sockaddr_in from[LOAD_BURST];
	struct iovec parts[LOAD_BURST];
	struct mmsghdr messages[LOAD_BURST];
};

static void inbox_init(struct inbox *inbox)
{
	for (unsigned i = 0; i < LOAD_BURST; i++) {
		inbox->parts[i] = (struct iovec){.iov_base = inbox->bytes[i], .iov_len = ROOM};
		inbox->messages[i].msg_hdr = (struct msghdr){.msg_iov = &inbox->parts[i],
			.msg_iovlen = 1,
			.msg_name = &inbox->from[i],
			.msg_namelen = sizeof(inbox->from[i])};
	}
}

static unsigned side_receive(struct load *load, enum load_side at)
{
	static struct inbox inbox;
	int n;

	if (inbox.parts[0].iov_base == NULL)
		inbox_init(&inbox);
	n = recvmmsg(load->sock[at], inbox.messages, LOAD_BURST, MSG_DONTWAIT, NULL);
	for (int i = 0; i < n; i++)
		take(load, at, inbox.bytes[i], (int)inbox.messages[i].msg_len, &inbox.from[i]);
	return n > 0 ? (unsigned)n : 0;
}

unsigned load_receive(struct load *load)
{
	unsigned n = side_receive(load, LOAD_ACCESS);

	return n + side_receive(load, LOAD_CORE);
}

void load_drain(struct load *load, unsigned quiet_ms)
{
	uint64_t since = clock_now_us(), seen = 0;
	struct pollfd fds[LOAD_SIDES] = {{load->sock[0], POLLIN, 0}, {load->sock[1], POLLIN, 0}};

	while (clock_now_us() - since < quiet_ms * 1000u) {
		if (load_receive(load) == 0)
			poll(fds, LOAD_SIDES, 1);
		if (load->received[0] + load->received[1] != seen) {
			seen = load->received[0] + load->received[1];
			since = clock_now_us();
		}
		if (load->turn != NULL)
			load->turn(load);
	}
}

uint64_t load_memory_of(const char *pid)
{
	char path[64], line[256];
	unsigned long long kb, sum = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%s/status", pid);
	file = fopen(path, "r");
	while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
		if (sscanf(line, "VmRSS: %llu", &kb) == 1 ||
			sscanf(line, "HugetlbPages: %llu", &kb) == 1)
			sum += kb * 1024;
	}
	if (file != NULL)
		fclose(file);
	return sum;
}
