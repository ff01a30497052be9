// SPDX-License-Identifier: Apache-2.0
// What every benchmark shares: its options, rows of figures on stdout, random orders that a seed fixes.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <x86intrin.h>

#define BENCH_SAMPLES_MAX 256

struct bench_options {
	bool quick; // fewer repetitions
	uint64_t seed; // of orders and keys
	unsigned repeats; // samples of a row, unless its benchmark says otherwise
	uint32_t legs; // media legs, two a context
	const char *suite; // "CM_80", "GCM_128" or "GCM_256"
	unsigned payload; // bytes of RTP payload
	unsigned ip; // 4 or 6
	const char *backend; // srtp_bench: only this one of avx512, ipsec-mb, libsrtp2; NULL: all
	uint32_t flows, batch; // srtp_bench: only these; 0: all
};

// Reads --quick, --seed N, --repeats N, --legs N, --suite NAME, --payload N, --ip N, --backend NAME, --flows N, --batch N; anything else ends the process with
// status 2. What isn't given is the base: 100000 legs, CM_80, 160 bytes, IPv4.
void bench_options_read(struct bench_options *options, int argc, char **argv);

// One measurement. conditions: the members of a JSON object, such as "\"legs\":1000,\"suite\":\"CM_80\"". remark: what
// bounds or disturbs the figure, NULL: nothing to say.
struct bench_row {
	const char *name, *unit, *conditions, *remark;
};

// Prints a row as a line of JSON: value is the median of n samples, which are sorted.
void bench_row_print(const struct bench_row *row, double *samples, unsigned n);
// The same of one sample.
void bench_row_print_one(const struct bench_row *row, double value);

// Sorts the samples.
double bench_median(double *samples, unsigned n);

// Ends the process with a message and status 1: a figure that is wrong must not be printed.
void bench_fail(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

// 64 bits of SplitMix64.
uint64_t bench_random(uint64_t *state);
// 0 to count - 1 in an order that the seed fixes. Owned by the caller; free().
uint32_t *bench_order(uint32_t count, uint64_t seed);

// TSC ticks a second, measured against CLOCK_MONOTONIC_RAW once.
double bench_tsc_hz(void);

// The TSC after everything before it has been done.
static inline uint64_t bench_tsc(void)
{
	unsigned cpu;

	return __rdtscp(&cpu);
}
