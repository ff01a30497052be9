// SPDX-License-Identifier: Apache-2.0
// Server transactions of W2 (RFC 3261 section 17.2, RFC 6026): requests of browsers.
//
// A 2xx is not repeated: the browser is the next hop of a reliable transport, nothing behind it can lose it.
#include "w2_priv.h"

#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_status.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum server_state {
	PROCEEDING, // Trying too
	ACCEPTED, // INVITE: a 2xx was sent, timer L
	COMPLETED, // INVITE: another final response was sent, timer H
	TERMINATED,
};

struct w2_server {
	struct uas uas;
	struct sip_table_node node;
	struct w2 *w2;
	enum server_state state;
	bool invite, cancelled;
	unsigned refs; // of the layer until terminated, of the user until released, of a callback
	void *timer;
	char *last; // text of the last response
	char tag[128]; // To tag of our responses
};

static void server_unref(struct w2_server *server)
{
	if (--server->refs > 0)
		return;
	msg_destroy(server->uas.request);
	free(server->last);
	free(server);
}

static void timer_set(struct w2_server *server, void (*on_timer)(void *arg))
{
	const struct sip_timers *timers = &server->w2->config.timers;

	timers->stop(timers->loop, server->timer);
	server->timer = on_timer
		? timers->start(timers->loop, w2_lifetime_ms(server->w2), on_timer, server)
		: NULL;
}

// The layer's reference is the caller's to drop.
static void retire(struct w2_server *server)
{
	server->state = TERMINATED;
	timer_set(server, NULL);
	sip_table_del(&server->w2->servers, &server->node);
}

static void terminate(struct w2_server *server)
{
	if (server->state == TERMINATED)
		return;
	retire(server);
	server_unref(server);
}

static void on_timer_h(void *arg)
{
	struct w2_server *server = arg;

	server->timer = NULL;
	terminate(server);
}

static void on_timer_l(void *arg)
{
	struct w2_server *server = arg;
	const struct uas_user *user = server->uas.user;

	server->timer = NULL;
	retire(server);
	if (user)
		user->on_no_ack(server->uas.arg);
	server_unref(server);
}

static void state_after(struct w2_server *server, int status)
{
	if (status < 200)
		return;
	if (!server->invite) {
		terminate(server);
	} else if (status < 300) {
		server->state = ACCEPTED;
		timer_set(server, on_timer_l);
	} else {
		server->state = COMPLETED;
		timer_set(server, on_timer_h);
	}
}

static int server_respond(struct uas *uas, msg_t *response)
{
	struct w2_server *server = (struct w2_server *)uas;
	const sip_t *sip = sip_object(response);
	int ret = 0;

	if (server->state != PROCEEDING) {
		msg_destroy(response);
		return -EALREADY;
	}
	if (sip->sip_to && sip->sip_to->a_tag)
		snprintf(server->tag, sizeof(server->tag), "%s", sip->sip_to->a_tag);
	// A connection that is gone drops it: there is no other way back (RFC 7118 section 5).
	if (w2_send(server->w2, uas->conn, response, &server->last) == -ENOMEM)
		ret = -ENOMEM;
	state_after(server, sip->sip_status->st_status);
	msg_destroy(response);
	return ret;
}

static void reply(struct w2_server *server, int status, const char *phrase)
{
	msg_t *response = sip_message_response(server->uas.request, status, phrase, server->tag);

	if (response)
		server_respond(&server->uas, response);
}

static void server_acked(struct uas *uas)
{
	struct w2_server *server = (struct w2_server *)uas;

	if (server->state == ACCEPTED)
		terminate(server);
}

static void server_release(struct uas *uas)
{
	struct w2_server *server = (struct w2_server *)uas;

	uas->user = NULL;
	uas->arg = NULL;
	// A cancelled one gets its 487 when the CANCEL has been told.
	if (server->state == PROCEEDING && !server->cancelled)
		reply(server, SIP_500_INTERNAL_SERVER_ERROR);
	server_unref(server);
}

static const struct uas_ops server_ops = {server_respond, server_acked, server_release};

// Branch, sent-by, and what section 17.2.3 adds for old clients; an ACK or CANCEL finds its INVITE.
static char *key_of(ws_conn conn, const sip_t *sip, const char *method)
{
	const sip_via_t *via = sip->sip_via;
	char *key;

	if (asprintf(&key, "%llx|%s|%s|%s|%s|%u|%s", (unsigned long long)conn,
		    via->v_branch ? via->v_branch : "", via->v_host, via->v_port ? via->v_port : "",
		    sip->sip_call_id->i_id, sip->sip_cseq->cs_seq, method) < 0)
		return NULL;
	return key;
}

static struct w2_server *server_find(
	struct w2 *w2, ws_conn conn, const sip_t *sip, const char *method)
{
	char *key = key_of(conn, sip, method);
	struct sip_table_node *node = key ? sip_table_find(&w2->servers, key) : NULL;

	free(key);
	return node ? sip_table_object(node, struct w2_server, node) : NULL;
}

static struct w2_server *server_create(struct w2 *w2, ws_conn conn, msg_t *request)
{
	const sip_t *sip = sip_object(request);
	struct w2_server *server = calloc(1, sizeof(*server));
	char *key = key_of(conn, sip, sip_message_method(sip));

	if (!server || !key || sip_table_add(&w2->servers, &server->node, key) < 0) {
		free(server);
		free(key);
		return NULL;
	}
	free(key);
	server->uas.ops = &server_ops;
	server->uas.request = request;
	server->uas.w2 = true;
	server->uas.conn = conn;
	server->w2 = w2;
	server->invite = sip->sip_request->rq_method == sip_method_invite;
	server->refs = 2;
	sip_token_make(server->tag);
	return server;
}

// A response outside of any transaction, such as 481 to a CANCEL.
static void reply_stateless(
	struct w2 *w2, ws_conn conn, msg_t *request, int status, const char *tag)
{
	char fresh[SIP_TAG_LEN];
	msg_t *response;

	sip_token_make(fresh);
	response = sip_message_response(request, status, NULL, tag ? tag : fresh);
	if (response)
		w2_send(w2, conn, response, NULL);
	msg_destroy(response);
}

static void cancel_receive(struct w2 *w2, ws_conn conn, msg_t *cancel)
{
	struct w2_server *server = server_find(w2, conn, sip_object(cancel), "INVITE");

	if (!server) {
		reply_stateless(w2, conn, cancel, 481, NULL);
		return;
	}
	reply_stateless(w2, conn, cancel, 200, server->tag);
	if (server->state != PROCEEDING || server->cancelled)
		return;
	server->cancelled = true;
	server->refs++;
	if (server->uas.user)
		server->uas.user->on_cancel(server->uas.arg, cancel);
	if (server->state == PROCEEDING)
		reply(server, SIP_487_REQUEST_CANCELLED);
	server_unref(server);
}

static void ack_receive(struct w2 *w2, ws_conn conn, msg_t *ack)
{
	struct w2_server *server = server_find(w2, conn, sip_object(ack), "INVITE");

	if (server && server->state == COMPLETED)
		terminate(server);
	else if (!server || server->state == ACCEPTED)
		w2->config.on_ack(w2->config.arg, conn, ack);
}

void w2_server_receive(struct w2 *w2, ws_conn conn, msg_t *request)
{
	const sip_t *sip = sip_object(request);
	struct w2_server *server;

	if (sip_method_is(sip, "ACK") || sip_method_is(sip, "CANCEL")) {
		if (sip_method_is(sip, "ACK"))
			ack_receive(w2, conn, request);
		else
			cancel_receive(w2, conn, request);
		msg_destroy(request);
		return;
	}
	server = server_find(w2, conn, sip, sip_message_method(sip));
	if (server) {
		if (server->last)
			w2->config.send(w2->config.arg, conn, server->last, strlen(server->last));
		msg_destroy(request);
		return;
	}
	server = server_create(w2, conn, request);
	if (!server) {
		reply_stateless(w2, conn, request, 500, NULL);
		msg_destroy(request);
		return;
	}
	if (server->invite)
		reply(server, SIP_100_TRYING);
	w2->config.on_request(w2->config.arg, &server->uas);
}

static void drop(struct sip_table_node *node, void *arg)
{
	struct w2_server *server = sip_table_object(node, struct w2_server, node);

	(void)arg;
	server->uas.user = NULL;
	server->refs = 1;
	terminate(server);
}

void w2_server_drop_all(struct w2 *w2)
{
	sip_table_each(&w2->servers, drop, NULL);
}
