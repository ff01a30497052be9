// SPDX-License-Identifier: Apache-2.0
// Iq's shared memory: a region with a command ring and an event ring, a stats page, and how they
// are handed over.
//
// Nothing here blocks or trusts the other process. A side of a region belongs to one thread.
#pragma once

#include "iq_msg.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct iq_region; // one side's mapping of the rings
struct iq_ring_end; // the producer's or the consumer's end of a ring
struct iq_stats; // a mapping of the stats page

struct iq_header {
	uint64_t txn; // 0 in events
	uint32_t len; // of the payload in bytes
	uint16_t type; // iq_type
};

// eims-agw: makes a memfd with fresh rings, sealed, and maps it. NULL with errno.
struct iq_region *iq_region_create(void);

// ep-cscf: maps the region behind fd, which stays the caller's. NULL with errno; -EPROTO's reason,
// with both versions if these differ, is written to why.
struct iq_region *iq_region_map(int fd, char *why, size_t why_len);

// The memfd of a region made here, for iq_welcome_send.
int iq_region_fd(const struct iq_region *region);

// Sets the socket by which the other side is woken; it stays the caller's. -1 (at first): nobody is
// woken.
void iq_region_wake_set(struct iq_region *region, int sock);

// Unmaps. NULL is fine.
void iq_region_destroy(struct iq_region *region);

// The end to send to the other side with, and the end to receive from.
struct iq_ring_end *iq_region_out(struct iq_region *region);
struct iq_ring_end *iq_region_in(struct iq_region *region);

// Sends one message of up to IQ_PAYLOAD_MAX bytes; wakes the other side if it sleeps. 0; -EAGAIN
// when the ring has no room (the other side will wake us when it has); -EMSGSIZE; -EPROTO when the
// other side spoiled its index, then and for ever after: end the session.
int iq_send(
	struct iq_ring_end *out, uint16_t type, uint64_t txn, const void *payload, uint32_t len);

// Takes one message, and wipes it from the ring. 1; 0 when there is none; -EPROTO when the other
// side spoiled index, length or continuation, then and for ever after; -EMSGSIZE when buf is
// shorter than the message, which stays.
int iq_recv(struct iq_ring_end *in, struct iq_header *header, void *buf, size_t room);

// Says that this side will sleep until its socket is readable. False when a message came meanwhile:
// don't sleep.
bool iq_ring_sleep(struct iq_ring_end *in);

// Size in bytes of a command's payload and of its reply's; -EOPNOTSUPP for what isn't a command.
int iq_command_size(uint16_t type);
int iq_reply_size(uint16_t type);

// A command that can change something: its repetition is answered with the first reply.
bool iq_command_changes(uint16_t type);

// What the gateway says of itself.
struct iq_identity {
	uint64_t instance; // of this run
	uint8_t gateway; // id in handles
};

// Controller: says hello on a connected SOCK_SEQPACKET socket. 0 or -errno.
int iq_hello_send(int sock);

// Gateway: takes the hello. 0 and the peer's pid; -EAGAIN when it hasn't come; -EPROTO, with both
// versions in why if these differ; -ECONNRESET when the peer left.
int iq_hello_recv(int sock, uint32_t *pid, char *why, size_t why_len);

// Gateway: welcomes with the two descriptors. 0 or -errno.
int iq_welcome_send(int sock, const struct iq_identity *self, int region_fd, int stats_fd);

// Gateway: refuses with a status below 0 and a sentence; then close the socket.
void iq_welcome_refuse(int sock, int status, const char *text);

// Controller: takes the welcome: 0 and both descriptors, now the caller's; -EAGAIN when it hasn't
// come; -ECONNRESET; -EPROTO or the gateway's refusal with its sentence in why.
int iq_welcome_recv(int sock, struct iq_identity *peer, int fds[2], char *why, size_t why_len);

// Wakes the other side: never blocks, a wake-up that finds no room is already there. Any thread.
void iq_wake(int sock);

// Takes the wake-ups that wait. False when the other side is gone.
bool iq_wake_drain(int sock);

// eims-agw: makes a stats page of zeros, sealed so that nobody else can ever write it. NULL with
// errno. Up to 1024 counters with names of up to 47 bytes, up to 256 workers.
struct iq_stats *iq_stats_create(const char *const *names, uint32_t counters, uint32_t workers);

// Reader: maps the page behind fd, which stays the caller's. NULL with errno, EPROTO with the
// reason in why.
struct iq_stats *iq_stats_map(int fd, char *why, size_t why_len);

void iq_stats_destroy(struct iq_stats *stats);
int iq_stats_fd(const struct iq_stats *stats); // of a page made here
uint32_t iq_stats_counters(const struct iq_stats *stats);
uint32_t iq_stats_workers(const struct iq_stats *stats);

// Name of a counter, valid while stats lives; NULL past the last.
const char *iq_stats_counter_name(const struct iq_stats *stats, uint32_t counter);

// Writes all counters of a worker at once. One thread a worker.
void iq_stats_write(struct iq_stats *stats, uint32_t worker, const uint64_t *values);

// Reads all counters of a worker as one moment's: 0; -ENOENT no such worker; -EAGAIN when the
// writer stopped in mid-write or never rests; values are then untouched.
int iq_stats_read(const struct iq_stats *stats, uint32_t worker, uint64_t *values);
