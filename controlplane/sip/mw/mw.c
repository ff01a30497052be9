// SPDX-License-Identifier: Apache-2.0
// The nta agent of Mw: its sockets, its server and client transactions.
#include "mw.h"

#include "clock.h"
#include "log.h"
#include "sip_message.h"

#include <sofia-sip/su_wait.h>

#define NTA_AGENT_MAGIC_T struct mw
#define NTA_OUTGOING_MAGIC_T struct mw_client
#define NTA_INCOMING_MAGIC_T struct mw_server
#include <sofia-sip/msg_addr.h>
#include <sofia-sip/nta.h>
#include <sofia-sip/nta_stateless.h>
#include <sofia-sip/nta_tag.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_status.h>
#include <sofia-sip/sip_tag.h>
#include <sofia-sip/tport_tag.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UDP_MAX 1300
#define TIMER_C_MS 300000
#define STRANGERS_PER_S 20 // answered; others are counted

struct mw {
	struct sip_sender sender; // first: the agent is its own sender
	struct mw_config config;
	nta_agent_t *agent;
	uint64_t strangers_us; // the second in which strangers were answered
	unsigned strangers;
	struct mw_counters counters;
	char own_v4[80], own_v6[80]; // host:port
};

struct mw_server {
	struct uas uas;
	struct mw *mw;
	nta_incoming_t *irq;
	bool invite, final;
};

struct mw_client {
	struct uac uac;
	struct mw *mw;
	nta_outgoing_t *orq;
	unsigned refs; // of the user until released, of a callback
};

static int server_respond(struct uas *uas, msg_t *response)
{
	struct mw_server *server = (struct mw_server *)uas;
	const sip_t *sip = sip_object(response);
	int status = sip->sip_status->st_status;

	if (server->final) {
		msg_destroy(response);
		return -EALREADY;
	}
	if (status > 100 && sip->sip_to->a_tag)
		nta_incoming_tag(server->irq, sip->sip_to->a_tag);
	server->final = status >= 200;
	return nta_incoming_mreply(server->irq, response) < 0 ? -EIO : 0;
}

static void server_acked(struct uas *uas)
{
	(void)uas; // nta has seen the ACK itself
}

static void server_release(struct uas *uas)
{
	struct mw_server *server = (struct mw_server *)uas;

	nta_incoming_destroy(server->irq); // answers 500 when nothing else was
	msg_destroy(uas->request);
	free(server);
}

static const struct uas_ops server_ops = {server_respond, server_acked, server_release};

// ACK, CANCEL, or (sip NULL) neither for 64*T1 after a final response.
static int on_ack_or_cancel(struct mw_server *server, nta_incoming_t *irq, const sip_t *sip)
{
	const struct uas_user *user = server->uas.user;
	msg_t *msg;

	if (!user)
		return 0;
	if (!sip) {
		if (server->final && server->invite)
			user->on_no_ack(server->uas.arg);
		return 0;
	}
	msg = nta_incoming_getrequest_ackcancel(irq);
	if (sip->sip_request->rq_method == sip_method_cancel) {
		server->final = true; // nta sends 487 when this returns
		user->on_cancel(server->uas.arg, msg);
	} else if (sip->sip_request->rq_method == sip_method_ack &&
		nta_incoming_status(irq) < 300) {
		user->on_ack(server->uas.arg, msg);
	}
	msg_destroy(msg);
	return 0;
}

static bool is_from_peer(const struct mw *mw, msg_t *msg)
{
	const su_sockaddr_t *from = msg_addr(msg);
	char text[INET6_ADDRSTRLEN];
	struct in6_addr peer;

	if (from->su_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&from->su_sin6.sin6_addr))
		inet_ntop(AF_INET, &from->su_sin6.sin6_addr.s6_addr[12], text, sizeof(text));
	else if (!inet_ntop(from->su_family, SU_ADDR(from), text, sizeof(text)))
		return false;
	for (unsigned i = 0; i < mw->config.peer_count; i++) {
		char canonical[INET6_ADDRSTRLEN];
		int family = strchr(mw->config.peers[i], ':') ? AF_INET6 : AF_INET;

		if (inet_pton(family, mw->config.peers[i], &peer) == 1 &&
			inet_ntop(family, &peer, canonical, sizeof(canonical)) &&
			strcmp(canonical, text) == 0)
			return true;
	}
	return false;
}

// A stranger costs no memory: no transaction, and not more answers than a person could have use for.
static void stranger_answer(struct mw *mw, msg_t *msg, const sip_t *sip)
{
	uint64_t now_us = clock_now_us();

	mw->counters.forbidden++;
	if (now_us - mw->strangers_us >= 1000000u) {
		mw->strangers_us = now_us;
		mw->strangers = 0;
	}
	if (sip->sip_request->rq_method == sip_method_ack || mw->strangers >= STRANGERS_PER_S) {
		nta_msg_discard(mw->agent, msg);
		return;
	}
	mw->strangers++;
	log_info("mw: %s from a peer that isn't trusted", sip->sip_request->rq_method_name);
	nta_msg_treply(mw->agent, msg, SIP_403_FORBIDDEN, TAG_END());
}

static void request_take(struct mw *mw, nta_incoming_t *irq, const sip_t *sip)
{
	struct mw_server *server = calloc(1, sizeof(*server));

	if (!server) {
		nta_incoming_treply(irq, SIP_500_INTERNAL_SERVER_ERROR, TAG_END());
		nta_incoming_destroy(irq);
		return;
	}
	server->uas.ops = &server_ops;
	server->uas.request = nta_incoming_getrequest(irq);
	server->mw = mw;
	server->irq = irq;
	server->invite = sip->sip_request->rq_method == sip_method_invite;
	nta_incoming_bind(irq, on_ack_or_cancel, server);
	if (server->invite)
		nta_incoming_treply(irq, SIP_100_TRYING, TAG_END());
	mw->config.on_request(mw->config.arg, &server->uas);
}

// What belongs to no transaction of nta's. Only here a request gets one.
static int on_nta_message(struct mw *mw, nta_agent_t *agent, msg_t *msg, sip_t *sip)
{
	nta_incoming_t *irq;

	if (!sip || !sip->sip_request) {
		nta_msg_discard(agent, msg);
	} else if (!is_from_peer(mw, msg)) {
		stranger_answer(mw, msg, sip);
	} else if (sip->sip_request->rq_method == sip_method_ack) {
		nta_msg_discard(agent, msg);
	} else if (sip->sip_request->rq_method == sip_method_cancel) {
		nta_msg_treply(agent, msg, SIP_481_NO_TRANSACTION, TAG_END());
	} else {
		irq = nta_incoming_create(agent, NULL, msg, sip, TAG_END());
		if (irq)
			request_take(mw, irq, sip);
	}
	return 0;
}

static void client_unref(struct mw_client *client)
{
	if (--client->refs > 0)
		return;
	nta_outgoing_destroy(client->orq);
	free(client);
}

// A response whose datagram ended before its body is as if it hadn't come (RFC 3261 section 18.3). sofia drops those that
// have a part of it. A final one without any is over for nta, and won't be told again: it goes on, without the body.
static bool is_to_be_dropped(struct mw_client *client, const sip_t *sip)
{
	if (!sip || nta_sip_is_internal(sip) || !sip_message_is_cut(sip))
		return false;
	client->mw->counters.cut++;
	return sip->sip_status->st_status < 200;
}

static int on_nta_response(struct mw_client *client, nta_outgoing_t *orq, const sip_t *sip)
{
	int status = sip ? sip->sip_status->st_status : 408;
	msg_t *msg = NULL;

	if (status == 100 || !client->uac.on_response || is_to_be_dropped(client, sip))
		return 0;
	if (sip && !nta_sip_is_internal(sip))
		msg = nta_outgoing_getresponse(orq);
	client->refs++;
	client->uac.on_response(client->uac.arg, status, msg);
	msg_destroy(msg);
	client_unref(client);
	return 0;
}

static int client_cancel(struct uac *uac, const char *reason)
{
	struct mw_client *client = (struct mw_client *)uac;

	nta_outgoing_tcancel(
		client->orq, NULL, NULL, TAG_IF(reason, SIPTAG_REASON_STR(reason)), TAG_END());
	return 0;
}

static int client_ack(struct uac *uac, msg_t *ack, ws_conn conn)
{
	struct mw_client *client = (struct mw_client *)uac;
	nta_outgoing_t *orq;

	(void)conn;
	// With the branch of the INVITE nta repeats this ACK for each repeated 2xx.
	orq = nta_outgoing_mcreate(client->mw->agent, NULL, NULL, NULL, ack,
		NTATAG_ACK_BRANCH(nta_outgoing_branch(client->orq)), TAG_END());
	if (!orq) {
		msg_destroy(ack);
		return -EIO;
	}
	nta_outgoing_destroy(orq); // nta keeps it for as long as it is needed
	return 0;
}

static void client_release(struct uac *uac)
{
	struct mw_client *client = (struct mw_client *)uac;

	uac->on_response = NULL;
	uac->arg = NULL;
	client_unref(client);
}

static const struct uac_ops client_ops = {client_cancel, client_ack, client_release};

static struct uac *client_start(struct sip_sender *sender, ws_conn conn, msg_t *request,
	uac_on_response on_response, void *arg)
{
	struct mw *mw = (struct mw *)sender;
	const sip_t *sip = sip_object(request);
	struct mw_client *client = calloc(1, sizeof(*client));
	const char *next = NULL;

	(void)conn;
	if (!client)
		goto err;
	client->uac = (struct uac){&client_ops, on_response, arg};
	client->mw = mw;
	client->refs = 1;
	if (!sip->sip_route && !sip->sip_to->a_tag)
		next = mw->config.core;
	client->orq = nta_outgoing_mcreate(
		mw->agent, on_nta_response, client, (const url_string_t *)next, request, TAG_END());
	if (client->orq)
		return &client->uac;
err:
	msg_destroy(request);
	free(client);
	errno = EIO;
	return NULL;
}

int mw_listen(struct mw *mw, const struct sip_listen *listen, char *err, size_t err_len)
{
	bool v6 = strchr(listen->address, ':') != NULL;
	char *own = v6 ? mw->own_v6 : mw->own_v4;
	unsigned idle_ms = 64 * mw->config.t1_ms;
	char address[80], uri[96];

	snprintf(address, sizeof(address), v6 ? "[%s]:%u" : "%s:%u", listen->address, listen->port);
	snprintf(uri, sizeof(uri), "sip:%s", address);
	// sofia reads no more from a stream after an error and never closes it, unless it is told how long one may idle.
	if (nta_agent_add_tport(mw->agent, (const url_string_t *)uri, TPTAG_IDLE(idle_ms),
		    TPTAG_TIMEOUT(idle_ms), TAG_END()) < 0) {
		int ret = errno != 0 ? -errno : -EADDRINUSE;

		snprintf(err, err_len, "mw: can't listen on %s port %u: %s", listen->address,
			listen->port, strerror(-ret));
		return ret;
	}
	if (!*own)
		memcpy(own, address, sizeof(address));
	return 0;
}

struct mw *mw_create(const struct mw_config *config, char *err, size_t err_len)
{
	unsigned t1_ms = config->t1_ms;
	struct mw *mw = calloc(1, sizeof(*mw));

	if (!mw)
		return NULL;
	mw->config = *config;
	mw->sender.send = client_start;
	mw->agent = nta_agent_create(config->root, (const url_string_t *)-1, on_nta_message, mw,
		NTATAG_UA(1), NTATAG_UDP_MTU(UDP_MAX), NTATAG_SIP_T1(t1_ms),
		NTATAG_SIP_T1X64(64 * t1_ms), NTATAG_TIMER_C(TIMER_C_MS), NTATAG_USE_TIMESTAMP(0),
		NTATAG_SERVER_RPORT(1), TAG_END());
	if (!mw->agent) {
		snprintf(err, err_len, "mw: the SIP stack can't be started");
		mw_destroy(mw);
		errno = ENOMEM;
		return NULL;
	}
	return mw;
}

void mw_destroy(struct mw *mw)
{
	if (!mw)
		return;
	nta_agent_destroy(mw->agent);
	free(mw);
}

struct sip_sender *mw_sender(struct mw *mw)
{
	return &mw->sender;
}

const char *mw_own_address(const struct mw *mw, const char *uri)
{
	bool v6 = strchr(uri, '[') != NULL;

	if (v6 && *mw->own_v6)
		return mw->own_v6;
	return *mw->own_v4 ? mw->own_v4 : mw->own_v6;
}

struct mw_counters mw_counters(const struct mw *mw)
{
	return mw->counters;
}
