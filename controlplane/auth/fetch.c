// SPDX-License-Identifier: Apache-2.0
// Fetches small documents over https: one thread with one curl_multi, completions on the event loop.
#include "auth_priv.h"

#include <curl/curl.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { TIMEOUT_MS = 3000 };

struct fetch {
	struct fetch *next;
	char *url, *ca;
	fetch_on_done on_done;
	void *arg;
	CURL *easy;
	char *body;
	size_t len;
	char error[CURL_ERROR_SIZE];
	bool has_failed;
};

struct fetcher {
	pthread_t thread;
	pthread_mutex_t lock; // of the two lists
	struct fetch *todo, *done;
	CURLM *multi;
	int fd;
	_Atomic bool stop;
	struct fetch *running; // the thread's
};

static void fetch_free(struct fetch *fetch)
{
	free(fetch->url);
	free(fetch->ca);
	free(fetch->body);
	free(fetch);
}

static void fetches_free(struct fetch *fetch)
{
	while (fetch != NULL) {
		struct fetch *next = fetch->next;

		fetch_free(fetch);
		fetch = next;
	}
}

static size_t on_body(char *bytes, size_t size, size_t count, void *arg)
{
	struct fetch *fetch = arg;
	size_t len = size * count;
	char *body;

	if (fetch->len + len > KEY_SET_BYTES_MAX)
		return 0;
	body = realloc(fetch->body, fetch->len + len + 1);
	if (body == NULL)
		return 0;
	memcpy(body + fetch->len, bytes, len);
	fetch->body = body;
	fetch->len += len;
	return len;
}

static void fetch_done(struct fetcher *fetcher, struct fetch *fetch)
{
	uint64_t one = 1;

	pthread_mutex_lock(&fetcher->lock);
	fetch->next = fetcher->done;
	fetcher->done = fetch;
	pthread_mutex_unlock(&fetcher->lock);
	// Can't fail but when the counter is full, and then it is readable anyway.
	if (write(fetcher->fd, &one, sizeof(one)) < 0)
		return;
}

static void fetch_start(struct fetcher *fetcher, struct fetch *fetch)
{
	CURL *easy = curl_easy_init();

	fetch->easy = easy;
	if (easy == NULL) {
		fetch->has_failed = true;
		fetch_done(fetcher, fetch);
		return;
	}
	curl_easy_setopt(easy, CURLOPT_URL, fetch->url);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https");
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_FAILONERROR, 1L);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)TIMEOUT_MS);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, fetch->error);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, fetch);
	if (fetch->ca != NULL)
		curl_easy_setopt(easy, CURLOPT_CAINFO, fetch->ca);
	curl_multi_add_handle(fetcher->multi, easy);
	fetch->next = fetcher->running;
	fetcher->running = fetch;
}

static void todo_start(struct fetcher *fetcher)
{
	struct fetch *fetch;

	pthread_mutex_lock(&fetcher->lock);
	fetch = fetcher->todo;
	fetcher->todo = NULL;
	pthread_mutex_unlock(&fetcher->lock);
	while (fetch != NULL) {
		struct fetch *next = fetch->next;

		fetch_start(fetcher, fetch);
		fetch = next;
	}
}

// The handle goes, finished or not; its fetch is left.
static struct fetch *easy_remove(struct fetcher *fetcher, CURL *easy)
{
	struct fetch **at = &fetcher->running, *fetch;

	while ((*at)->easy != easy)
		at = &(*at)->next;
	fetch = *at;
	*at = fetch->next;
	curl_multi_remove_handle(fetcher->multi, easy);
	curl_easy_cleanup(easy);
	fetch->easy = NULL;
	return fetch;
}

static void finished_take(struct fetcher *fetcher)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(fetcher->multi, &left)) != NULL) {
		CURLcode code = message->data.result;
		struct fetch *fetch;

		if (message->msg != CURLMSG_DONE)
			continue;
		fetch = easy_remove(fetcher, message->easy_handle);
		fetch->has_failed = code != CURLE_OK;
		if (fetch->has_failed && fetch->error[0] == '\0')
			snprintf(
				fetch->error, sizeof(fetch->error), "%s", curl_easy_strerror(code));
		fetch_done(fetcher, fetch);
	}
}

static void *fetcher_run(void *arg)
{
	struct fetcher *fetcher = arg;
	int count;

	while (!atomic_load(&fetcher->stop)) {
		todo_start(fetcher);
		curl_multi_perform(fetcher->multi, &count);
		finished_take(fetcher);
		curl_multi_poll(
			fetcher->multi, NULL, 0, fetcher->running != NULL ? 1000 : 60000, NULL);
	}
	return NULL;
}

static int thread_start(struct fetcher *fetcher)
{
	sigset_t all, before;
	int ret;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	ret = -pthread_create(&fetcher->thread, NULL, fetcher_run, fetcher);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return ret;
}

struct fetcher *fetcher_create(void)
{
	struct fetcher *fetcher = calloc(1, sizeof(*fetcher));

	if (fetcher == NULL)
		return NULL;
	curl_global_init(CURL_GLOBAL_DEFAULT);
	pthread_mutex_init(&fetcher->lock, NULL);
	fetcher->multi = curl_multi_init();
	fetcher->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (fetcher->multi != NULL && fetcher->fd >= 0 && thread_start(fetcher) == 0)
		return fetcher;
	if (fetcher->fd >= 0)
		close(fetcher->fd);
	curl_multi_cleanup(fetcher->multi);
	free(fetcher);
	errno = ENOMEM;
	return NULL;
}

void fetcher_destroy(struct fetcher *fetcher)
{
	if (fetcher == NULL)
		return;
	atomic_store(&fetcher->stop, true);
	curl_multi_wakeup(fetcher->multi);
	pthread_join(fetcher->thread, NULL);
	while (fetcher->running != NULL)
		fetch_free(easy_remove(fetcher, fetcher->running->easy));
	curl_multi_cleanup(fetcher->multi);
	fetches_free(fetcher->todo);
	fetches_free(fetcher->done);
	pthread_mutex_destroy(&fetcher->lock);
	close(fetcher->fd);
	free(fetcher);
}

int fetcher_fd(const struct fetcher *fetcher)
{
	return fetcher->fd;
}

void fetcher_dispatch(struct fetcher *fetcher)
{
	struct fetch *fetch;
	uint64_t count;

	if (read(fetcher->fd, &count, sizeof(count)) < 0 && errno == EAGAIN)
		return;
	pthread_mutex_lock(&fetcher->lock);
	fetch = fetcher->done;
	fetcher->done = NULL;
	pthread_mutex_unlock(&fetcher->lock);
	while (fetch != NULL) {
		struct fetch *next = fetch->next;

		if (fetch->has_failed)
			fetch->on_done(NULL, 0, fetch->error, fetch->arg);
		else
			fetch->on_done(fetch->body != NULL ? fetch->body : "", fetch->len, NULL,
				fetch->arg);
		fetch_free(fetch);
		fetch = next;
	}
}

int fetcher_get(
	struct fetcher *fetcher, const char *url, const char *ca, fetch_on_done on_done, void *arg)
{
	struct fetch *fetch = calloc(1, sizeof(*fetch));

	if (fetch == NULL)
		return -ENOMEM;
	fetch->url = strdup(url);
	fetch->ca = ca != NULL ? strdup(ca) : NULL;
	fetch->on_done = on_done;
	fetch->arg = arg;
	if (fetch->url == NULL || (ca != NULL && fetch->ca == NULL)) {
		fetch_free(fetch);
		return -ENOMEM;
	}
	pthread_mutex_lock(&fetcher->lock);
	fetch->next = fetcher->todo;
	fetcher->todo = fetch;
	pthread_mutex_unlock(&fetcher->lock);
	curl_multi_wakeup(fetcher->multi);
	return 0;
}
