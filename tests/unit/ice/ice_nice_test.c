// SPDX-License-Identifier: Apache-2.0
// Against libnice as the other agent, over real sockets on loopback, in both roles.
#include "ice_parts.h"

#include <arpa/inet.h>
#include <errno.h>
#include <glib.h>
#include <nice/agent.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

struct far {
	NiceAgent *nice;
	GMainContext *context;
	guint stream;
	unsigned received;
	bool ready;
};

static struct ice_agent agent;
static struct ice_view view;
static int sock;

static uint64_t now_us(void)
{
	return (uint64_t)g_get_monotonic_time();
}

static void on_send(void *arg, const struct ice_tuple *to, const uint8_t *bytes, uint16_t len)
{
	struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons(to->remote_port)};

	(void)arg;
	memcpy(&addr.sin_addr, to->remote_ip, 4);
	sendto(sock, bytes, len, 0, (struct sockaddr *)&addr, sizeof(addr));
}

static uint64_t on_random(void *arg)
{
	uint64_t value = 0;

	(void)arg;
	assert_int_equal(getrandom(&value, sizeof(value), 0), sizeof(value));
	return value;
}

static struct ice_env env_now(void)
{
	return (struct ice_env){.now_us = now_us(), .send = on_send, .random = on_random};
}

static void on_received(
	NiceAgent *nice, guint stream, guint component, guint len, gchar *buf, gpointer arg)
{
	struct far *far = arg;

	(void)nice, (void)stream, (void)component;
	far->received += len == 5 && memcmp(buf, "hello", 5) == 0;
}

static void on_state(NiceAgent *nice, guint stream, guint component, guint state, gpointer arg)
{
	(void)nice, (void)stream, (void)component;
	((struct far *)arg)->ready = state == NICE_COMPONENT_STATE_READY;
}

static void far_open(struct far *far, bool controlling)
{
	NiceAddress *addr = nice_address_new();

	*far = (struct far){.context = g_main_context_new()};
	far->nice = nice_agent_new(far->context, NICE_COMPATIBILITY_RFC5245);
	g_object_set(
		far->nice, "controlling-mode", controlling, "upnp", FALSE, "ice-tcp", FALSE, NULL);
	nice_address_set_from_string(addr, "127.0.0.1");
	nice_agent_add_local_address(far->nice, addr);
	nice_address_free(addr);
	g_signal_connect(far->nice, "component-state-changed", G_CALLBACK(on_state), far);
	far->stream = nice_agent_add_stream(far->nice, 1);
	nice_agent_attach_recv(far->nice, far->stream, 1, far->context, on_received, far);
	assert_true(nice_agent_gather_candidates(far->nice, far->stream));
}

static void near_open(bool controlling)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(addr);
	struct ice_start start = {.controlling = controlling,
		.components = 1,
		.local_count = 1,
		.ufrag = "nearby",
		.pwd = "a-password-for-the-near-side",
		.tiebreaker = on_random(NULL)};

	sock = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(sock, (struct sockaddr *)&addr, len), 0);
	assert_int_equal(getsockname(sock, (struct sockaddr *)&addr, &len), 0);
	start.locals[0] = (struct ice_local){.family = 4, .port = ntohs(addr.sin_port)};
	memcpy(start.locals[0].ip, &addr.sin_addr, 4);
	ice_init(&agent, &view, &start);
}

// Far's description to us; its candidates only when asked for, else its checks must tell.
static void describe_far(struct far *far, bool candidates)
{
	struct ice_env env = env_now();
	struct iq_remote_transport remote = {.ice = 1, .rtcp_mux = 1};
	GSList *list = nice_agent_get_local_candidates(far->nice, far->stream, 1);
	gchar *ufrag, *pwd;

	assert_true(nice_agent_get_local_credentials(far->nice, far->stream, &ufrag, &pwd));
	snprintf(remote.ufrag, sizeof(remote.ufrag), "%s", ufrag);
	snprintf(remote.pwd, sizeof(remote.pwd), "%s", pwd);
	g_free(ufrag);
	g_free(pwd);
	for (GSList *i = list; candidates && i != NULL; i = i->next) {
		const NiceCandidate *c = i->data;
		struct iq_candidate *to = &remote.candidates[remote.candidate_count++];

		*to = (struct iq_candidate){
			.component = 1, .priority = c->priority, .foundation = 1};
		to->addr.family = 4;
		to->addr.port = (uint16_t)nice_address_get_port(&c->addr);
		memcpy(to->addr.ip, &c->addr.s.ip4.sin_addr, 4);
	}
	assert_true(!candidates || remote.candidate_count > 0);
	g_slist_free_full(list, (GDestroyNotify)nice_candidate_free);
	ice_remote_set(&agent, &view, &remote, &env);
}

static void describe_near(struct far *far)
{
	NiceCandidate *c = nice_candidate_new(NICE_CANDIDATE_TYPE_HOST);
	GSList *list = g_slist_append(NULL, c);

	assert_true(nice_agent_set_remote_credentials(
		far->nice, far->stream, "nearby", "a-password-for-the-near-side"));
	c->component_id = 1;
	c->stream_id = far->stream;
	c->transport = NICE_CANDIDATE_TRANSPORT_UDP;
	c->priority = ice_priority(IQ_CANDIDATE_HOST, 0, 0);
	strcpy(c->foundation, "1");
	nice_address_set_from_string(&c->addr, "127.0.0.1");
	nice_address_set_port(&c->addr, agent.locals[0].port);
	assert_int_equal(nice_agent_set_remote_candidates(far->nice, far->stream, 1, list), 1);
	g_slist_free_full(list, (GDestroyNotify)nice_candidate_free);
}

static void near_read(void)
{
	struct ice_env env = env_now();
	struct sockaddr_in addr;
	socklen_t len = sizeof(addr);
	uint8_t bytes[1500];
	ssize_t got;

	while ((got = recvfrom(sock, bytes, sizeof(bytes), 0, (struct sockaddr *)&addr, &len)) >
		0) {
		struct ice_tuple from = {.family = 4, .remote_port = ntohs(addr.sin_port)};

		memcpy(from.remote_ip, &addr.sin_addr, 4);
		ice_input(&agent, &view, &from, bytes, (uint16_t)got, &env);
	}
}

// Both sides' loops until `done` or 20 s.
static bool run_until(struct far *far, bool (*done)(const struct far *far))
{
	uint64_t end = now_us() + 20000000;
	struct pollfd fd = {.fd = sock, .events = POLLIN};

	while (!done(far) && now_us() < end) {
		uint64_t due = ice_deadline_us(&agent);
		struct ice_env env = env_now();

		while (g_main_context_iteration(far->context, FALSE))
			;
		if (due != 0 && due <= env.now_us)
			ice_timer(&agent, &view, &env);
		poll(&fd, 1, 2);
		near_read();
	}
	return done(far);
}

static bool both_are_ready(const struct far *far)
{
	return far->ready && agent.nominated[0] != ICE_NONE && view.consent &&
		ice_rtt_us(&agent) != 0;
}

static bool consent_was_asked(const struct far *far)
{
	(void)far;
	return agent.consent[0].sent_us != 0 &&
		agent.consent[0].expires_us > agent.consent[0].sent_us + ICE_CONSENT_US;
}

static bool data_has_come(const struct far *far)
{
	return far->received > 0;
}

static void meet(bool controlling, bool far_controlling, bool candidates)
{
	struct far far;

	near_open(controlling);
	far_open(&far, far_controlling);
	describe_far(&far, candidates);
	describe_near(&far);
	assert_true(run_until(&far, both_are_ready));
	assert_int_equal(ice_state(&agent), IQ_ICE_CONNECTED);
	assert_int_equal(
		ice_remote_type(&agent), candidates ? IQ_CANDIDATE_HOST : IQ_CANDIDATE_PRFLX);
	on_send(NULL, &view.selected[0], (const uint8_t *)"hello", 5);
	assert_true(run_until(&far, data_has_come));
	if (controlling && !far_controlling)
		assert_true(run_until(&far, consent_was_asked));
	g_object_unref(far.nice);
	g_main_context_unref(far.context);
	close(sock);
}

static void test_we_control(void **state)
{
	(void)state;
	meet(true, false, true);
}

static void test_libnice_controls(void **state)
{
	(void)state;
	meet(false, true, true);
}

static void test_both_control(void **state)
{
	(void)state;
	meet(true, true, true);
}

static void test_nobody_controls(void **state)
{
	(void)state;
	meet(false, false, true);
}

static void test_without_its_candidates(void **state)
{
	(void)state;
	meet(false, true, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_we_control),
		cmocka_unit_test(test_libnice_controls),
		cmocka_unit_test(test_both_control),
		cmocka_unit_test(test_nobody_controls),
		cmocka_unit_test(test_without_its_candidates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
