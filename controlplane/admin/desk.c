// SPDX-License-Identifier: Apache-2.0
// A request crosses to the event loop and its answer back; between them its connection is suspended.
#include "admin_priv.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

static enum MHD_Result respond(struct MHD_Connection *connection, unsigned status, char *body,
	enum MHD_ResponseMemoryMode mode)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(strlen(body), body, mode);
	enum MHD_Result ret;

	if (response == NULL) {
		if (mode == MHD_RESPMEM_MUST_FREE)
			free(body);
		return MHD_NO;
	}
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "application/json");
	MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
	if (status == 401)
		MHD_add_response_header(
			response, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Bearer realm=\"admin\"");
	if (status == 405)
		MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, DELETE");
	ret = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return ret;
}

static enum MHD_Result refuse(
	struct MHD_Connection *connection, unsigned status, const char *sentence)
{
	char body[160];

	snprintf(body, sizeof(body), "{\"error\":\"%s\"}", sentence);
	return respond(connection, status, body, MHD_RESPMEM_MUST_COPY);
}

static enum MHD_Result admit(struct admin *admin, struct MHD_Connection *connection)
{
	switch (door_verdict(admin, connection)) {
	case 401:
		return refuse(
			connection, 401, "a bearer token is needed, and this one is none of ours");
	case 403:
		return refuse(connection, 403, "only root and the user of ep-cscf may ask here");
	default:
		return MHD_YES;
	}
}

static struct ask *ask_create(struct admin *admin, struct MHD_Connection *connection,
	const char *path, const char *method)
{
	struct ask *ask = calloc(1, sizeof(*ask));

	if (ask == NULL)
		return NULL;
	ask->admin = admin;
	ask->connection = connection;
	snprintf(ask->method, sizeof(ask->method), "%s", method);
	snprintf(ask->path, sizeof(ask->path), "%s", path);
	return ask;
}

static enum MHD_Result submit(struct ask *ask)
{
	struct admin *admin = ask->admin;
	bool is_stopping;

	ask->is_submitted = true;
	pthread_mutex_lock(&admin->lock);
	is_stopping = admin->is_stopping;
	if (!is_stopping) {
		MHD_suspend_connection(ask->connection);
		STAILQ_INSERT_TAIL(&admin->submitted, ask, turn);
	}
	pthread_mutex_unlock(&admin->lock);
	if (is_stopping)
		return refuse(ask->connection, 503, "ep-cscf is stopping");
	// Full counter: then it is readable.
	(void)eventfd_write(admin->event_fd, 1);
	return MHD_YES;
}

enum MHD_Result desk_on_request(void *arg, struct MHD_Connection *connection, const char *path,
	const char *method, const char *version, const char *bytes, size_t *len, void **state)
{
	struct ask *ask = *state;
	char *body;

	(void)version;
	(void)bytes;
	if (ask == NULL) {
		if (strlen(path) >= PATH_MAX_BYTES || strlen(method) >= sizeof(ask->method))
			return refuse(connection, 404, "there is nothing at this address");
		*state = ask = ask_create(arg, connection, path, method);
		return ask != NULL ? admit(arg, connection) : MHD_NO;
	}
	ask->ignored += *len;
	if (ask->ignored > BODY_IGNORED_MAX)
		return MHD_NO;
	if (*len > 0) {
		*len = 0;
		return MHD_YES;
	}
	if (!ask->is_submitted)
		return submit(ask);
	body = ask->body;
	ask->body = NULL;
	return body != NULL ? respond(connection, ask->status, body, MHD_RESPMEM_MUST_FREE)
			    : refuse(connection, 500, "ep-cscf is out of memory");
}

void desk_on_completed(void *arg, struct MHD_Connection *connection, void **state,
	enum MHD_RequestTerminationCode code)
{
	struct ask *ask = *state;

	(void)arg;
	(void)connection;
	(void)code;
	if (ask == NULL)
		return;
	free(ask->body);
	free(ask);
	*state = NULL;
}

void ask_answer(struct ask *ask, unsigned status, json_t *root)
{
	struct MHD_Connection *connection = ask->connection;

	LIST_REMOVE(ask, open);
	ask->status = status;
	ask->body = root != NULL ? json_dumps(root, JSON_COMPACT) : NULL;
	json_decref(root);
	// The HTTP thread may free it from here on.
	MHD_resume_connection(connection);
}

void ask_refuse(struct ask *ask, unsigned status, const char *fmt, ...)
{
	char sentence[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(sentence, sizeof(sentence), fmt, ap);
	va_end(ap);
	ask_answer(ask, status, json_pack("{s:s}", "error", sentence));
}
