// SPDX-License-Identifier: Apache-2.0
// The clear outside of DTLS 1.2 (RFC 6347 4.1, 4.2.2): records of a datagram, handshake headers.
#pragma once

#include "wire_bytes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WIRE_DTLS_10 0xfeff // also what a ClientHello of DTLS 1.2 carries
#define WIRE_DTLS_12 0xfefd

enum wire_dtls_type {
	WIRE_DTLS_CHANGE_CIPHER_SPEC = 20,
	WIRE_DTLS_ALERT = 21,
	WIRE_DTLS_HANDSHAKE = 22,
	WIRE_DTLS_APPLICATION_DATA = 23,
};

enum wire_dtls_message {
	WIRE_DTLS_CLIENT_HELLO = 1,
	WIRE_DTLS_SERVER_HELLO = 2,
	WIRE_DTLS_HELLO_VERIFY_REQUEST = 3,
	WIRE_DTLS_CERTIFICATE = 11,
	WIRE_DTLS_FINISHED = 20,
};

// One record; body leads into the datagram.
struct wire_dtls_record {
	const uint8_t *body;
	uint64_t seq; // 48 bits, within the epoch
	uint16_t len; // of body
	uint16_t epoch;
	uint16_t version;
	uint8_t type;
};

// One handshake message or a fragment of one.
struct wire_dtls_handshake {
	const uint8_t *body; // fragment_len bytes
	uint32_t len; // of the whole message
	uint32_t fragment_offset;
	uint32_t fragment_len;
	uint16_t message_seq;
	uint8_t type;
};

// The next record of a datagram: 1, 0 at the end, -EBADMSG when its head is cut, of an unknown type
// or version, or its length exceeds the datagram or 2^14 + 2048. Records of DTLS 1.3 with the short
// head are -EBADMSG too.
int wire_dtls_next(struct wire_walk *walk, struct wire_dtls_record *record);

// A cursor over a record's handshake messages; empty unless it is a handshake record of epoch 0
// (later ones are ciphertext).
struct wire_walk wire_dtls_handshake_walk(const struct wire_dtls_record *record);

// The next handshake message or fragment of that record: 1, 0 at the end, -EBADMSG when it is cut or
// the fragment lies outside its message.
int wire_dtls_handshake_next(struct wire_walk *walk, struct wire_dtls_handshake *handshake);

// Whether a datagram starts with a ClientHello or a fragment of one.
bool wire_dtls_is_client_hello(const uint8_t *data, size_t len);
