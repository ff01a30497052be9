// SPDX-License-Identifier: Apache-2.0
// STUN messages as ICE uses them (RFC 8489, RFC 8445): one parser, one writer, no keys, no memory.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WIRE_STUN_MAGIC 0x2112A442u
#define WIRE_STUN_HEADER 20
#define WIRE_STUN_TXID 12
#define WIRE_STUN_TAG 20 // HMAC-SHA1
#define WIRE_STUN_BINDING 0x001
#define WIRE_STUN_UNKNOWN_MAX 16
#define WIRE_STUN_USERNAME_MAX 513 // two ufrags of 256 and a colon, RFC 8839 5.4

enum wire_stun_class {
	WIRE_STUN_REQUEST = 0,
	WIRE_STUN_INDICATION = 1,
	WIRE_STUN_SUCCESS = 2,
	WIRE_STUN_ERROR = 3,
};

enum wire_stun_role {
	WIRE_STUN_ROLE_NONE = 0,
	WIRE_STUN_CONTROLLING,
	WIRE_STUN_CONTROLLED,
};

// A transport address: len is 4 (IPv4), 16 (IPv6) or 0 (none); bytes are in network order, the port
// is a number.
struct wire_addr {
	uint8_t bytes[16];
	uint16_t port;
	uint8_t len;
};

// What a message says. Pointers lead into the parsed bytes, which must outlive it. Where an
// attribute comes twice the first one counts (RFC 8489 14).
struct wire_stun {
	const uint8_t *data;
	const uint8_t *txid; // WIRE_STUN_TXID bytes
	const uint8_t *username; // NULL: absent; not NUL-terminated
	const uint8_t *reason; // of the error; NULL: absent
	uint64_t tiebreaker; // of the role
	uint32_t priority; // valid when has_priority
	uint16_t len; // whole message
	uint16_t method; // WIRE_STUN_BINDING or another
	uint16_t username_len;
	uint16_t reason_len;
	uint16_t error_code; // 300 to 699; 0: absent
	uint16_t integrity_offset; // of the MESSAGE-INTEGRITY attribute; 0: absent
	uint16_t
		unknown_count; // comprehension-required attributes that this parser has no rule for
	uint16_t unknown[WIRE_STUN_UNKNOWN_MAX]; // the first of them, no doubles
	struct wire_addr mapped; // XOR-MAPPED-ADDRESS, plain
	uint8_t class; // enum wire_stun_class
	uint8_t role; // enum wire_stun_role
	bool has_priority;
	bool use_candidate;
	bool has_fingerprint; // present and right
};

// The bytes that MESSAGE-INTEGRITY covers, in two pieces: head, then body (RFC 8489 14.5).
struct wire_stun_mac {
	uint8_t head[WIRE_STUN_HEADER]; // with the length as if the message ended after the tag
	const uint8_t *body;
	size_t body_len;
	const uint8_t *tag; // WIRE_STUN_TAG bytes as received
};

// A message under construction in a caller's buffer. The adders return nothing: a buffer that is
// too small is reported once, by the finishing call.
struct wire_stun_writer {
	uint8_t *data;
	size_t cap;
	size_t len;
	bool overflow;
};

// Reads one message that fills data[0..len) exactly. 0, or -EBADMSG for: a wrong header or length,
// an attribute that overruns or has the wrong size for its type, a FINGERPRINT that is wrong or not
// last. Attributes after MESSAGE-INTEGRITY other than FINGERPRINT are skipped. Authenticates
// nothing. msg is written only on success. RFC 8489 5, 6.3, 14.
int wire_stun_parse(struct wire_stun *msg, const uint8_t *data, size_t len);

// What to run HMAC-SHA1 over to check msg: 0, or -ENOENT when it has no MESSAGE-INTEGRITY.
int wire_stun_integrity_input(const struct wire_stun *msg, struct wire_stun_mac *mac);

// Start a message: both, in this order; txid is WIRE_STUN_TXID bytes.
void wire_stun_begin(struct wire_stun_writer *w, uint8_t *buf, size_t cap);
void wire_stun_header(struct wire_stun_writer *w, enum wire_stun_class class, uint16_t method,
	const uint8_t *txid);

void wire_stun_add_username(struct wire_stun_writer *w, const void *username, size_t len);
void wire_stun_add_priority(struct wire_stun_writer *w, uint32_t priority);
void wire_stun_add_role(struct wire_stun_writer *w, enum wire_stun_role role, uint64_t tiebreaker);
void wire_stun_add_use_candidate(struct wire_stun_writer *w);
void wire_stun_add_xor_mapped(struct wire_stun_writer *w, const struct wire_addr *addr);
// code is 300 to 699, reason a string in UTF-8.
void wire_stun_add_error(struct wire_stun_writer *w, unsigned code, const char *reason);
void wire_stun_add_unknown(struct wire_stun_writer *w, const uint16_t *types, size_t count);
void wire_stun_add_software(struct wire_stun_writer *w, const char *name);

// Appends an empty MESSAGE-INTEGRITY and sets the header's length for it. Returns where the
// WIRE_STUN_TAG bytes of HMAC-SHA1(key, buf[0..*covered_len)) go, or NULL when the buffer is full.
// Nothing but the FINGERPRINT may be added afterwards.
uint8_t *wire_stun_reserve_integrity(struct wire_stun_writer *w, size_t *covered_len);

// Appends FINGERPRINT, after the tag was written. The message's length, or -ENOBUFS.
int wire_stun_finish_fingerprint(struct wire_stun_writer *w);

// Ends a message without FINGERPRINT. The message's length, or -ENOBUFS.
int wire_stun_finish(struct wire_stun_writer *w);

// CRC-32/ISO-HDLC (reflected 0x04C11DB7, as in zlib) of data[0..len).
uint32_t wire_crc32(const uint8_t *data, size_t len);
