// SPDX-License-Identifier: Apache-2.0
// A worker's side: requests into slots, outputs out of them, one wake-up a burst.
#include "dtls_priv.h"

#include <string.h>
#include <unistd.h>

#define OUTPUTS_A_TURN 8 // of a worker: media comes before the rest of a storm

static struct request *request_begin(
	struct dtls_port *port, enum request_type type, struct dtls_id id)
{
	struct request *request = slots_back(&port->in);

	if (request == NULL)
		return NULL;
	request->type = (uint8_t)type;
	request->id = id;
	return request;
}

static bool request_end(struct dtls_port *port)
{
	slots_push(&port->in);
	port->pushed = true;
	return true;
}

bool dtls_start(struct dtls_port *port, const struct dtls_start *start)
{
	struct request *request = request_begin(port, REQUEST_START, start->id);

	if (request == NULL)
		return false;
	request->start = *start;
	return request_end(port);
}

bool dtls_datagram(struct dtls_port *port, struct dtls_id id, const uint8_t *bytes, uint16_t len)
{
	struct request *request;

	if (len > DATAGRAM_MAX)
		return false;
	request = request_begin(port, REQUEST_DATAGRAM, id);
	if (request == NULL)
		return false;
	request->len = len;
	memcpy(request->bytes, bytes, len);
	return request_end(port);
}

bool dtls_stop(struct dtls_port *port, struct dtls_id id, bool notify)
{
	struct request *request = request_begin(port, REQUEST_STOP, id);

	if (request == NULL)
		return false;
	request->notify = notify;
	return request_end(port);
}

bool dtls_linger(struct dtls_port *port, struct dtls_id id)
{
	return request_begin(port, REQUEST_LINGER, id) != NULL && request_end(port);
}

void dtls_flush(struct dtls_port *port)
{
	const uint64_t one = 1;

	if (!port->pushed)
		return;
	port->pushed = false;
	// The push must be visible before the flag is read; the thread sets the flag, then looks at the slots again.
	atomic_thread_fence(memory_order_seq_cst); // with sleep_until_woken
	if (!atomic_load_explicit(&port->thread->sleeping, memory_order_relaxed))
		return;
	// The counter can't overflow, so the write can't block.
	if (write(port->thread->wake_fd, &one, sizeof(one)) < 0)
		port->pushed = true;
}

unsigned dtls_poll(struct dtls_port *port,
	void (*on_output)(const struct dtls_output *output, void *arg), void *arg)
{
	struct response *response;
	unsigned count = 0;

	while (count < OUTPUTS_A_TURN && (response = slots_front(&port->out)) != NULL) {
		on_output(&response->output, arg);
		slots_pop(&port->out);
		count++;
	}
	return count;
}
