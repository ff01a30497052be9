// SPDX-License-Identifier: Apache-2.0
// Randomness of the kernel's generator for contexts and shards.
#include "seed.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#define UFRAG_LEN 8 // 48 bits, RFC 8445 wants 24
#define PWD_LEN 24 // 144 bits, RFC 8445 wants 128
#define CNAME_LEN 16 // 96 bits, RFC 7022 section 4.2

static int bytes_draw(void *bytes, size_t len)
{
	ssize_t got = getrandom(bytes, len, 0);

	// Up to 256 bytes come whole, unless a signal interrupts the wait for the first ones.
	return got == (ssize_t)len ? 0 : -EAGAIN;
}

// Characters of ICE (RFC 8445 section 5.3: letters, digits, + and /), six bits each.
static int text_draw(char *text, size_t len)
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint8_t bytes[32];
	int ret = bytes_draw(bytes, len);

	if (ret < 0)
		return ret;
	for (size_t i = 0; i < len; i++)
		text[i] = alphabet[bytes[i] & 63];
	text[len] = '\0';
	explicit_bzero(bytes, sizeof(bytes));
	return 0;
}

static bool ssrcs_are_distinct(const uint32_t *ssrc, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		for (unsigned k = 0; k < i; k++) {
			if (ssrc[i] == ssrc[k])
				return false;
		}
		if (ssrc[i] == 0)
			return false;
	}
	return true;
}

static int streams_draw(struct context_seed *seed)
{
	int ret;

	do
		ret = bytes_draw(seed->ssrc, sizeof(seed->ssrc));
	while (ret == 0 && !ssrcs_are_distinct(&seed->ssrc[0][0], IQ_STREAMS_MAX * IQ_LEGS));
	if (ret == 0)
		ret = bytes_draw(seed->seq, sizeof(seed->seq));
	for (unsigned i = 0; i < IQ_STREAMS_MAX; i++) {
		for (unsigned leg = 0; leg < IQ_LEGS; leg++)
			seed->seq[i][leg] &= 0x7fff;
	}
	return ret;
}

int seed_fill(struct context_seed *seed, const struct dtls_service *dtls, bool is_lite)
{
	int ret;

	memset(seed, 0, sizeof(*seed));
	ret = text_draw(seed->ufrag, UFRAG_LEN);
	if (ret == 0)
		ret = text_draw(seed->pwd, PWD_LEN);
	if (ret == 0)
		ret = text_draw(seed->cname, CNAME_LEN);
	if (ret == 0)
		ret = bytes_draw(&seed->tiebreaker, sizeof(seed->tiebreaker));
	if (ret == 0)
		ret = streams_draw(seed);
	seed->lite = is_lite;
	dtls_fingerprint(dtls, seed->fingerprint);
	return ret;
}

int seed_generator(uint64_t random[2])
{
	int ret = bytes_draw(random, 2 * sizeof(random[0]));

	random[0] |= 1;
	return ret;
}
