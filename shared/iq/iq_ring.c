// SPDX-License-Identifier: Apache-2.0
// The ring: one producer and one consumer in two processes that don't trust each other.
#include "iq.h"
#include "iq_abi.h"
#include "iq_priv.h"

#include <errno.h>
#include <string.h>

#define SLOT_HEAD offsetof(struct iq_slot, data)

void ring_end_init(struct iq_ring_end *end, struct iq_ring *ring)
{
	*end = (struct iq_ring_end){.ring = ring, .wake_sock = -1};
}

static int ring_break(struct iq_ring_end *end)
{
	end->broken = true;
	return -EPROTO;
}

static struct iq_slot *slot_at(struct iq_ring_end *end, uint32_t index)
{
	return &end->ring->slots[index & (IQ_SLOTS - 1)];
}

static uint32_t part_count(uint32_t len)
{
	return len == 0 ? 1 : (len + IQ_SLOT_DATA - 1) / IQ_SLOT_DATA;
}

static uint32_t part_len(uint32_t len, uint32_t part)
{
	uint32_t rest = len - part * IQ_SLOT_DATA;

	return rest < IQ_SLOT_DATA ? rest : IQ_SLOT_DATA;
}

// The consumer's index may only advance, and never past ours.
static int tail_refresh(struct iq_ring_end *out)
{
	// Pairs with the release in tail_publish: the slots before it are empty.
	uint32_t tail = atomic_load_explicit(&out->ring->tail, memory_order_acquire);

	if (out->broken || tail - out->peer > out->own - out->peer)
		return ring_break(out);
	out->peer = tail;
	return 0;
}

// The producer's index may only advance, at most a whole ring before ours.
static int head_refresh(struct iq_ring_end *in)
{
	// Pairs with the release in head_publish: the slots before it are full.
	uint32_t head = atomic_load_explicit(&in->ring->head, memory_order_acquire);

	if (in->broken || head - in->own > IQ_SLOTS || head - in->own < in->peer - in->own)
		return ring_break(in);
	in->peer = head;
	return 0;
}

static int room_find(struct iq_ring_end *out, uint32_t parts)
{
	int ret = tail_refresh(out);

	if (ret < 0 || IQ_SLOTS - (out->own - out->peer) >= parts)
		return ret;
	atomic_store_explicit(&out->ring->starved, 1, memory_order_relaxed);
	// Pairs with the fence in tail_publish: either we see the new tail, or it sees that we
	// starve.
	atomic_thread_fence(memory_order_seq_cst);
	ret = tail_refresh(out);
	if (ret < 0 || IQ_SLOTS - (out->own - out->peer) >= parts)
		return ret;
	return -EAGAIN;
}

static void head_publish(struct iq_ring_end *out)
{
	struct iq_ring *ring = out->ring;

	// Pairs with the acquire in head_refresh.
	atomic_store_explicit(&ring->head, out->own, memory_order_release);
	// Pairs with the fence in iq_ring_sleep: either it sees the new head, or we see that it
	// sleeps.
	atomic_thread_fence(memory_order_seq_cst);
	if (atomic_load_explicit(&ring->asleep, memory_order_relaxed) == 0)
		return;
	atomic_store_explicit(&ring->asleep, 0, memory_order_relaxed);
	iq_wake(out->wake_sock);
}

static void tail_publish(struct iq_ring_end *in)
{
	struct iq_ring *ring = in->ring;

	// Pairs with the acquire in tail_refresh.
	atomic_store_explicit(&ring->tail, in->own, memory_order_release);
	// Pairs with the fence in room_find.
	atomic_thread_fence(memory_order_seq_cst);
	if (atomic_load_explicit(&ring->starved, memory_order_relaxed) == 0)
		return;
	atomic_store_explicit(&ring->starved, 0, memory_order_relaxed);
	iq_wake(in->wake_sock);
}

int iq_send(struct iq_ring_end *out, uint16_t type, uint64_t txn, const void *payload, uint32_t len)
{
	const uint8_t *bytes = payload;
	uint32_t parts = part_count(len);
	int ret;

	if (len > IQ_PAYLOAD_MAX)
		return -EMSGSIZE;
	ret = room_find(out, parts);
	if (ret < 0)
		return ret;
	for (uint32_t part = 0; part < parts; part++) {
		struct iq_slot *slot = slot_at(out, out->own + part);

		slot->txn = txn;
		slot->len = len;
		slot->type = type;
		slot->part = (uint16_t)part;
		if (len > 0)
			memcpy(slot->data, bytes + part * IQ_SLOT_DATA, part_len(len, part));
	}
	// All parts appear at once: a producer that dies here has sent nothing.
	out->own += parts;
	head_publish(out);
	return 0;
}

// Copies the header once; what follows looks at the copy only.
static void slot_head_copy(struct iq_ring_end *in, uint32_t index, struct iq_slot *head)
{
	memcpy(head, slot_at(in, index), SLOT_HEAD);
	// The compiler mustn't read the shared bytes again.
	atomic_signal_fence(memory_order_seq_cst);
	__asm__ volatile("" : : "r"(head) : "memory");
}

static int parts_take(struct iq_ring_end *in, const struct iq_header *first, uint8_t *buf)
{
	uint32_t parts = part_count(first->len);
	struct iq_slot head;

	for (uint32_t part = 0; part < parts; part++) {
		slot_head_copy(in, in->own + part, &head);
		if (head.part != part || head.len != first->len || head.txn != first->txn ||
			head.type != first->type)
			return -EPROTO;
		if (first->len > 0)
			memcpy(buf + part * IQ_SLOT_DATA, slot_at(in, in->own + part)->data,
				part_len(first->len, part));
	}
	for (uint32_t part = 0; part < parts; part++)
		explicit_bzero(slot_at(in, in->own + part), IQ_SLOT_LEN);
	return 0;
}

int iq_recv(struct iq_ring_end *in, struct iq_header *header, void *buf, size_t room)
{
	struct iq_header got;
	struct iq_slot head;
	int ret;

	ret = head_refresh(in);
	if (ret < 0)
		return ret;
	if (in->peer == in->own)
		return 0;
	slot_head_copy(in, in->own, &head);
	got = (struct iq_header){.txn = head.txn, .len = head.len, .type = head.type};
	if (got.len > IQ_PAYLOAD_MAX || part_count(got.len) > in->peer - in->own)
		return ring_break(in);
	if (got.len > room)
		return -EMSGSIZE;
	if (parts_take(in, &got, buf) < 0)
		return ring_break(in);
	in->own += part_count(got.len);
	tail_publish(in);
	*header = got;
	return 1;
}

bool iq_ring_sleep(struct iq_ring_end *in)
{
	struct iq_ring *ring = in->ring;

	atomic_store_explicit(&ring->asleep, 1, memory_order_relaxed);
	// Pairs with the fence in head_publish.
	atomic_thread_fence(memory_order_seq_cst);
	if (atomic_load_explicit(&ring->head, memory_order_relaxed) == in->own)
		return true;
	atomic_store_explicit(&ring->asleep, 0, memory_order_relaxed);
	return false;
}
