// SPDX-License-Identifier: Apache-2.0
// Mw: transactions with the core over UDP and TCP, by sofia's nta.
#pragma once

#include "sip_transaction.h"

#include <stddef.h>
#include <stdint.h>

struct mw;

struct sip_listen {
	char address[64]; // IPv4 or IPv6, without brackets
	uint16_t port;
};

// Pointers are borrowed until mw_destroy().
struct mw_config {
	void *root; // su_root_t of the event loop
	const char *core; // URI of the I-/S-CSCF: where requests without Route go
	const char *const *peers; // addresses of trusted core peers
	unsigned peer_count;
	unsigned t1_ms;
	void (*on_request)(void *arg, struct uas *uas); // of a trusted peer; neither ACK nor CANCEL
	void *arg;
};

struct mw *mw_create(const struct mw_config *config, char *err, size_t err_len); // NULL with errno
void mw_destroy(struct mw *mw);

// UDP and TCP each; the first of a family is our own address toward peers of that family. 0, or -errno with a sentence.
int mw_listen(struct mw *mw, const struct sip_listen *listen, char *err, size_t err_len);

// Sends by the request's Route; without one to the core when it has no To tag, else to its URI. Longer than 1300 bytes:
// over TCP (RFC 3261 section 18.1.1).
struct sip_sender *mw_sender(struct mw *mw);

// Our own host:port toward a peer: of the family of its URI's host.
const char *mw_own_address(const struct mw *mw, const char *uri);

struct mw_counters {
	uint64_t forbidden; // requests of peers that aren't trusted
	uint64_t cut; // responses whose datagram ended before their body
};
struct mw_counters mw_counters(const struct mw *mw);
