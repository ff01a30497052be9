// SPDX-License-Identifier: Apache-2.0
// Reads STUN messages: header, then one pass over the attributes, led by a table.
#include "stun_attributes.h"
#include "wire_bytes.h"
#include "wire_stun.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct attribute {
	const uint8_t *value;
	uint16_t type;
	uint16_t len; // without padding
	uint16_t offset; // of the attribute's head in the message
};

struct rule {
	uint16_t type;
	uint16_t min_len;
	uint16_t max_len;
	int (*read)(struct wire_stun *msg, const struct attribute *attr); // NULL: known, not used
};

static int read_username(struct wire_stun *msg, const struct attribute *attr)
{
	if (msg->username)
		return 0;
	msg->username = attr->value;
	msg->username_len = attr->len;
	return 0;
}

static int read_integrity(struct wire_stun *msg, const struct attribute *attr)
{
	msg->integrity_offset = attr->offset;
	return 0;
}

static int read_error(struct wire_stun *msg, const struct attribute *attr)
{
	unsigned hundreds = attr->value[2] & 7, rest = attr->value[3];

	if (hundreds < 3 || hundreds > 6 || rest > 99)
		return -EBADMSG;
	if (msg->error_code)
		return 0;
	msg->error_code = (uint16_t)(hundreds * 100 + rest);
	msg->reason = attr->value + 4;
	msg->reason_len = (uint16_t)(attr->len - 4);
	return 0;
}

static int read_xor_mapped(struct wire_stun *msg, const struct attribute *attr)
{
	uint8_t family = attr->value[1];
	uint8_t len = family == STUN_FAMILY_IPV6 ? 16 : 4;

	if ((family != STUN_FAMILY_IPV4 && family != STUN_FAMILY_IPV6) || attr->len != 4 + len)
		return -EBADMSG;
	if (msg->mapped.len)
		return 0;
	msg->mapped.len = len;
	msg->mapped.port = wire_load16(attr->value + 2) ^ (WIRE_STUN_MAGIC >> 16);
	for (unsigned i = 0; i < len; i++) // the mask is magic and transaction id, side by side
		msg->mapped.bytes[i] = attr->value[4 + i] ^ msg->data[4 + i];
	return 0;
}

static int read_priority(struct wire_stun *msg, const struct attribute *attr)
{
	if (msg->has_priority)
		return 0;
	msg->has_priority = true;
	msg->priority = wire_load32(attr->value);
	return 0;
}

static int read_use_candidate(struct wire_stun *msg, const struct attribute *attr)
{
	(void)attr;
	msg->use_candidate = true;
	return 0;
}

static int read_role(struct wire_stun *msg, const struct attribute *attr)
{
	if (msg->role != WIRE_STUN_ROLE_NONE)
		return 0;
	msg->role =
		attr->type == STUN_ICE_CONTROLLING ? WIRE_STUN_CONTROLLING : WIRE_STUN_CONTROLLED;
	msg->tiebreaker = wire_load64(attr->value);
	return 0;
}

static int read_fingerprint(struct wire_stun *msg, const struct attribute *attr)
{
	uint32_t crc = wire_crc32(msg->data, attr->offset) ^ STUN_FINGERPRINT_XOR;

	// The header's length covers this attribute already, since it is the last one.
	if (attr->offset + 8 != msg->len || wire_load32(attr->value) != crc)
		return -EBADMSG;
	msg->has_fingerprint = true;
	return 0;
}

static const struct rule rules[] = {
	{STUN_USERNAME, 1, WIRE_STUN_USERNAME_MAX, read_username},
	{STUN_PRIORITY, 4, 4, read_priority},
	{STUN_ICE_CONTROLLING, 8, 8, read_role},
	{STUN_ICE_CONTROLLED, 8, 8, read_role},
	{STUN_USE_CANDIDATE, 0, 0, read_use_candidate},
	{STUN_MESSAGE_INTEGRITY, WIRE_STUN_TAG, WIRE_STUN_TAG, read_integrity},
	{STUN_FINGERPRINT, 4, 4, read_fingerprint},
	{STUN_XOR_MAPPED_ADDRESS, 8, 20, read_xor_mapped},
	{STUN_ERROR_CODE, 4, 4 + 763, read_error},
	{STUN_MAPPED_ADDRESS, 0, UINT16_MAX, NULL},
	{STUN_UNKNOWN_ATTRIBUTES, 0, UINT16_MAX, NULL},
	{STUN_REALM, 0, UINT16_MAX, NULL},
	{STUN_NONCE, 0, UINT16_MAX, NULL},
	{STUN_MESSAGE_INTEGRITY_SHA256, 0, UINT16_MAX, NULL},
};

static const struct rule *rule_find(uint16_t type)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		if (rules[i].type == type)
			return &rules[i];
	}
	return NULL;
}

static void unknown_add(struct wire_stun *msg, uint16_t type)
{
	for (unsigned i = 0; i < msg->unknown_count; i++) {
		if (msg->unknown[i] == type)
			return;
	}
	if (msg->unknown_count < WIRE_STUN_UNKNOWN_MAX)
		msg->unknown[msg->unknown_count++] = type;
}

static int attribute_read(struct wire_stun *msg, const struct attribute *attr)
{
	const struct rule *rule;

	if (msg->integrity_offset && attr->type != STUN_FINGERPRINT)
		return 0; // not covered by the integrity check, RFC 8489 14.5
	rule = rule_find(attr->type);
	if (!rule) {
		if (!(attr->type & STUN_OPTIONAL))
			unknown_add(msg, attr->type);
		return 0;
	}
	if (attr->len < rule->min_len || attr->len > rule->max_len)
		return -EBADMSG;
	return rule->read ? rule->read(msg, attr) : 0;
}

static int attributes_read(struct wire_stun *msg)
{
	size_t offset = WIRE_STUN_HEADER;
	struct attribute attr;
	int ret;

	while (offset < msg->len) {
		// Message and attributes are multiples of four, so a whole head is there.
		attr.value = msg->data + offset + STUN_ATTRIBUTE_HEAD;
		attr.type = wire_load16(msg->data + offset);
		attr.len = wire_load16(msg->data + offset + 2);
		attr.offset = (uint16_t)offset;
		offset += STUN_ATTRIBUTE_HEAD + ((attr.len + 3u) & ~3u);
		if (offset > msg->len)
			return -EBADMSG;
		ret = attribute_read(msg, &attr);
		if (ret < 0)
			return ret;
	}
	return 0;
}

int wire_stun_parse(struct wire_stun *msg, const uint8_t *data, size_t len)
{
	struct wire_stun parsed = {.data = data};
	uint16_t type;
	int ret;

	if (len < WIRE_STUN_HEADER || len > UINT16_MAX)
		return -EBADMSG;
	type = wire_load16(data);
	if (type & 0xc000 || wire_load32(data + 4) != WIRE_STUN_MAGIC)
		return -EBADMSG;
	if (len % 4 || WIRE_STUN_HEADER + (size_t)wire_load16(data + 2) != len)
		return -EBADMSG;
	parsed.len = (uint16_t)len;
	parsed.txid = data + 8;
	// Two class bits sit between the method's bits, RFC 8489 5.
	parsed.class = (uint8_t)((type >> 7 & 2) | (type >> 4 & 1));
	parsed.method = (type & 0xf) | (type >> 1 & 0x70) | (type >> 2 & 0xf80);
	ret = attributes_read(&parsed);
	if (ret < 0)
		return ret;
	*msg = parsed;
	return 0;
}

int wire_stun_integrity_input(const struct wire_stun *msg, struct wire_stun_mac *mac)
{
	uint16_t offset = msg->integrity_offset;

	if (!offset)
		return -ENOENT;
	memcpy(mac->head, msg->data, WIRE_STUN_HEADER);
	wire_store16(mac->head + 2,
		(uint16_t)(offset + STUN_ATTRIBUTE_HEAD + WIRE_STUN_TAG - WIRE_STUN_HEADER));
	mac->body = msg->data + WIRE_STUN_HEADER;
	mac->body_len = (size_t)offset - WIRE_STUN_HEADER;
	mac->tag = msg->data + offset + STUN_ATTRIBUTE_HEAD;
	return 0;
}
