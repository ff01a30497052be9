// SPDX-License-Identifier: Apache-2.0
// libmicrohttpd as the service sees it: bodies gathered within their limit, replies sent.
#include "http_priv.h"
#include "log.h"
#include "wwsf_json.h"

#include <openssl/crypto.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Sent beyond the limit, this much is read and forgotten so that the sender sees the 413.
#define DRAIN_BYTES_MAX (1U << 20)

struct body {
	size_t len;
	char bytes[JSON_BODY_BYTES_MAX];
};

static const char *header_get(struct MHD_Connection *connection, const char *name)
{
	return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

static const struct sockaddr *peer_get(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);

	return info != NULL ? info->client_addr : NULL;
}

static enum MHD_Result reply_send(struct MHD_Connection *connection, struct reply *reply)
{
	static char nothing[] = "";
	struct MHD_Response *response;
	enum MHD_Result ret;

	response = MHD_create_response_from_buffer(reply->len,
		reply->body != NULL ? reply->body : nothing,
		reply->body == NULL || reply->borrowed ? MHD_RESPMEM_PERSISTENT
						       : MHD_RESPMEM_MUST_FREE);
	if (response == NULL) {
		if (!reply->borrowed)
			free(reply->body);
		return MHD_NO;
	}
	for (unsigned i = 0; i < reply->headers_count; i++)
		MHD_add_response_header(response, reply->headers[i].name, reply->headers[i].value);
	ret = MHD_queue_response(connection, reply->status, response);
	MHD_destroy_response(response);
	return ret;
}

static enum MHD_Result too_long(struct MHD_Connection *connection)
{
	struct reply reply = {0};

	reply_error(&reply, 413, "the body is longer than 16 KiB");
	reply_header_add(&reply, "Cache-Control", "no-store");
	reply_header_add(&reply, "X-Content-Type-Options", "nosniff");
	return reply_send(connection, &reply);
}

static enum MHD_Result request_answer(struct http *http, struct MHD_Connection *connection,
	const char *path, const char *method, const struct body *body)
{
	struct reply reply;
	struct request request = {
		.method = method,
		.path = path,
		.host = header_get(connection, MHD_HTTP_HEADER_HOST),
		.origin = header_get(connection, MHD_HTTP_HEADER_ORIGIN),
		.cookie = header_get(connection, MHD_HTTP_HEADER_COOKIE),
		.content_type = header_get(connection, MHD_HTTP_HEADER_CONTENT_TYPE),
		.if_none_match = header_get(connection, MHD_HTTP_HEADER_IF_NONE_MATCH),
		.body = body->bytes,
		.body_len = body->len,
		.peer = peer_get(connection),
	};
	enum MHD_Result ret;

	service_answer(http->service, &request, &reply);
	ret = reply_send(connection, &reply);
	// Cookies and the like are in there.
	OPENSSL_cleanse(reply.headers, sizeof(reply.headers));
	return ret;
}

static enum MHD_Result body_begin(struct MHD_Connection *connection, void **state)
{
	const char *length = header_get(connection, MHD_HTTP_HEADER_CONTENT_LENGTH);
	struct body *body;

	// Before the body is sent: a client that asks by Expect needn't send it at all.
	if (length != NULL && strtoull(length, NULL, 10) > JSON_BODY_BYTES_MAX)
		return too_long(connection);
	body = calloc(1, sizeof(*body));
	*state = body;
	return body != NULL ? MHD_YES : MHD_NO;
}

static enum MHD_Result body_add(struct body *body, const char *bytes, size_t *len)
{
	if (body->len + *len <= sizeof(body->bytes))
		memcpy(body->bytes + body->len, bytes, *len);
	body->len += *len;
	*len = 0;
	return body->len <= DRAIN_BYTES_MAX ? MHD_YES : MHD_NO;
}

enum MHD_Result http_on_request(void *arg, struct MHD_Connection *connection, const char *path,
	const char *method, const char *version, const char *bytes, size_t *len, void **state)
{
	struct body *body = *state;

	(void)version;
	if (body == NULL)
		return body_begin(connection, state);
	if (*len > 0)
		return body_add(body, bytes, len);
	if (body->len > sizeof(body->bytes))
		return too_long(connection);
	return request_answer(arg, connection, path, method, body);
}

void http_on_completed(void *arg, struct MHD_Connection *connection, void **state,
	enum MHD_RequestTerminationCode code)
{
	struct body *body = *state;

	(void)arg;
	(void)connection;
	(void)code;
	if (body == NULL)
		return;
	OPENSSL_cleanse(body, sizeof(*body)); // there may be a password in it
	free(body);
	*state = NULL;
}
