// SPDX-License-Identifier: Apache-2.0
// A mixed load on eims-agw for a given time: calls come and go, media, RTCP, consent checks, hostile packets. Every packet of
// media is compared; fails on any loss, on a drop that nobody asked for, on memory that grows.
//
// usage: load_soak IQ-SOCKET CALLS PPS SECONDS PID
#include "soak.h"

#include "clock.h"
#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SEND_BURST 8 // of a side at once
#define REST_US 50 // when nothing came: the machine is others' too
#define CHURN_US 200000 // between calls that are replaced
#define QUIET_US 100000 // from a call's last packet to its end
#define RTCP_US 10000 // between reports, of one call each
#define HOSTILE_US 1000
#define REPORT_US 10000000
#define STATS_MS 1500 // until the gateway has shown its counters
#define GROWTH_MAX (2 << 20)

struct soak {
	struct load *load;
	struct soak_hostile hostile;
	struct soak_reports reports;
	double pps;
	uint64_t start_us, packets; // of the plan, on each side
	uint64_t sent;
	uint64_t churn_us, rtcp_us, hostile_us, report_us;
	unsigned next, leaving; // calls: next to send, next to be replaced
	uint64_t leaving_us; // since when it is silent; 0: it isn't
	uint64_t lost, replaced;
};

static struct soak soak;

static bool next_call(struct soak *s, uint16_t *call)
{
	for (unsigned i = 0; i < s->load->count; i++) {
		unsigned index = s->next++ % s->load->count;

		if (s->load->calls[index].is_live && (s->leaving_us == 0 || index != s->leaving)) {
			*call = (uint16_t)index;
			return true;
		}
	}
	return false;
}

// Sends what is due. While the machine held the generator up, nothing was: it doesn't catch up in one go.
static void media_send(struct load *load)
{
	uint8_t slots[SEND_BURST * LOAD_SLOT];
	uint16_t calls[SEND_BURST];
	struct soak *s = &soak;
	uint64_t due = (uint64_t)((double)(clock_now_us() - s->start_us) * s->pps / 2e6);
	unsigned n = 0;

	if (due < s->packets + SEND_BURST)
		return;
	if (due > s->packets + 64 * SEND_BURST)
		s->packets = due - SEND_BURST;
	while (n < SEND_BURST && next_call(s, &calls[n]))
		n++;
	for (unsigned side = 0; side < LOAD_SIDES; side++) {
		load_prepare(load, calls, n, side, slots);
		load_send(load, n, side, slots);
	}
	s->packets += SEND_BURST;
	s->sent += (uint64_t)n * LOAD_SIDES;
}

static void lost_count(struct soak *s, const struct load_call *call)
{
	for (unsigned side = 0; side < LOAD_SIDES; side++)
		s->lost += call->sent[side] - call->arrived[side];
}

// One call falls silent; when what was on the way has come it is counted, deleted, and another takes its place.
static void churn(struct soak *s, uint64_t now)
{
	if (s->leaving_us == 0 && now - s->churn_us > CHURN_US) {
		s->churn_us = s->leaving_us = now;
	} else if (s->leaving_us != 0 && now - s->leaving_us > QUIET_US) {
		lost_count(s, &s->load->calls[s->leaving]);
		load_agw_delete(s->load, s->leaving, 1);
		load_agw_add(s->load, s->leaving, 1);
		s->leaving_us = 0;
		s->leaving = (s->leaving + 1) % s->load->count;
		s->replaced++;
	}
}

static void others_send(struct soak *s, uint64_t now)
{
	uint16_t call;

	if (now - s->rtcp_us > RTCP_US && next_call(s, &call)) {
		s->rtcp_us = now;
		soak_reports_send(s->load, &s->reports, call);
	}
	if (now - s->hostile_us > HOSTILE_US && next_call(s, &call)) {
		s->hostile_us = now;
		soak_hostile_send(s->load, &s->hostile, call);
	}
}

static void progress(struct soak *s, uint64_t now, double mb)
{
	if (now - s->report_us < REPORT_US)
		return;
	s->report_us = now;
	fprintf(stderr,
		"  %.0f s: %llu packets came, %llu wrong, %llu lost, %llu "
		"calls replaced, "
		"%llu checks answered, %.1f MB\n",
		(double)(now - s->start_us) / 1e6,
		(unsigned long long)(s->load->received[0] + s->load->received[1]),
		(unsigned long long)s->load->wrong, (unsigned long long)(s->lost + s->load->missed),
		(unsigned long long)s->replaced, (unsigned long long)s->load->stun_requests, mb);
}

// Memory is compared from a third of the time on, when everything has been used once.
static int64_t run(struct soak *s, double seconds, const char *pid)
{
	uint64_t settled = 0, now = s->start_us;

	while (now - s->start_us < (uint64_t)(seconds * 1e6)) {
		media_send(s->load);
		if (load_receive(s->load) == 0)
			usleep(REST_US);
		now = clock_now_us();
		churn(s, now);
		others_send(s, now);
		s->load->turn(s->load);
		progress(s, now, (double)load_memory_of(pid) / 1e6);
		if (settled == 0 && now - s->start_us > (uint64_t)(seconds * 1e6 / 3))
			settled = load_memory_of(pid);
	}
	load_drain(s->load, STATS_MS);
	for (unsigned i = 0; i < s->load->count; i++)
		lost_count(s, &s->load->calls[i]);
	s->lost += s->load->missed;
	return (int64_t)(load_memory_of(pid) - settled);
}

static int verdict(struct soak *s, int64_t growth)
{
	int bad = soak_drops_check(&s->hostile);

	printf("soak: %llu packets of media, %llu lost, %llu wrong; %llu calls replaced; %llu "
	       "RTCP reports sent, "
	       "%llu came; %llu checks answered; memory grew by %lld kB\n",
		(unsigned long long)s->sent, (unsigned long long)s->lost,
		(unsigned long long)s->load->wrong, (unsigned long long)s->replaced,
		(unsigned long long)(s->reports.sent[0] + s->reports.sent[1]),
		(unsigned long long)(s->reports.came[0] + s->reports.came[1]),
		(unsigned long long)s->load->stun_requests, (long long)growth / 1024);
	if (s->lost + s->load->wrong > 0)
		bad = fprintf(stderr, "soak: media was lost or wrong\n");
	for (unsigned side = 0; side < LOAD_SIDES; side++) {
		if (s->reports.came[side] < s->reports.sent[side] * 9 / 10)
			bad = fprintf(stderr, "soak: RTCP of the %s side: %llu came of %llu\n",
				side == LOAD_ACCESS ? "access" : "core",
				(unsigned long long)s->reports.came[side],
				(unsigned long long)s->reports.sent[side]);
	}
	if (growth > GROWTH_MAX)
		bad = fprintf(stderr, "soak: memory grows\n");
	printf("soak: %s\n", bad != 0 ? "FAIL" : "PASS");
	return bad != 0;
}

int main(int argc, char **argv)
{
	static struct load load;
	int ret;

	if (argc != 6)
		die("usage: load_soak IQ-SOCKET CALLS PPS SECONDS PID");
	load_init(&load, (unsigned)atoi(argv[2]));
	load_agw_attach(&load, argv[1]);
	load_agw_add(&load, 0, load.count);
	load.is_checked = true;
	soak_hostile_init(&soak.hostile);
	soak_reports_init(&soak.reports);
	load_drain(&load, STATS_MS);
	soak_drops_mark(&soak.hostile);
	soak.load = &load;
	soak.pps = atof(argv[3]);
	soak.start_us = soak.churn_us = soak.report_us = clock_now_us();
	load.media = media_send;
	ret = verdict(&soak, run(&soak, atof(argv[4]), argv[5]));
	load.media = NULL;
	load_agw_delete(&load, 0, load.count);
	load_agw_detach(&load);
	load_fini(&load);
	return ret;
}
