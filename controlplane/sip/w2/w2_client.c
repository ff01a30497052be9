// SPDX-License-Identifier: Apache-2.0
// Client transactions of W2 (RFC 3261 section 17.1, RFC 6026): our requests to browsers.
#include "w2_priv.h"

#include <sofia-sip/sip_header.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum client_state {
	CALLING, // Trying too
	PROCEEDING,
	ACCEPTED, // INVITE: a 2xx came, timer M
	TERMINATED, // Completed lasts no time on a reliable transport (timers D and K are 0)
};

struct w2_client {
	struct uac uac;
	struct sip_table_node node;
	struct w2 *w2;
	ws_conn conn;
	msg_t *request;
	enum client_state state;
	bool invite, cancel_wanted, cancel_sent;
	unsigned refs; // of the layer until terminated, of the user until released, of a callback
	void *timer;
	char *reason; // of the CANCEL
	char *ack; // text of the ACK of the 2xx
};

static void client_unref(struct w2_client *client)
{
	if (--client->refs > 0)
		return;
	msg_destroy(client->request);
	free(client->reason);
	free(client->ack);
	free(client);
}

static void timer_set(struct w2_client *client, unsigned ms, void (*on_timer)(void *arg))
{
	const struct sip_timers *timers = &client->w2->config.timers;

	timers->stop(timers->loop, client->timer);
	client->timer = on_timer ? timers->start(timers->loop, ms, on_timer, client) : NULL;
}

static void terminate(struct w2_client *client)
{
	if (client->state == TERMINATED)
		return;
	client->state = TERMINATED;
	timer_set(client, 0, NULL);
	sip_table_del(&client->w2->clients, &client->node);
	client_unref(client);
}

// Ends the transaction, then tells: the user may start another one at once.
static void finish(struct w2_client *client, int status, msg_t *response)
{
	client->refs++;
	terminate(client);
	if (client->uac.on_response)
		client->uac.on_response(client->uac.arg, status, response);
	client_unref(client);
}

static void on_timeout(void *arg)
{
	struct w2_client *client = arg;

	client->timer = NULL;
	finish(client, client->cancel_sent ? 487 : 408, NULL);
}

static void on_unsent(void *arg)
{
	struct w2_client *client = arg;

	client->timer = NULL;
	finish(client, 503, NULL);
}

static void on_timer_m(void *arg)
{
	struct w2_client *client = arg;

	client->timer = NULL;
	terminate(client);
}

// CANCEL, and the ACK of a failure: the request's URI, Route, Call-ID, From and CSeq number, and its one Via.
static msg_t *follow_up(const struct w2_client *client, const char *method, const sip_to_t *to)
{
	const sip_t *was = sip_object(client->request);
	msg_t *msg = sip_message_request(
		method, url_as_string(msg_home(client->request), was->sip_request->rq_url));
	sip_t *sip = msg ? sip_object(msg) : NULL;

	if (!msg)
		return NULL;
	if (sip_add_dup(msg, sip, (sip_header_t *)was->sip_via) < 0 ||
		(was->sip_route && sip_add_dup(msg, sip, (sip_header_t *)was->sip_route) < 0) ||
		sip_add_dup(msg, sip, (sip_header_t *)was->sip_from) < 0 ||
		sip_add_dup(msg, sip, (sip_header_t *)to) < 0 ||
		sip_add_dup(msg, sip, (sip_header_t *)was->sip_call_id) < 0 ||
		sip_message_addf(msg, "CSeq", "%u %s", was->sip_cseq->cs_seq, method) < 0 ||
		sip_message_add(msg, "Max-Forwards", "70") < 0) {
		msg_destroy(msg);
		return NULL;
	}
	return msg;
}

static int client_insert(struct w2_client *client)
{
	const sip_t *sip = sip_object(client->request);
	char key[256];

	snprintf(key, sizeof(key), "%s|%s", sip->sip_via->v_branch, sip_message_method(sip));
	return sip_table_add(&client->w2->clients, &client->node, key);
}

static void cancel_send(struct w2_client *client)
{
	msg_t *cancel = follow_up(client, "CANCEL", sip_object(client->request)->sip_to);
	struct w2_client *other = calloc(1, sizeof(*other));

	if (!cancel || !other)
		goto err;
	if (client->reason && sip_message_add(cancel, "Reason", client->reason) < 0)
		goto err;
	other->w2 = client->w2;
	other->conn = client->conn;
	other->request = cancel;
	other->refs = 1;
	if (client_insert(other) < 0)
		goto err;
	w2_send(client->w2, client->conn, cancel, NULL);
	timer_set(other, w2_lifetime_ms(client->w2), on_timeout);
	client->cancel_sent = true;
	// A peer that never answers the INVITE now is given up (section 9.1).
	timer_set(client, w2_lifetime_ms(client->w2), on_timeout);
	return;
err:
	msg_destroy(cancel);
	free(other);
}

static int client_cancel(struct uac *uac, const char *reason)
{
	struct w2_client *client = (struct w2_client *)uac;

	if (client->cancel_wanted || client->state == ACCEPTED || client->state == TERMINATED)
		return -EALREADY;
	client->cancel_wanted = true;
	client->reason = reason ? strdup(reason) : NULL;
	if (client->state == PROCEEDING)
		cancel_send(client);
	return 0;
}

static int via_add(struct w2 *w2, msg_t *msg)
{
	char branch[SIP_TAG_LEN];

	sip_token_make(branch);
	return sip_message_addf(
		msg, "Via", "SIP/2.0/WSS %s;branch=z9hG4bK%s", w2->config.host, branch);
}

static int client_ack(struct uac *uac, msg_t *ack, ws_conn conn)
{
	struct w2_client *client = (struct w2_client *)uac;
	int ret = via_add(client->w2, ack);

	if (ret == 0)
		ret = w2_send(client->w2, conn, ack, &client->ack);
	msg_destroy(ack);
	return ret;
}

static void client_release(struct uac *uac)
{
	struct w2_client *client = (struct w2_client *)uac;

	uac->on_response = NULL;
	uac->arg = NULL;
	client_unref(client);
}

static const struct uac_ops client_ops = {client_cancel, client_ack, client_release};

struct uac *w2_client_start(struct sip_sender *sender, ws_conn conn, msg_t *request,
	uac_on_response on_response, void *arg)
{
	struct w2 *w2 = (struct w2 *)sender;
	struct w2_client *client = calloc(1, sizeof(*client));

	if (!client || via_add(w2, request) < 0)
		goto err;
	client->uac = (struct uac){&client_ops, on_response, arg};
	client->w2 = w2;
	client->conn = conn;
	client->request = request;
	client->invite = sip_object(request)->sip_request->rq_method == sip_method_invite;
	client->refs = 2;
	if (client_insert(client) < 0)
		goto err;
	if (conn == 0 || w2_send(w2, conn, request, NULL) < 0)
		timer_set(client, 0, on_unsent);
	else
		timer_set(client, w2_lifetime_ms(w2), on_timeout);
	return &client->uac;
err:
	msg_destroy(request);
	free(client);
	errno = ENOMEM;
	return NULL;
}

static void failure_ack(struct w2_client *client, const sip_t *response)
{
	msg_t *ack = follow_up(client, "ACK", response->sip_to);

	if (ack)
		w2_send(client->w2, client->conn, ack, NULL);
	msg_destroy(ack);
}

static void provisional(struct w2_client *client, int status, msg_t *response)
{
	if (client->state == CALLING) {
		client->state = PROCEEDING;
		if (client->invite)
			timer_set(client, 0, NULL);
		if (client->cancel_wanted)
			cancel_send(client);
	}
	if (status == 100 || !client->uac.on_response)
		return;
	client->uac.on_response(client->uac.arg, status, response);
}

static void accepted(struct w2_client *client, int status, msg_t *response)
{
	client->state = ACCEPTED;
	timer_set(client, w2_lifetime_ms(client->w2), on_timer_m);
	if (client->uac.on_response)
		client->uac.on_response(client->uac.arg, status, response);
}

static void client_response(struct w2_client *client, msg_t *response)
{
	const sip_t *sip = sip_object(response);
	int status = sip->sip_status->st_status;

	if (client->state == ACCEPTED) {
		// The 2xx came again: so does its ACK.
		if (status >= 200 && status < 300 && client->ack)
			client->w2->config.send(client->w2->config.arg, client->conn, client->ack,
				strlen(client->ack));
	} else if (status < 200) {
		provisional(client, status, response);
	} else if (!client->invite) {
		finish(client, status, response);
	} else if (status < 300) {
		accepted(client, status, response);
	} else {
		failure_ack(client, sip);
		finish(client, status, response);
	}
}

void w2_client_receive(struct w2 *w2, ws_conn conn, msg_t *response)
{
	const sip_t *sip = sip_object(response);
	struct sip_table_node *node = NULL;
	char key[256];

	if (sip->sip_via->v_branch && !sip->sip_via->v_next &&
		snprintf(key, sizeof(key), "%s|%s", sip->sip_via->v_branch,
			sip_message_method(sip)) < (int)sizeof(key))
		node = sip_table_find(&w2->clients, key);
	if (node && sip_table_object(node, struct w2_client, node)->conn == conn) {
		struct w2_client *client = sip_table_object(node, struct w2_client, node);

		client->refs++;
		client_response(client, response);
		client_unref(client);
	} else {
		w2->unmatched++;
	}
	msg_destroy(response);
}

static void fail_soon(struct sip_table_node *node, void *arg)
{
	struct w2_client *client = sip_table_object(node, struct w2_client, node);

	if (client->conn == *(ws_conn *)arg && client->state != ACCEPTED)
		timer_set(client, 0, on_unsent);
}

void w2_client_closed(struct w2 *w2, ws_conn conn)
{
	sip_table_each(&w2->clients, fail_soon, &conn);
}

static void drop(struct sip_table_node *node, void *arg)
{
	struct w2_client *client = sip_table_object(node, struct w2_client, node);

	(void)arg;
	client->uac.on_response = NULL;
	client->refs = 1;
	terminate(client);
}

void w2_client_drop_all(struct w2 *w2)
{
	sip_table_each(&w2->clients, drop, NULL);
}
