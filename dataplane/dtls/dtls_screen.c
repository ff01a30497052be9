// SPDX-License-Identifier: Apache-2.0
// What reaches OpenSSL of a peer that isn't authenticated yet. It gives a handshake up at the first thing that is wrong,
// and whoever writes the peer's address on a datagram can send such a thing.
//
// As server we know what a client says, and in which order: a hello, its certificate, key exchange, the certificate's
// proof. The certificate is the peer's secret until it comes, its fingerprint we know: who forges can't come past it.
#include "dtls_priv.h"
#include "wire_dtls.h"

#include <string.h>

#define MESSAGE_MAX 16384 // of a hello or of a chain
#define KEY_EXCHANGE_MAX 1024
#define RANDOM_AT 2 // in a ClientHello, behind the version
#define RANDOM_LEN sizeof(((struct screen *)0)->hello_random)

enum message {
	HELLO = WIRE_DTLS_CLIENT_HELLO,
	SERVER_HELLO = WIRE_DTLS_SERVER_HELLO,
	HELLO_VERIFY = WIRE_DTLS_HELLO_VERIFY_REQUEST,
	SESSION_TICKET = 4,
	CERTIFICATE = WIRE_DTLS_CERTIFICATE,
	SERVER_KEY_EXCHANGE = 12,
	CERTIFICATE_REQUEST = 13,
	HELLO_DONE = 14,
	CERTIFICATE_VERIFY = 15,
	CLIENT_KEY_EXCHANGE = 16,
	CERTIFICATE_STATUS = 22,
};

// What a client may say in the clear: the number that message has, and its longest.
static bool client_says(const struct wire_dtls_handshake *message)
{
	static const struct {
		uint8_t type, seq;
		uint16_t max;
	} says[] = {{HELLO, 0, MESSAGE_MAX}, {CERTIFICATE, 1, MESSAGE_MAX},
		{CLIENT_KEY_EXCHANGE, 2, KEY_EXCHANGE_MAX},
		{CERTIFICATE_VERIFY, 3, KEY_EXCHANGE_MAX}};

	for (unsigned i = 0; i < sizeof(says) / sizeof(says[0]); i++) {
		if (message->type == says[i].type)
			return message->message_seq == says[i].seq && message->len <= says[i].max;
	}
	return false;
}

// And a server: with or without a cookie first, a stapled status, a ticket.
static bool server_says(const struct wire_dtls_handshake *message)
{
	switch (message->type) {
	case SERVER_HELLO:
	case HELLO_VERIFY:
		return message->message_seq <= 1 && message->len <= MESSAGE_MAX;
	case CERTIFICATE:
	case SERVER_KEY_EXCHANGE:
	case CERTIFICATE_REQUEST:
	case HELLO_DONE:
	case SESSION_TICKET:
	case CERTIFICATE_STATUS:
		return message->message_seq <= 8 && message->len <= MESSAGE_MAX;
	default:
		return false;
	}
}

static bool is_whole(const struct wire_dtls_handshake *message)
{
	return message->fragment_len == message->len;
}

static uint32_t load24(const uint8_t *at)
{
	return (uint32_t)at[0] << 16 | (uint32_t)at[1] << 8 | at[2];
}

// RFC 5246 section 7.4.2: the length of the chain, then each certificate behind its own.
static bool certificate_matches(
	const struct assoc *assoc, const struct wire_dtls_handshake *message)
{
	uint32_t len;

	if (message->len < 6)
		return false;
	len = load24(message->body + 3);
	return len <= message->len - 6 && dtls_fingerprint_match(assoc, message->body + 6, len);
}

// Nothing of it, or too little of a hello to know that hello by.
static bool is_scrap(const struct wire_dtls_handshake *message)
{
	if (message->fragment_len == 0 && message->len != 0)
		return true;
	return message->type == HELLO && message->fragment_offset == 0 &&
		message->fragment_len < RANDOM_AT + RANDOM_LEN;
}

// What leaves a gap on both sides is for later, when the peer says it again: so two numbers tell how much has come.
static bool progress_note(struct screen *next, const struct wire_dtls_handshake *message)
{
	uint32_t begin = message->fragment_offset, end = begin + message->fragment_len;

	if (begin > next->front && end + next->back < message->len)
		return false;
	if (begin <= next->front && end > next->front)
		next->front = (uint16_t)end;
	if (end + next->back >= message->len && begin + next->back < message->len)
		next->back = (uint16_t)(message->len - begin);
	if ((uint32_t)next->front + next->back >= message->len) {
		next->next_seq++;
		next->front = next->back = 0;
	}
	return true;
}

static bool client_is_in_order(struct screen *next, const struct wire_dtls_handshake *message)
{
	// Only what comes next, or again: OpenSSL would keep a forged message for later, and drop the real one.
	if (message->message_seq > next->next_seq || is_scrap(message))
		return false;
	if (message->type == HELLO && message->fragment_offset == 0)
		memcpy(next->hello_random, message->body + RANDOM_AT, RANDOM_LEN);
	return message->message_seq < next->next_seq || progress_note(next, message);
}

static enum screen_verdict message_screen(
	const struct assoc *assoc, struct screen *next, const struct wire_dtls_handshake *message)
{
	bool is_client = assoc->role == IQ_DTLS_SERVER; // the peer

	if (is_client ? !client_says(message) : !server_says(message))
		return SCREEN_BAD;
	if (is_client && !client_is_in_order(next, message))
		return SCREEN_BAD;
	// One in pieces isn't looked into: nobody sends so large a chain but with RSA keys.
	if (message->type == CERTIFICATE && is_whole(message) &&
		!certificate_matches(assoc, message))
		return SCREEN_MISMATCH;
	return SCREEN_GOOD;
}

static enum screen_verdict messages_screen(
	const struct assoc *assoc, struct screen *next, const struct wire_dtls_record *record)
{
	struct wire_walk walk = wire_dtls_handshake_walk(record);
	struct wire_dtls_handshake message;
	int ret;

	while ((ret = wire_dtls_handshake_next(&walk, &message)) == 1) {
		enum screen_verdict verdict = message_screen(assoc, next, &message);

		if (verdict != SCREEN_GOOD)
			return verdict;
	}
	return ret == 0 ? SCREEN_GOOD : SCREEN_BAD;
}

static enum screen_verdict record_screen(
	const struct assoc *assoc, struct screen *next, const struct wire_dtls_record *record)
{
	// Ciphertext: what is forged there OpenSSL drops.
	if (record->epoch != 0)
		return SCREEN_GOOD;
	if (record->type == WIRE_DTLS_APPLICATION_DATA)
		return SCREEN_BAD;
	if (record->type == WIRE_DTLS_ALERT)
		return SCREEN_ALERT;
	if (record->type == WIRE_DTLS_HANDSHAKE && assoc->state == ASSOC_HANDSHAKE)
		return messages_screen(assoc, next, record);
	return SCREEN_GOOD;
}

enum screen_verdict dtls_screen(
	const struct assoc *assoc, struct screen *next, const uint8_t *bytes, uint16_t len)
{
	struct wire_walk walk = wire_walk_over(bytes, len);
	struct wire_dtls_record record;
	int ret;

	if (len == 0)
		return SCREEN_BAD;
	// Records that don't fit their datagram are dropped whole (RFC 6347 section 4.1.2.7).
	while ((ret = wire_dtls_next(&walk, &record)) == 1) {
		enum screen_verdict verdict = record_screen(assoc, next, &record);

		if (verdict != SCREEN_GOOD)
			return verdict;
	}
	return ret == 0 ? SCREEN_GOOD : SCREEN_BAD;
}
