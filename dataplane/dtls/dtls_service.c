// SPDX-License-Identifier: Apache-2.0
// The service threads: each serves some workers' slots, sleeps when there is nothing to do.
#include "clock.h"
#include "dtls_priv.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define SWEEP_US 50000u
#define REQUESTS_A_ROUND 64

static unsigned ports_drain(struct service_thread *thread)
{
	unsigned count = 0;

	for (unsigned i = 0; i < thread->port_count; i++) {
		struct dtls_port *port = thread->ports[i];
		const struct request *request;

		for (unsigned n = 0;
			n < REQUESTS_A_ROUND && (request = slots_front(&port->in)) != NULL; n++) {
			assoc_request(thread, port, request);
			slots_pop(&port->in);
			count++;
		}
	}
	return count;
}

static bool ports_empty(struct service_thread *thread)
{
	for (unsigned i = 0; i < thread->port_count; i++) {
		if (!slots_empty(&thread->ports[i]->in))
			return false;
	}
	return true;
}

static void sleep_until_woken(struct service_thread *thread)
{
	struct pollfd wake = {.fd = thread->wake_fd, .events = POLLIN};
	int timeout_ms = thread->busy != NULL ? (int)(SWEEP_US / 1000) : -1;
	uint64_t count;

	atomic_store_explicit(&thread->sleeping, true, memory_order_relaxed);
	// The flag must be visible before the last look at the slots.
	atomic_thread_fence(memory_order_seq_cst); // with dtls_flush
	if (ports_empty(thread) && !atomic_load(&thread->stop) && poll(&wake, 1, timeout_ms) > 0 &&
		read(thread->wake_fd, &count, sizeof(count)) < 0)
		count = 0; // somebody's earlier wake-up was enough
	atomic_store_explicit(&thread->sleeping, false, memory_order_relaxed);
}

static void *service_run(void *arg)
{
	struct service_thread *thread = arg;

	while (!atomic_load(&thread->stop)) {
		unsigned count = ports_drain(thread);
		uint64_t now_us = clock_now_us();

		if (now_us >= thread->next_sweep_us) {
			assoc_sweep(thread, now_us);
			thread->next_sweep_us = now_us + SWEEP_US;
		}
		if (count == 0)
			sleep_until_woken(thread);
	}
	return NULL;
}

static int thread_start(struct dtls_service *service, unsigned number)
{
	struct service_thread *thread = &service->threads[number];

	thread->service = service;
	thread->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	thread->ports = calloc(service->config.workers, sizeof(*thread->ports));
	if (thread->wake_fd < 0 || thread->ports == NULL)
		return -ENOMEM;
	for (unsigned i = number; i < service->config.workers; i += service->config.threads) {
		service->ports[i].thread = thread;
		thread->ports[thread->port_count++] = &service->ports[i];
	}
	if (dtls_ctx_init(thread) < 0)
		return -EIO;
	if (pthread_create(&thread->thread, NULL, service_run, thread) != 0)
		return -EAGAIN;
	thread->started = true;
	return 0;
}

static int ports_init(struct dtls_service *service)
{
	for (unsigned i = 0; i < service->config.workers; i++) {
		struct dtls_port *port = &service->ports[i];

		if (slots_init(&port->in, IN_SLOTS, sizeof(struct request)) < 0 ||
			slots_init(&port->out, OUT_SLOTS, sizeof(struct response)) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int service_init(struct dtls_service *service, char *err, size_t err_len)
{
	int ret = dtls_cert_load(service, err, err_len);

	if (ret < 0)
		return ret;
	snprintf(err, err_len, "the DTLS service could not be started");
	service->ports = calloc(service->config.workers, sizeof(*service->ports));
	service->threads = calloc(service->config.threads, sizeof(*service->threads));
	if (service->ports == NULL || service->threads == NULL)
		return -ENOMEM;
	ret = ports_init(service);
	for (unsigned i = 0; ret == 0 && i < service->config.threads; i++)
		ret = thread_start(service, i);
	return ret;
}

struct dtls_service *dtls_service_create(
	const struct dtls_config *config, char *err, size_t err_len)
{
	struct dtls_service *service = calloc(1, sizeof(*service));
	int ret;

	snprintf(err, err_len, "out of memory");
	if (service == NULL)
		return NULL;
	service->config = *config;
	if (service->config.threads == 0)
		service->config.threads = 1;
	if (service->config.mtu == 0)
		service->config.mtu = 1200;
	ret = service_init(service, err, err_len);
	if (ret == 0)
		return service;
	dtls_service_destroy(service);
	errno = -ret;
	return NULL;
}

static void thread_stop(struct service_thread *thread)
{
	const uint64_t one = 1;

	atomic_store(&thread->stop, true);
	if (thread->started) {
		// A counter without room wakes the thread as well.
		if (write(thread->wake_fd, &one, sizeof(one)) < 0)
			assert(errno == EAGAIN);
		pthread_join(thread->thread, NULL);
	}
	assoc_destroy_all(thread);
	dtls_ctx_fini(thread);
	if (thread->wake_fd > 0)
		close(thread->wake_fd);
	free(thread->ports);
}

void dtls_service_destroy(struct dtls_service *service)
{
	if (service == NULL)
		return;
	for (unsigned i = 0; service->threads != NULL && i < service->config.threads; i++)
		thread_stop(&service->threads[i]);
	for (unsigned i = 0; service->ports != NULL && i < service->config.workers; i++) {
		slots_fini(&service->ports[i].in);
		slots_fini(&service->ports[i].out);
	}
	free(service->threads);
	free(service->ports);
	EVP_PKEY_free(service->key);
	X509_free(service->certificate);
	free(service);
}

void dtls_fingerprint(const struct dtls_service *service, uint8_t sha256[32])
{
	memcpy(sha256, service->fingerprint, sizeof(service->fingerprint));
}

struct dtls_port *dtls_service_port(struct dtls_service *service, unsigned worker)
{
	return &service->ports[worker];
}
