// SPDX-License-Identifier: Apache-2.0
// The sample is right; each wrong key or value is refused with its line and a reason.
#include "cscf_config.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const char *sample_path;
static char sample[16384];

// The sample with the files that it names made readable ones.
static int sample_read(void **state)
{
	FILE *file = fopen(sample_path, "re");
	size_t len;

	(void)state;
	if (file == NULL)
		return -1;
	len = fread(sample, 1, sizeof(sample) - 1, file);
	fclose(file);
	sample[len] = '\0';
	for (char *at = sample; (at = strstr(at, "/etc/isthmus/")) != NULL;) {
		size_t n = strcspn(at, " \n");

		memset(at, ' ', n);
		memcpy(at, "/dev/null", 9);
	}
	return 0;
}

static struct cscf_config *load(const char *text, char *why)
{
	char path[] = "/tmp/config_load_XXXXXX";
	int fd = mkstemp(path);
	struct cscf_config *config;
	char *at;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	why[0] = '\0';
	config = cscf_config_load(path, why);
	unlink(path);
	at = strstr(why, path);
	if (at != NULL)
		memmove(at, at + strlen(path), strlen(at + strlen(path)) + 1);
	return config;
}

// The sample with one piece of text in another's place; line becomes that of the change.
static char *sample_with(const char *old, const char *new, unsigned *line)
{
	const char *at = strstr(sample, old);
	char *text = NULL;

	assert_non_null(at);
	*line = 1;
	for (const char *c = sample; c < at; c++)
		*line += *c == '\n';
	assert_true(
		asprintf(&text, "%.*s%s%s", (int)(at - sample), sample, new, at + strlen(old)) > 0);
	return text;
}

static void test_sample(void **state)
{
	char why[CSCF_CONFIG_WHY_MAX];
	struct cscf_config *config = load(sample, why);

	(void)state;
	assert_string_equal(why, "");
	assert_non_null(config);
	assert_int_equal(config->w2.listens_count, 2);
	assert_string_equal(config->w2.endpoints[1].address, "fd00:203::1");
	assert_int_equal(config->w2.endpoints[1].port, 8443);
	assert_int_equal(config->w2.park_time_ms, 3000);
	assert_int_equal(config->w2.message_max, 65536);
	assert_int_equal(config->media.orphan_time_ms, 5000);
	assert_int_equal(config->media.breakers, CSCF_BREAKERS_LOG);
	assert_false(config->media.core_breakers);
	assert_string_equal(config->admin.listen, "/run/isthmus/ep-cscf.sock");
	assert_int_equal(config->admin.endpoint.port, 0);
	assert_string_equal(config->mw.endpoints[0].address, "198.51.100.1");
	assert_string_equal(config->home.visited_network_id, "ims.test");
	assert_int_equal(config->origins_count, 2);
	assert_string_equal(config->origins[1], "https://[fd00:203::1]:8444");
	assert_ptr_equal(cscf_config_wwsf(config, "https://203.0.113.1:8444"), &config->wwsfs[0]);
	assert_null(cscf_config_wwsf(config, "https://203.0.113.1"));
	assert_int_equal(config->wwsfs[0].modes, CSCF_MODE_DIGEST | CSCF_MODE_TOKEN);
	assert_int_equal(config->issuers[0].algorithms, CSCF_ALGORITHM_ES256);
	assert_string_equal(config->issuers[0].scope, "ims");
	assert_true(cscf_config_domain_is_served(config, "IMS.test"));
	assert_false(cscf_config_domain_is_served(config, "ims.test.evil"));
	cscf_config_ref(config);
	cscf_config_unref(config);
	cscf_config_unref(config);
}

static void test_refused(void **state)
{
	static const struct {
		const char *old, *new, *reason;
	} cases[] = {
		{"log: info", "log: loud", "Invalid ENUM value: loud"},
		{"home:", "hone:", "Unexpected key: hone"},
		{"  threads: 2", "  thread: 2", "Unexpected key: thread"},
		{"  threads: 2", "  threads: 0", "w2/threads: must be 1 to 64"},
		{"  threads: 2", "  threads: two", "'two'"},
		{"park_time_ms: 3000", "park_time_ms: 3", "w2/park_time_ms: must be 100 to 600000"},
		{"\"203.0.113.1:8443\"", "\"203.0.113.1\"", "w2/listens/0: must be ADDRESS:PORT"},
		{"\"[fd00:203::1]:8443\"", "\"fd00:203::1:8443\"", "w2/listens/1: must be"},
		{"\"[fd00:203::1]:8443\"", "\"[fd00:203::1]:0\"", "w2/listens/1: must be"},
		{"\"[fd00:203::1]:8443\"", "\"[fd00:203::1]:65536\"", "w2/listens/1: must be"},
		{"certificate: /dev/null", "certificate: /absent",
			"w2/certificate: /absent: No such file"},
		{"host: ep-cscf.ims.test", "host: \"a;b\"", "w2/host: must be a host name"},
		{"core: sip:198.51.100.2:5060", "core: 198.51.100.2", "mw/core: must be a SIP URI"},
		{"peers: [198.51.100.2,", "peers: [kamailio,", "mw/peers/0: must be an IPv4"},
		{"modes: [digest, token]", "modes: [digest, magic]", "magic"},
		{"modes: [digest, token]", "modes: []", "modes: must name"},
		{"origins: [\"https://203.0.113.1:8444\"",
			"origins: [\"https://203.0.113.1:8444/\"",
			"wwsfs/0/origins/0: must be https"},
		{"\"https://[fd00:203::1]:8444\"]", "\"https://203.0.113.1:8444\"]", "second time"},
		{"    issuer: https://203.0.113.1:8444\n", "    issuer: https://other.test\n",
			"wwsfs/0/issuer: must name one of the issuers"},
		{"jwks: https:", "jwks: http:", "issuers/0/jwks: must be a file or an https URL"},
		{"algorithms: [ES256]", "algorithms: [HS256]", "HS256"},
		{"algorithms: [ES256]", "algorithms: [none]", "none"},
		{"waf_identity: third-party", "waf_identity: never", "never"},
		{"gateways: [/run/isthmus/iq.sock]", "gateways: [iq.sock]",
			"media/gateways/0: must be"},
		{"access_network: IEEE-802.11", "access_network: \"a;network-provided\"",
			"network-provided is added"},
		{"  domains: [ims.test]", "  domains: [\"ims test\"]", "home/domains/0: must be"},
		{"breakers: log", "breakers: loud", "loud"},
		{"orphan_time_ms: 5000", "orphan_time_ms: 5", "media/orphan_time_ms: must be 100"},
		{"listen: /run/isthmus/ep-cscf.sock", "listen: ep-cscf.sock",
			"admin/listen: must be the path"},
		{"listen: /run/isthmus/ep-cscf.sock", "listen: \"203.0.113.1:8090\"",
			"admin/listen: must be the path"},
		{"listen: /run/isthmus/ep-cscf.sock", "listen: \"127.0.0.1:8090\"",
			"admin/listen: needs a token"},
	};
	char why[CSCF_CONFIG_WHY_MAX], place[32];
	unsigned line;

	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *text = sample_with(cases[i].old, cases[i].new, &line);
		struct cscf_config *config = load(text, why);

		free(text);
		snprintf(place, sizeof(place), ":%u: ", line);
		if (config != NULL || strncmp(why, place, strlen(place)) != 0 ||
			strstr(why, cases[i].reason) == NULL)
			fail_msg(
				"case %u: \"%s\", not \"%s...%s\"", i, why, place, cases[i].reason);
	}
}

static void test_missing(void **state)
{
	char why[CSCF_CONFIG_WHY_MAX];

	(void)state;
	assert_null(cscf_config_load("/absent/file.yaml", why));
	assert_int_equal(errno, ENOENT);
	assert_string_equal(why, "/absent/file.yaml: No such file or directory");
	assert_null(load("", why));
	assert_non_null(strstr(why, "empty"));
	assert_null(load("log: info\n", why));
	assert_non_null(strstr(why, "Missing required mapping field: home"));
	assert_null(load("log: [info\n", why));
	assert_string_not_equal(why, "");
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sample),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_missing),
	};

	if (argc != 2)
		return 2;
	sample_path = argv[1];
	return cmocka_run_group_tests(tests, sample_read, NULL);
}
