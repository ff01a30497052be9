// SPDX-License-Identifier: Apache-2.0
// Big-endian loads and stores at any alignment, and the cursor that the walkers share.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

// A cursor over bytes that belong to the caller: the walkers move at toward end and never past it.
struct wire_walk {
	const uint8_t *at;
	const uint8_t *end;
};

// A cursor over data[0..len); the bytes must outlive it.
static inline struct wire_walk wire_walk_over(const uint8_t *data, size_t len)
{
	return (struct wire_walk){.at = data, .end = data + len};
}

static inline size_t wire_walk_left(const struct wire_walk *walk)
{
	return (size_t)(walk->end - walk->at);
}

static inline uint16_t wire_load16(const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return __builtin_bswap16(v);
}

static inline uint32_t wire_load24(const uint8_t *p)
{
	return (uint32_t)p[0] << 16 | wire_load16(p + 1);
}

static inline uint32_t wire_load32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return __builtin_bswap32(v);
}

static inline uint64_t wire_load48(const uint8_t *p)
{
	return (uint64_t)wire_load16(p) << 32 | wire_load32(p + 2);
}

static inline uint64_t wire_load64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return __builtin_bswap64(v);
}

static inline void wire_store16(uint8_t *p, uint16_t v)
{
	v = __builtin_bswap16(v);
	memcpy(p, &v, sizeof(v));
}

static inline void wire_store24(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 16);
	wire_store16(p + 1, (uint16_t)v);
}

static inline void wire_store32(uint8_t *p, uint32_t v)
{
	v = __builtin_bswap32(v);
	memcpy(p, &v, sizeof(v));
}

static inline void wire_store48(uint8_t *p, uint64_t v)
{
	wire_store16(p, (uint16_t)(v >> 32));
	wire_store32(p + 2, (uint32_t)v);
}

static inline void wire_store64(uint8_t *p, uint64_t v)
{
	v = __builtin_bswap64(v);
	memcpy(p, &v, sizeof(v));
}

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the loads and stores swap bytes");
