// SPDX-License-Identifier: Apache-2.0
// Powers of the GCM hash key, in the form of intel-ipsec-mb's tables (control time, plain C).
#include "srtp_priv.h"

#include <string.h>

// An element of GF(2^128) as NIST SP 800-38D writes it: bit 0 is the top bit of hi.
struct element {
	uint64_t hi, lo;
};

static struct element element_load(const uint8_t bytes[16])
{
	struct element e;

	memcpy(&e, bytes, 16);
	return (struct element){__builtin_bswap64(e.hi), __builtin_bswap64(e.lo)};
}

// SP 800-38D 6.3, with masks instead of branches: the operands are secret.
static struct element element_multiply(struct element x, struct element y)
{
	struct element z = {0, 0};

	for (int i = 0; i < 128; i++) {
		uint64_t take = 0 - (i < 64 ? x.hi >> (63 - i) & 1 : x.lo >> (127 - i) & 1);
		uint64_t carry = 0 - (y.lo & 1);

		z.hi ^= y.hi & take;
		z.lo ^= y.lo & take;
		y.lo = y.lo >> 1 | y.hi << 63;
		y.hi = y.hi >> 1 ^ (0xe100000000000000ULL & carry);
	}
	return z;
}

// The table holds the byte-reversed element, shifted left by one and reduced.
static void element_store_shifted(uint8_t out[16], struct element e)
{
	uint64_t carry = 0 - (e.hi >> 63);
	uint64_t hi = (e.hi << 1 | e.lo >> 63) ^ (0xc200000000000000ULL & carry);
	uint64_t lo = e.lo << 1 ^ (1 & carry);

	memcpy(out, &lo, 8);
	memcpy(out + 8, &hi, 8);
}

void srtp_ghash_powers(uint8_t *powers, const uint8_t h[16], unsigned int count)
{
	struct element base = element_load(h);
	struct element power = base;

	for (unsigned int i = count; i-- > 0;) {
		element_store_shifted(powers + 16 * i, power);
		power = element_multiply(power, base);
	}
}
