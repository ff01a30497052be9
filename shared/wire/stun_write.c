// SPDX-License-Identifier: Apache-2.0
// Writes STUN messages into a caller's buffer; a lack of room is remembered until the end.
#include "stun_attributes.h"
#include "wire_bytes.h"
#include "wire_stun.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

// Room for one attribute: head written, padding zeroed; NULL when it doesn't fit.
static uint8_t *attribute_add(struct wire_stun_writer *w, uint16_t type, size_t len)
{
	size_t padded = (len + 3) & ~(size_t)3;
	uint8_t *head;

	if (w->overflow || len > UINT16_MAX - 3 || w->cap - w->len < STUN_ATTRIBUTE_HEAD + padded ||
		w->len + STUN_ATTRIBUTE_HEAD + padded > UINT16_MAX) {
		w->overflow = true;
		return NULL;
	}
	head = w->data + w->len;
	wire_store16(head, type);
	wire_store16(head + 2, (uint16_t)len);
	memset(head + STUN_ATTRIBUTE_HEAD + len, 0, padded - len);
	w->len += STUN_ATTRIBUTE_HEAD + padded;
	return head + STUN_ATTRIBUTE_HEAD;
}

static void bytes_add(struct wire_stun_writer *w, uint16_t type, const void *bytes, size_t len)
{
	uint8_t *value = attribute_add(w, type, len);

	if (value && len)
		memcpy(value, bytes, len);
}

static void length_set(struct wire_stun_writer *w)
{
	wire_store16(w->data + 2, (uint16_t)(w->len - WIRE_STUN_HEADER));
}

void wire_stun_begin(struct wire_stun_writer *w, uint8_t *buf, size_t cap)
{
	*w = (struct wire_stun_writer){.data = buf, .cap = cap};
}

void wire_stun_header(struct wire_stun_writer *w, enum wire_stun_class class, uint16_t method,
	const uint8_t *txid)
{
	unsigned type = (method & 0xfu) | (method & 0x70u) << 1 | (method & 0xf80u) << 2 |
		((unsigned)class & 1) << 4 | ((unsigned)class & 2) << 7;

	assert(w->len == 0 && method <= 0xfff);
	if (w->cap < WIRE_STUN_HEADER) {
		w->overflow = true;
		return;
	}
	wire_store16(w->data, (uint16_t)type);
	wire_store16(w->data + 2, 0);
	wire_store32(w->data + 4, WIRE_STUN_MAGIC);
	memcpy(w->data + 8, txid, WIRE_STUN_TXID);
	w->len = WIRE_STUN_HEADER;
}

void wire_stun_add_username(struct wire_stun_writer *w, const void *username, size_t len)
{
	bytes_add(w, STUN_USERNAME, username, len);
}

void wire_stun_add_priority(struct wire_stun_writer *w, uint32_t priority)
{
	uint8_t value[4];

	wire_store32(value, priority);
	bytes_add(w, STUN_PRIORITY, value, sizeof(value));
}

void wire_stun_add_role(struct wire_stun_writer *w, enum wire_stun_role role, uint64_t tiebreaker)
{
	uint8_t value[8];

	assert(role != WIRE_STUN_ROLE_NONE);
	wire_store64(value, tiebreaker);
	bytes_add(w, role == WIRE_STUN_CONTROLLING ? STUN_ICE_CONTROLLING : STUN_ICE_CONTROLLED,
		value, sizeof(value));
}

void wire_stun_add_use_candidate(struct wire_stun_writer *w)
{
	attribute_add(w, STUN_USE_CANDIDATE, 0);
}

void wire_stun_add_xor_mapped(struct wire_stun_writer *w, const struct wire_addr *addr)
{
	uint8_t *value;

	assert(addr->len == 4 || addr->len == 16);
	value = attribute_add(w, STUN_XOR_MAPPED_ADDRESS, 4u + addr->len);
	if (!value)
		return;
	value[0] = 0;
	value[1] = addr->len == 16 ? STUN_FAMILY_IPV6 : STUN_FAMILY_IPV4;
	wire_store16(value + 2, addr->port ^ (WIRE_STUN_MAGIC >> 16));
	for (unsigned i = 0; i < addr->len;
		i++) // the mask is magic and transaction id, side by side
		value[4 + i] = addr->bytes[i] ^ w->data[4 + i];
}

void wire_stun_add_error(struct wire_stun_writer *w, unsigned code, const char *reason)
{
	size_t len = strlen(reason);
	uint8_t *value;

	assert(code >= 300 && code <= 699);
	value = attribute_add(w, STUN_ERROR_CODE, 4 + len);
	if (!value)
		return;
	wire_store16(value, 0);
	value[2] = (uint8_t)(code / 100);
	value[3] = (uint8_t)(code % 100);
	memcpy(value + 4, reason, len);
}

void wire_stun_add_unknown(struct wire_stun_writer *w, const uint16_t *types, size_t count)
{
	uint8_t *value = attribute_add(w, STUN_UNKNOWN_ATTRIBUTES, 2 * count);

	for (size_t i = 0; value && i < count; i++)
		wire_store16(value + 2 * i, types[i]);
}

void wire_stun_add_software(struct wire_stun_writer *w, const char *name)
{
	bytes_add(w, STUN_SOFTWARE, name, strlen(name));
}

uint8_t *wire_stun_reserve_integrity(struct wire_stun_writer *w, size_t *covered_len)
{
	size_t covered = w->len;
	uint8_t *tag = attribute_add(w, STUN_MESSAGE_INTEGRITY, WIRE_STUN_TAG);

	if (!tag)
		return NULL;
	length_set(w);
	*covered_len = covered;
	return tag;
}

int wire_stun_finish_fingerprint(struct wire_stun_writer *w)
{
	size_t covered = w->len;
	uint8_t *value = attribute_add(w, STUN_FINGERPRINT, 4);

	if (!value)
		return -ENOBUFS;
	length_set(w);
	wire_store32(value, wire_crc32(w->data, covered) ^ STUN_FINGERPRINT_XOR);
	return (int)w->len;
}

int wire_stun_finish(struct wire_stun_writer *w)
{
	if (w->overflow)
		return -ENOBUFS;
	length_set(w);
	return (int)w->len;
}
