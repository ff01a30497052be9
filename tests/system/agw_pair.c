// SPDX-License-Identifier: Apache-2.0
// Two WICs of one eims-agw call each other: each core leg sends to the other's, so the media turns round inside (hairpin).
//
// usage: agw_pair IQ-SOCKET WIC-NAMESPACE WIC-IP CORE-FAMILY(4|6)
#include "agw_iq.h"

#include <stdio.h>
#include <string.h>

#define PACKETS 50

struct side {
	struct wic wic;
	struct iq_context_local local;
	struct arrival arrival;
	uint32_t ssrc;
};

static void talk(struct controller *controller, struct side *sides)
{
	uint8_t packet[2048];

	for (unsigned n = 0; n < PACKETS; n++) {
		for (unsigned i = 0; i < 2; i++)
			wic_send(
				&sides[i].wic, packet, rtp_write(packet, WIC_PT, n, sides[i].ssrc));
		for (unsigned i = 0; i < 2; i++)
			wic_take(&sides[i].wic, &sides[i].arrival, 5);
		controller_turn(controller);
	}
	for (unsigned k = 0; k < 200; k++) {
		for (unsigned i = 0; i < 2; i++) {
			if (sides[i].arrival.count < PACKETS)
				wic_take(&sides[i].wic, &sides[i].arrival, 10);
		}
	}
	printf("%u and %u of %u\n", sides[0].arrival.count, sides[1].arrival.count, PACKETS);
	if (sides[0].arrival.count != PACKETS || sides[1].arrival.count != PACKETS)
		die("packets are missing");
}

int main(int argc, char **argv)
{
	static struct controller controller;
	static struct side sides[2];

	if (argc != 5)
		die("usage: agw_pair IQ-SOCKET WIC-NS WIC-IP CORE-FAMILY");
	srtp_init();
	controller_init(&controller, argv[1]);
	for (unsigned i = 0; i < 2; i++) {
		struct side *side = &sides[i];
		struct iq_addr candidate = iq_addr_of(argv[3], (uint16_t)(6000 + i));

		wic_init(&side->wic, socket_in(argv[2], argv[3], candidate.port),
			"SRTP_AES128_CM_SHA1_80");
		side->ssrc = 0x1000 + i;
		audio_reserve(&controller, &side->local);
		access_set(&controller, &side->local, &side->wic, &candidate);
		audio_set(&controller, &side->local, side->ssrc);
		side->arrival = (struct arrival){.name = i == 0 ? "to the first" : "to the second",
			.pt = WIC_PT,
			.ssrc = side->local.ssrc[0][IQ_LEG_ACCESS]};
	}
	for (unsigned i = 0; i < 2; i++) {
		const struct iq_local_transport *other = &sides[1 - i].local.core[0];

		core_set(&controller, &sides[i].local,
			strcmp(argv[4], "6") == 0 ? &other->v6 : &other->v4);
		wic_connect(
			&controller, &sides[i].wic, &sides[i].local, strchr(argv[3], ':') != NULL);
	}
	talk(&controller, sides);
	for (unsigned i = 0; i < 2; i++) {
		struct iq_context_ref ref = {.handle = sides[i].local.handle};

		command(&controller, IQ_CONTEXT_DELETE, ref.handle, &ref);
		wic_fini(&sides[i].wic);
	}
	controller_fini(&controller);
	srtp_shutdown();
	return 0;
}
