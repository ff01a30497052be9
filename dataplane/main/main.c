// SPDX-License-Identifier: Apache-2.0
// eims-agw: reads its configuration, brings everything up, runs main's loop until it is told to end.
#include "agw.h"
#include "clock.h"
#include "log.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define IDLE_SLEEP_US 500

static volatile sig_atomic_t must_end;

static void on_signal(int number)
{
	(void)number;
	must_end = 1;
}

static void signals_init(void)
{
	struct sigaction action = {.sa_handler = on_signal};

	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	action.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &action, NULL);
}

struct arguments {
	const char *config;
	bool is_check;
};

static int arguments_parse(struct arguments *arguments, int argc, char **argv)
{
	static const struct option options[] = {
		{"config", required_argument, NULL, 'c'},
		{"check", no_argument, NULL, 'k'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		if (option == 'c')
			arguments->config = optarg;
		else if (option == 'k')
			arguments->is_check = true;
		else
			return -1;
	}
	return arguments->config != NULL && optind == argc ? 0 : -1;
}

static void idle_sleep(void)
{
	struct timespec pause = {.tv_nsec = IDLE_SLEEP_US * 1000};

	nanosleep(&pause, NULL);
}

static void turn(struct agw *agw)
{
	if (!modules_turn(agw, clock_now_us()))
		idle_sleep();
}

// Lets the calls end, for as long as the configuration allows or until it is told again.
static void drain(struct agw *agw)
{
	uint64_t deadline_us = clock_now_us() + agw->config.drain_s * 1000000ull;

	if (agw->config.drain_s == 0)
		return;
	log_info("draining: %u contexts, %u s", desk_capacity(&agw->desk).contexts,
		agw->config.drain_s);
	agw->desk.is_draining = true;
	must_end = 0;
	while (!must_end && clock_now_us() < deadline_us && desk_capacity(&agw->desk).contexts > 0)
		turn(agw);
}

static int run(struct agw *agw)
{
	if (modules_init(agw) < 0)
		return EXIT_FAILURE;
	log_info("running: %u workers, %u networks", agw->worker_count, agw->networks.count);
	while (!must_end)
		turn(agw);
	drain(agw);
	log_info("ending");
	modules_fini(agw);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	static struct agw agw; // large
	struct arguments arguments = {0};
	char reason[AGW_REASON_LEN];

	if (arguments_parse(&arguments, argc, argv) < 0) {
		fprintf(stderr,
			"usage: eims-agw --config FILE [--check]\n"
			"  --check  read the configuration, say what is wrong with it, start "
			"nothing\n");
		return 2;
	}
	log_open("eims-agw", LOG_LEVEL_INFO);
	if (agw_config_load(&agw.config, arguments.config, reason) < 0) {
		log_error("%s", reason);
		return 2;
	}
	if (arguments.is_check) {
		printf("eims-agw: %s is in order\n", arguments.config);
		return EXIT_SUCCESS;
	}
	log_open("eims-agw", agw.config.log_level);
	signals_init();
	return run(&agw);
}
