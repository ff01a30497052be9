// SPDX-License-Identifier: Apache-2.0
// Options, rows and orders of the benchmarks.
#include "bench.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const struct option long_options[] = {{"quick", no_argument, NULL, 'q'},
	{"seed", required_argument, NULL, 's'}, {"repeats", required_argument, NULL, 'r'},
	{"legs", required_argument, NULL, 'l'}, {"suite", required_argument, NULL, 'u'},
	{"payload", required_argument, NULL, 'p'}, {"ip", required_argument, NULL, 'i'},
	{"backend", required_argument, NULL, 'b'}, {"flows", required_argument, NULL, 'f'},
	{"batch", required_argument, NULL, 'n'}, {0}};

static uint64_t number(const char *text)
{
	char *end;
	uint64_t value = strtoull(text, &end, 0);

	if (*text == '\0' || *end != '\0') {
		fprintf(stderr, "%s: not a number\n", text);
		exit(2);
	}
	return value;
}

static void option_take(struct bench_options *options, int option)
{
	switch (option) {
	case 'q':
		options->quick = true;
		break;
	case 's':
		options->seed = number(optarg);
		break;
	case 'r':
		options->repeats = (unsigned)number(optarg);
		break;
	case 'l':
		options->legs = (uint32_t)number(optarg);
		break;
	case 'u':
		options->suite = optarg;
		break;
	case 'p':
		options->payload = (unsigned)number(optarg);
		break;
	case 'i':
		options->ip = (unsigned)number(optarg);
		break;
	case 'b':
		options->backend = optarg;
		break;
	case 'f':
		options->flows = (uint32_t)number(optarg);
		break;
	case 'n':
		options->batch = (uint32_t)number(optarg);
		break;
	default:
		exit(2);
	}
}

void bench_options_read(struct bench_options *options, int argc, char **argv)
{
	int option;

	*options = (struct bench_options){
		.seed = 1, .legs = 100000, .suite = "CM_80", .payload = 160, .ip = 4};
	while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1)
		option_take(options, option);
	if (optind != argc || (options->ip != 4 && options->ip != 6) || options->legs < 2 ||
		options->payload < 16 || options->payload > 1200) {
		fprintf(stderr, "%s: wrong options\n", argv[0]);
		exit(2);
	}
	if (options->repeats == 0 || options->repeats > BENCH_SAMPLES_MAX)
		options->repeats = options->quick ? 3 : 7;
}

static int double_order(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double bench_median(double *samples, unsigned n)
{
	qsort(samples, n, sizeof(*samples), double_order);
	return n % 2 != 0 ? samples[n / 2] : (samples[n / 2 - 1] + samples[n / 2]) / 2;
}

void bench_row_print(const struct bench_row *row, double *samples, unsigned n)
{
	double median = bench_median(samples, n);

	printf("{\"name\":\"%s\",\"value\":%.6g,\"unit\":\"%s\",\"conditions\":{%s},\"n\":%u,"
	       "\"median\":%.6g,\"min\":%.6g,\"max\":%.6g",
		row->name, median, row->unit, row->conditions == NULL ? "" : row->conditions, n,
		median, samples[0], samples[n - 1]);
	if (row->remark != NULL)
		printf(",\"remark\":\"%s\"", row->remark);
	puts("}");
	fflush(stdout);
}

void bench_row_print_one(const struct bench_row *row, double value)
{
	bench_row_print(row, &value, 1);
}

void bench_fail(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(1);
}

uint64_t bench_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

uint32_t *bench_order(uint32_t count, uint64_t seed)
{
	uint32_t *order = calloc(count, sizeof(*order));

	if (order == NULL)
		bench_fail("no memory");
	for (uint32_t i = 0; i < count; i++)
		order[i] = i;
	for (uint32_t i = count; i > 1; i--) {
		uint32_t k = (uint32_t)(bench_random(&seed) % i), swap = order[i - 1];

		order[i - 1] = order[k];
		order[k] = swap;
	}
	return order;
}

static double raw_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_RAW, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

double bench_tsc_hz(void)
{
	static double hz;
	struct timespec pause = {.tv_nsec = 50000000};
	double since;
	uint64_t tsc;

	if (hz > 0)
		return hz;
	since = raw_s();
	tsc = bench_tsc();
	nanosleep(&pause, NULL);
	hz = (double)(bench_tsc() - tsc) / (raw_s() - since);
	return hz;
}
