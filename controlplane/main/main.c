// SPDX-License-Identifier: Apache-2.0
// ep-cscf: the signalling plane.
#include "cscf.h"
#include "log.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static int usage(void)
{
	fprintf(stderr,
		"usage: ep-cscf --config FILE [--check]\n"
		"  --check  read the configuration, say what is wrong with it, start nothing\n");
	return 2;
}

static unsigned ladder_up(struct cscf *cscf)
{
	char why[512] = "";
	unsigned up = 0;

	for (; up < module_count; up++) {
		int ret = modules[up]->init(cscf, why, sizeof(why));

		if (ret < 0) {
			log_error(
				"%s: %s", modules[up]->name, why[0] != '\0' ? why : strerror(-ret));
			break;
		}
	}
	return up;
}

static void ladder_down(struct cscf *cscf, unsigned up)
{
	while (up-- > 0)
		modules[up]->fini(cscf);
}

// While both sides can still be told. A call that is up goes on, and the next process takes it over, unless all are to end.
static void calls_part(struct cscf *cscf, int signal)
{
	static const char text[] = "the gateway stops";

	if (signal == SIGINT)
		calls_end_all(cscf->calls, 503, text);
	else
		calls_end_unanswered(cscf->calls, 503, text);
	log_info("%u calls are left to the next process", calls_count(cscf->calls));
}

static int run(const struct cscf_config *config)
{
	struct cscf cscf = {.config = config};
	unsigned up = 0;

	if (loop_create(&cscf) < 0) {
		log_error("the event loop can't be made");
		return 1;
	}
	up = ladder_up(&cscf);
	if (up == module_count) {
		log_info("ready");
		calls_part(&cscf, loop_run(&cscf));
	}
	ladder_down(&cscf, up);
	loop_destroy(&cscf);
	return up == module_count ? 0 : 1;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"config", required_argument, NULL, 'c'},
		{"check", no_argument, NULL, 'k'}, {"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0}};
	char why[CSCF_CONFIG_WHY_MAX];
	const struct cscf_config *config;
	const char *path = NULL;
	bool check = false;
	int option, ret;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'c')
			path = optarg;
		else if (option == 'k')
			check = true;
		else
			return usage();
	}
	if (path == NULL || optind != argc)
		return usage();
	config = cscf_config_load(path, why);
	if (config == NULL) {
		fprintf(stderr, "ep-cscf: %s\n", why);
		return 2;
	}
	log_open("ep-cscf", (enum log_level)config->log);
	ret = check ? 0 : run(config);
	if (check)
		printf("ep-cscf: %s is in order\n", path);
	cscf_config_unref(config);
	return ret;
}
