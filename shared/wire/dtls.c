// SPDX-License-Identifier: Apache-2.0
// Walks the records of a DTLS datagram and the handshake messages of its clear records.
#include "wire_dtls.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RECORD_HEAD 13
#define RECORD_MAX ((1 << 14) + 2048) // ciphertext, RFC 5246 6.2.3
#define HANDSHAKE_HEAD 12

static bool is_record(const struct wire_dtls_record *record)
{
	return record->type >= WIRE_DTLS_CHANGE_CIPHER_SPEC &&
		record->type <= WIRE_DTLS_APPLICATION_DATA &&
		(record->version == WIRE_DTLS_10 || record->version == WIRE_DTLS_12) &&
		record->len <= RECORD_MAX;
}

int wire_dtls_next(struct wire_walk *walk, struct wire_dtls_record *record)
{
	struct wire_dtls_record found;

	if (walk->at == walk->end)
		return 0;
	if (wire_walk_left(walk) < RECORD_HEAD)
		return -EBADMSG;
	found.type = walk->at[0];
	found.version = wire_load16(walk->at + 1);
	found.epoch = wire_load16(walk->at + 3);
	found.seq = wire_load48(walk->at + 5);
	found.len = wire_load16(walk->at + 11);
	found.body = walk->at + RECORD_HEAD;
	if (!is_record(&found) || wire_walk_left(walk) - RECORD_HEAD < found.len)
		return -EBADMSG;
	walk->at = found.body + found.len;
	*record = found;
	return 1;
}

struct wire_walk wire_dtls_handshake_walk(const struct wire_dtls_record *record)
{
	bool clear = record->type == WIRE_DTLS_HANDSHAKE && record->epoch == 0;

	return wire_walk_over(record->body, clear ? record->len : 0);
}

int wire_dtls_handshake_next(struct wire_walk *walk, struct wire_dtls_handshake *handshake)
{
	struct wire_dtls_handshake found;

	if (walk->at == walk->end)
		return 0;
	if (wire_walk_left(walk) < HANDSHAKE_HEAD)
		return -EBADMSG;
	found.type = walk->at[0];
	found.len = wire_load24(walk->at + 1);
	found.message_seq = wire_load16(walk->at + 4);
	found.fragment_offset = wire_load24(walk->at + 6);
	found.fragment_len = wire_load24(walk->at + 9);
	found.body = walk->at + HANDSHAKE_HEAD;
	if (found.fragment_offset + found.fragment_len > found.len) // 24 bits each: no overflow
		return -EBADMSG;
	if (wire_walk_left(walk) - HANDSHAKE_HEAD < found.fragment_len)
		return -EBADMSG;
	walk->at = found.body + found.fragment_len;
	*handshake = found;
	return 1;
}

bool wire_dtls_is_client_hello(const uint8_t *data, size_t len)
{
	struct wire_walk walk = wire_walk_over(data, len);
	struct wire_dtls_handshake handshake;
	struct wire_dtls_record record;

	if (wire_dtls_next(&walk, &record) != 1)
		return false;
	walk = wire_dtls_handshake_walk(&record);
	return wire_dtls_handshake_next(&walk, &handshake) == 1 &&
		handshake.type == WIRE_DTLS_CLIENT_HELLO;
}
