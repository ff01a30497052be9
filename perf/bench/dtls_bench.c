// SPDX-License-Identifier: Apache-2.0
// dtls.handshakes_per_s: what one service thread does on a core of its own.
#include "bench.h"
#include "dtls_client.h"

#include <stdio.h>

#define HANDSHAKES 1000 // of a sample

int main(int argc, char **argv)
{
	struct dtls_bed *bed = dtls_bed_create(&(struct dtls_config){.workers = 1, .linger_s = 5});
	double samples[BENCH_SAMPLES_MAX], wall_s = 0;
	struct bench_options options;
	char conditions[160];
	struct bench_row row = {.name = "dtls.handshakes_per_s",
		.unit = "1/s",
		.conditions = conditions,
		.remark = "of a second that the service's thread runs; a client costs as much as a "
			  "server, "
			  "so that the clients' core is the limit of the clock's"};

	bench_options_read(&options, argc, argv);
	dtls_bed_run(bed, 0, 100);
	for (unsigned i = 0; i < options.repeats; i++) {
		double cpu_s = dtls_bed_cpu_s(bed);
		uint64_t start = bench_tsc();

		dtls_bed_run(bed, 100, HANDSHAKES);
		wall_s += (double)(bench_tsc() - start) / bench_tsc_hz();
		samples[i] = HANDSHAKES / (dtls_bed_cpu_s(bed) - cpu_s);
		for (uint16_t n = 100; n < 100 + HANDSHAKES; n++)
			dtls_bed_stop(bed, n);
	}
	snprintf(conditions, sizeof(conditions),
		"\"certificate\":\"ECDSA P-256\",\"mutual\":true,\"per_s_of_the_clock\":%.0f",
		options.repeats * HANDSHAKES / wall_s);
	bench_row_print(&row, samples, options.repeats);
	dtls_bed_destroy(bed);
	return 0;
}
