// SPDX-License-Identifier: Apache-2.0
// One call through a running eims-agw, driven over Iq: a WIC in one namespace, a phone in another, media both ways.
//
// usage: agw_call IQ-SOCKET WIC-NAMESPACE WIC-IP IMS-NAMESPACE IMS-IP DTLS-PROFILES
#include "agw_iq.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PACKETS 50
#define WIC_SSRC 0x11223344
#define PHONE_SSRC 0x55667788

struct scene {
	struct controller controller;
	struct iq_context_local local;
	struct wic wic;
	int phone;
	struct sockaddr_storage gateway; // as the phone sees it
	socklen_t gateway_len;
};

static void gateway_set(struct scene *scene, bool is_v6)
{
	const struct iq_addr *addr = is_v6 ? &scene->local.core[0].v6 : &scene->local.core[0].v4;
	char ip[64];

	inet_ntop(is_v6 ? AF_INET6 : AF_INET, addr->ip, ip, sizeof(ip));
	address_set(&scene->gateway, &scene->gateway_len, ip, addr->port);
}

static void phone_take(struct scene *scene, struct arrival *arrival)
{
	uint8_t packet[2048];
	ssize_t len;

	while ((len = recv(scene->phone, packet, sizeof(packet), 0)) > 0)
		arrival_check(arrival, packet, (int)len);
}

static void talk(struct scene *scene)
{
	struct arrival to_phone = {
		.name = "to the phone", .pt = CORE_PT, .ssrc = scene->local.ssrc[0][IQ_LEG_CORE]};
	struct arrival to_wic = {
		.name = "to the WIC", .pt = WIC_PT, .ssrc = scene->local.ssrc[0][IQ_LEG_ACCESS]};
	uint8_t packet[2048];

	for (unsigned n = 0; n < PACKETS; n++) {
		int len = rtp_write(packet, CORE_PT, n, PHONE_SSRC);

		if (sendto(scene->phone, packet, (size_t)len, 0, (struct sockaddr *)&scene->gateway,
			    scene->gateway_len) < 0)
			die("phone: %m");
		wic_send(&scene->wic, packet, rtp_write(packet, WIC_PT, n, WIC_SSRC));
		wic_take(&scene->wic, &to_wic, 5);
		phone_take(scene, &to_phone);
		controller_turn(&scene->controller);
	}
	for (unsigned i = 0; i < 200 && (to_wic.count < PACKETS || to_phone.count < PACKETS); i++) {
		wic_take(&scene->wic, &to_wic, 10);
		phone_take(scene, &to_phone);
	}
	printf("to the phone %u of %u, to the WIC %u of %u\n", to_phone.count, PACKETS,
		to_wic.count, PACKETS);
	if (to_phone.count != PACKETS || to_wic.count != PACKETS)
		die("packets are missing");
}

static void state_check(struct scene *scene)
{
	struct iq_context_ref ref = {.handle = scene->local.handle};
	struct iq_context_state state;
	const struct iq_leg_state *access = &state.legs[IQ_LEG_ACCESS];

	command(&scene->controller, IQ_CONTEXT_GET, ref.handle, &ref);
	memcpy(&state, scene->controller.reply, sizeof(state));
	if (strcmp(state.ref, "agw test") != 0)
		die("ref is %.64s", state.ref);
	if (access->ice != IQ_ICE_CONNECTED || access->dtls != IQ_DTLS_CONNECTED ||
		access->consent != IQ_CONSENT_LIVE)
		die("ice %u, dtls %u, consent %u", access->ice, access->dtls, access->consent);
	if (access->in.packets != PACKETS || access->out.packets != PACKETS || access->in.lost != 0)
		die("access leg: %llu in, %llu out, %llu lost",
			(unsigned long long)access->in.packets,
			(unsigned long long)access->out.packets,
			(unsigned long long)access->in.lost);
	if (access->in.auth_failed + access->in.replayed != 0)
		die("%u bad tags, %u replays", access->in.auth_failed, access->in.replayed);
	if (scene->controller.states == 0)
		die("no state was told");
	printf("state: DTLS %04x cipher %04x profile %u (%s), rtt %u us\n", access->dtls_version,
		access->dtls_cipher, access->srtp_profile, scene->wic.profile, access->rtt_us);
}

static void end(struct scene *scene)
{
	struct iq_context_ref ref = {.handle = scene->local.handle};

	command(&scene->controller, IQ_CONTEXT_DELETE, ref.handle, &ref);
	if (command_try(&scene->controller, IQ_CONTEXT_GET, ref.handle, &ref) != -ENOENT)
		die("a deleted context answers");
}

int main(int argc, char **argv)
{
	static struct scene scene;
	struct iq_addr wic, phone;

	if (argc != 7)
		die("usage: agw_call IQ-SOCKET WIC-NS WIC-IP IMS-NS IMS-IP DTLS-PROFILES");
	srtp_init();
	wic = iq_addr_of(argv[3], 6000);
	phone = iq_addr_of(argv[5], 7000);
	wic_init(&scene.wic, socket_in(argv[2], argv[3], wic.port), argv[6]);
	scene.phone = socket_in(argv[4], argv[5], phone.port);
	controller_init(&scene.controller, argv[1]);
	audio_reserve(&scene.controller, &scene.local);
	core_set(&scene.controller, &scene.local, &phone);
	access_set(&scene.controller, &scene.local, &scene.wic, &wic);
	audio_set(&scene.controller, &scene.local, WIC_SSRC);
	gateway_set(&scene, phone.family == 6);
	wic_connect(&scene.controller, &scene.wic, &scene.local, wic.family == 6);
	talk(&scene);
	state_check(&scene);
	end(&scene);
	controller_fini(&scene.controller);
	wic_fini(&scene.wic);
	close(scene.phone);
	srtp_shutdown();
	return 0;
}
