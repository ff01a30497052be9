// SPDX-License-Identifier: Apache-2.0
// The receive-side-scaling key that brings a port's packets to the queue of its shard's worker.
//
// Toeplitz XORs, for every input bit that is set, the 32 bits of the key that begin at that bit's position. With one
// bit set in the key at position base + 39, where base is where the destination port begins in the hash's input, the
// port's bits 7 to 1 land on bits 0 to 6 of the hash (mirrored), bit 0 on bit 7, and no other input bit counts: those
// before are too far away, and nothing follows.
#include "port_device.h"

#include <string.h>

#define KEY_BIT_V4 (8 * (4 + 4 + 2) + 39)
#define KEY_BIT_V6 (8 * (16 + 16 + 2) + 39)

uint8_t port_steer_bucket(uint8_t shard)
{
	uint8_t bucket = 0;

	for (unsigned bit = 0; bit < 7; bit++) {
		if (shard & 1u << bit)
			bucket |= (uint8_t)(1u << (6 - bit));
	}
	return bucket;
}

void port_steer_key(uint8_t key[40], bool v6)
{
	unsigned bit = v6 ? KEY_BIT_V6 : KEY_BIT_V4;

	memset(key, 0, 40);
	key[bit / 8] = (uint8_t)(0x80u >> (bit % 8));
}

// Bit 7 of each 16: a port's bits 7 to 1 land on bits 0 to 6 of the hash whatever multiple of 16 the port begins at.
void port_steer_key_any(uint8_t *key, unsigned len)
{
	for (unsigned i = 0; i < len; i++)
		key[i] = i % 2 == 0 ? 1 : 0;
}
