// SPDX-License-Identifier: Apache-2.0
// What all rows of a run have in common, as a JSON object: processor, clocks, libraries, how the packets come.
#include "bench.h"
#include "gateway.h"

#include <rte_version.h>

#include <openssl/crypto.h>

#include <intel-ipsec-mb.h>
#include <stdio.h>
#include <string.h>

static void cpu_model(char *model, size_t room)
{
	FILE *file = fopen("/proc/cpuinfo", "r");
	char line[256];

	snprintf(model, room, "unknown");
	while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
		char *at = strchr(line, ':');

		if (strncmp(line, "model name", 10) != 0 || at == NULL)
			continue;
		snprintf(model, room, "%.*s", (int)strcspn(at + 2, "\n\""), at + 2);
		break;
	}
	if (file != NULL)
		fclose(file);
}

// Multiplications that wait for each other take three clocks of the core each.
static double core_hz(void)
{
	double best = 0;

	for (int i = 0; i < 20; i++) {
		uint64_t start = bench_tsc(), x = 3;
		double ticks;

		for (int k = 0; k < 100000; k++)
			__asm__ volatile("imul %0, %0\n\timul %0, %0\n\timul %0, %0\n\timul %0, %0"
					 : "+r"(x));
		ticks = (double)(bench_tsc() - start);
		if (1200000 / ticks > best)
			best = 1200000 / ticks;
	}
	return best * bench_tsc_hz();
}

int main(void)
{
	struct srtp_ctx *srtp = srtp_ctx_create(SRTP_ARCH_AUTO);
	char model[128];

	if (srtp == NULL)
		bench_fail("no SRTP on this processor");
	cpu_model(model, sizeof(model));
	printf("{\"cpu\":\"%s\",\"tsc_mhz\":%.0f,\"core_mhz\":%.0f,\"device\":\"net_ring, zero "
	       "copy\","
	       "\"ring\":%d,\"burst\":%d,\"dpdk\":\"%s\",\"ipsec_mb\":\"%s\",\"ipsec_mb_arch\":\"%"
	       "s\","
	       "\"openssl\":\"%s\"}\n",
		model, bench_tsc_hz() / 1e6, core_hz() / 1e6, GATEWAY_RING_LEN, BURST_MAX / 2,
		rte_version(), imb_get_version_str(), srtp_ctx_arch_name(srtp),
		OpenSSL_version(OPENSSL_VERSION));
	srtp_ctx_destroy(srtp);
	return 0;
}
