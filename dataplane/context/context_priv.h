// SPDX-License-Identifier: Apache-2.0
// Inside the context room: pools, ports, and the parts of a context's life.
#pragma once

#include "context.h"

#include <string.h>

// Takes a zeroed object: index, or NO_INDEX when the pool is empty.
uint16_t pool_take(struct shard *shard, enum pool_kind kind);
// Wipes an object and gives it back.
void pool_give(struct shard *shard, enum pool_kind kind, uint16_t index);

// Port pairs of a network's address set. Taken ones were quarantined for PORT_QUARANTINE_US after their last use.
#define PORT_QUARANTINE_US 5000000u
struct port_pool *port_pool_of(struct shard *shard, uint8_t network, uint8_t set);
void port_pools_fill(struct shard *shard, const struct networks *networks);
uint16_t port_take(
	struct shard *shard, uint8_t network, uint8_t set, uint64_t now_us); // even port, 0: none
// The address set for a new context's leg, of those that serve a wanted family (IQ_FAMILY_ bits): the one whose next port
// has rested longest, among equals the one with most. By number alone one set would be taken again and again until all its
// ports are in quarantine. -1: none serves one.
int context_set_choose(struct shard *shard, const struct network *network, uint8_t families);
void port_give(struct shard *shard, uint8_t network, uint8_t set, uint16_t port, uint64_t now_us);
void port_bind(
	struct shard *shard, uint8_t network, uint8_t set, uint16_t port, uint16_t transport);

// A transport with its port, number n of the leg: 0, or -ENOSPC with nothing taken.
int transport_add(
	struct worker *w, struct shard *shard, uint16_t context, enum iq_leg leg, unsigned n);
// Gives an access transport its ICE agent: 0 or -ENOSPC.
int transport_secure(
	struct worker *w, struct shard *shard, uint16_t index, const struct context_seed *seed);
void transport_del(struct worker *w, struct shard *shard, uint16_t index);
// Tells the DTLS service of the end and gives the place back; false: the service is busy, a timer tries again.
bool transport_stop(struct worker *w, struct shard *shard, uint16_t index);

struct context *context_find(
	struct shard *shard, iq_handle handle); // NULL: none, or of an older generation

// IQ_CONTEXT_RESERVE: 0 and the local description, or -errno with nothing changed.
int context_reserve(struct worker *w, struct shard *shard, const struct iq_context_reserve *command,
	const struct context_seed *seed, struct iq_context_local *out);
void context_release(struct worker *w, struct shard *shard, struct context *context);
void context_local_get(struct worker *w, struct shard *shard, const struct context *context,
	struct iq_context_local *out);

int context_leg_set(struct worker *w, struct shard *shard, struct context *context,
	const struct iq_leg_set *command);
int context_streams_set(struct worker *w, struct shard *shard, struct context *context,
	const struct iq_streams_set *command);
int context_candidates_add(struct worker *w, struct shard *shard, struct context *context,
	const struct iq_candidates_add *command);

// Whether two addresses of a family are the same, whatever stands behind an IPv4 one.
static inline bool ip_equal(uint8_t family, const uint8_t *a, const uint8_t *b)
{
	return memcmp(a, b, family == 4 ? 4 : 16) == 0;
}

// Tells the controller of a terminal change (level-triggered: main repeats it until acknowledged).
void context_notify(
	struct worker *w, struct shard *shard, struct context *context, uint32_t changed);
// When main is to be told again what nobody has acknowledged; 0: never.
uint64_t context_tell_deadline(const struct context *context);

// Carries what an ICE call did into the media path: new paths, the next deadline, events.
void transport_ice_done(
	struct worker *w, struct shard *shard, uint16_t transport, struct ice_result result);
void transport_ice_env(struct worker *w, struct shard *shard, uint16_t transport,
	struct ice_env *env, void *storage);

// To where an ICE tuple points.
void transport_tuple_path(struct worker *w, const struct transport *transport,
	const struct ice_tuple *tuple, struct path *path);

// The association can begin: ICE has a pair, and we know who shall be there.
bool transport_dtls_is_due(const struct secure *secure);
// Begins it when it's due. As server we wait for the first flight, as client we send it: either way not before ICE has a
// pair.
void transport_dtls_start(struct worker *w, struct shard *shard, uint16_t transport);
// What the answer says of DTLS: the role and the peer's fingerprints. Others than before mean another association (RFC
// 8842), the same ones nothing.
void transport_dtls_set(struct worker *w, struct shard *shard, uint16_t index,
	const struct iq_remote_transport *remote);
// The keys of a handshake: 0, or -errno of srtp_key_init() with nothing said of the transport's state.
int transport_keys_install(
	struct transport *t, struct secure *secure, const struct dtls_output *output);

// Circuit breakers of stream n. At its timer, which is that of its core transport: trips what must, sets the timer again.
void context_breakers_run(
	struct worker *w, struct shard *shard, struct context *context, unsigned n);
// Which are enabled, and the gate: commands can't open what a breaker has shut (breakers.c).
void context_breakers_set(struct worker *w, struct shard *shard, struct context *context,
	unsigned n, const struct iq_stream *in);

// Makes path go to a remote address from a transport's port of a component.
void transport_path_fill(struct worker *w, const struct transport *transport, unsigned component,
	const struct iq_addr *remote, struct path *path);
// The same, and asks for its next hop.
void transport_path_set(struct worker *w, const struct transport *transport, unsigned component,
	const struct iq_addr *remote, struct path *path);
