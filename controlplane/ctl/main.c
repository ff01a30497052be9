// SPDX-License-Identifier: Apache-2.0
// isthmusctl: the operator's command line.
#include "ctl.h"

#include <curl/curl.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct verb {
	const char *words[2]; // the second "": none
	bool takes_handle;
	const char *method, *path;
	void (*print)(const json_t *root);
};

static const struct verb verbs[] = {
	{{"status", ""}, false, "GET", "/v1/status", table_status},
	{{"calls", ""}, false, "GET", "/v1/calls", table_calls},
	{{"registrations", ""}, false, "GET", "/v1/registrations", table_registrations},
	{{"contexts", ""}, false, "GET", "/v1/contexts", table_contexts},
	{{"contexts", "list"}, false, "GET", "/v1/contexts", table_contexts},
	{{"contexts", "show"}, true, "GET", "/v1/contexts/", table_context},
	{{"contexts", "delete"}, true, "DELETE", "/v1/contexts/", table_context},
};

static int usage(void)
{
	fprintf(stderr,
		"usage: isthmusctl [--admin WHERE] [--token FILE] [--json] COMMAND\n"
		"  status                     gateways attached, load, counters\n"
		"  calls                      the calls\n"
		"  registrations              the registrations\n"
		"  contexts [list]            the media contexts that the gateways hold\n"
		"  contexts show CONTEXT      one of them: addresses, ICE, DTLS, packets\n"
		"  contexts delete CONTEXT    deletes it; its call, if it has one, ends\n"
		"  --admin WHERE  path of the socket, or http://ADDRESS:PORT; preset: "
		"$ISTHMUS_ADMIN, else " CTL_DOOR "\n"
		"  --token FILE   its first line is the token that ep-cscf wants\n"
		"  --json         the answer as it comes\n"
		"exit status: 0 done, 1 refused (the sentence says why), 2 wrong command line, 3 "
		"ep-cscf can't be reached\n");
	return CTL_USAGE;
}

static const struct verb *verb_find(int count, char **words)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		int wanted = 1 + (verbs[i].words[1][0] != '\0') + verbs[i].takes_handle;

		if (count == wanted && strcmp(words[0], verbs[i].words[0]) == 0 &&
			(verbs[i].words[1][0] == '\0' || strcmp(words[1], verbs[i].words[1]) == 0))
			return &verbs[i];
	}
	return NULL;
}

// As the list shows it; anything else isn't put into a path.
static bool is_handle(const char *text)
{
	return strlen(text) == 16 && strspn(text, "0123456789abcdef") == 16;
}

static void json_print(const json_t *root)
{
	json_dumpf(root, stdout, JSON_INDENT(2));
	printf("\n");
}

static int run(const struct ctl_door *door, const struct verb *verb, const char *handle, bool json)
{
	char path[128], why[256] = "";
	json_t *answer = NULL;
	enum ctl_exit ret;

	snprintf(path, sizeof(path), "%s%s", verb->path, handle);
	ret = ctl_ask(door, verb->method, path, &answer, why);
	if (ret != CTL_OK)
		fprintf(stderr, "isthmusctl: %s\n", why);
	else if (json)
		json_print(answer);
	else
		verb->print(answer);
	json_decref(answer);
	return ret;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"admin", required_argument, NULL, 'a'},
		{"token", required_argument, NULL, 't'}, {"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
	struct ctl_door door = {.where = getenv("ISTHMUS_ADMIN")};
	const struct verb *verb;
	bool json = false;
	int option, ret;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'a')
			door.where = optarg;
		else if (option == 't')
			door.token = optarg;
		else if (option == 'j')
			json = true;
		else
			return usage();
	}
	if (door.where == NULL)
		door.where = CTL_DOOR;
	verb = optind < argc ? verb_find(argc - optind, argv + optind) : NULL;
	if (verb == NULL || (verb->takes_handle && !is_handle(argv[argc - 1])))
		return usage();
	curl_global_init(CURL_GLOBAL_DEFAULT);
	ret = run(&door, verb, verb->takes_handle ? argv[argc - 1] : "", json);
	curl_global_cleanup();
	return ret;
}
