// SPDX-License-Identifier: Apache-2.0
// wwsf: the web server function with its authorisation function (TS 23.228 Annex U.1.3).
#include "log.h"
#include "wwsf_cli.h"
#include "wwsf_http.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static void signals_block(sigset_t *signals)
{
	sigemptyset(signals);
	sigaddset(signals, SIGTERM);
	sigaddset(signals, SIGINT);
	sigaddset(signals, SIGHUP);
	// Before threads start: they inherit it, so only sigwait sees these.
	pthread_sigmask(SIG_BLOCK, signals, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static int serve(const struct wwsf_config *config)
{
	struct service service;
	struct http *http;
	sigset_t signals;
	int caught = 0;

	signals_block(&signals);
	if (service_init(&service, config) < 0)
		return 1;
	http = http_start(&service);
	if (http == NULL) {
		service_fini(&service);
		return 1;
	}
	log_info("ready");
	while (sigwait(&signals, &caught) == 0 && caught == SIGHUP) {
		http_certificate_reload(http);
		service_keys_reload(&service);
	}
	log_info("%s: stopping", strsignal(caught));
	http_stop(http);
	service_fini(&service);
	return 0;
}

int main(int argc, char *argv[])
{
	static const char usage[] =
		"usage: wwsf --config FILE [--check | user add|del|list ...]\n"
		"  --check  read the configuration, say what is wrong with it, start nothing\n";
	enum log_level level = LOG_LEVEL_INFO;
	struct wwsf_config *config = NULL;
	char why[WWSF_WHY_MAX];
	const bool is_check = argc == 4 && strcmp(argv[3], "--check") == 0;
	int status;

	log_open("wwsf", level);
	umask(077); // the user store is nobody else's to read
	if (argc < 3 || strcmp(argv[1], "--config") != 0 ||
		(argc > 3 && strcmp(argv[3], "user") != 0 && !is_check)) {
		fputs(usage, stderr);
		return 2;
	}
	if (wwsf_config_load(argv[2], &config, why) < 0) {
		fprintf(stderr, "wwsf: %s\n", why);
		return 2;
	}
	log_level_parse(config->log_level, &level);
	log_open("wwsf", level);
	if (is_check)
		status = printf("wwsf: %s is in order\n", argv[2]) < 0;
	else
		status = argc > 3 ? cli_user(config, argc - 4, argv + 4) : serve(config);
	wwsf_config_destroy(config);
	return status;
}
