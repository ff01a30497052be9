// SPDX-License-Identifier: Apache-2.0
// The configuration file: the sample is good, and each wrong line is named with its number and a reason.
#include "agw_config.h"
#include "eal_arguments.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const char *sample; // configs/eims-agw.yaml

static const char good[] = "log: warn\n"
			   "gateway: 3\n"
			   "ports:\n"
			   "  - {name: a, device: 'net_null0,size=64'}\n"
			   "  - {name: b, device: '0000:3b:02.0'}\n"
			   "networks:\n"
			   "  - name: web\n"
			   "    role: access\n"
			   "    port: a\n"
			   "    vlan: 100\n"
			   "    addresses: [192.0.2.10/24, 192.0.2.11/24, '2001:db8::10/64']\n"
			   "    gateway_v4: 192.0.2.1\n"
			   "    dscp: 46\n"
			   "    udp_ports: {first: 20000, last: 29999}\n"
			   "  - name: ims\n"
			   "    role: core\n"
			   "    port: b\n"
			   "    addresses: [198.51.100.10/24]\n"
			   "    gateway_v6: fe80::1\n"
			   "    mtu: 1400\n"
			   "    udp_ports: {first: 30000, last: 30001}\n"
			   "workers: {main_core: 0, cores: [0]}\n"
			   "memory: {hugepages: off, size_mb: 64}\n"
			   "idle: sleep\n"
			   "contexts_max: 100\n";

// The good one with one text replaced by another, loaded.
static int load(struct agw_config *config, const char *old, const char *new, char *reason)
{
	char path[] = "/tmp/agw_configXXXXXX";
	const char *at = strstr(good, old);
	int fd = mkstemp(path);
	FILE *file;
	int ret;

	assert_true(fd >= 0);
	assert_non_null(at);
	file = fdopen(fd, "w");
	fprintf(file, "%.*s%s%s", (int)(at - good), good, new, at + strlen(old));
	fclose(file);
	reason[0] = '\0';
	ret = agw_config_load(config, path, reason);
	unlink(path);
	// The reason without the path.
	if (strncmp(reason, path, strlen(path)) == 0)
		memmove(reason, reason + strlen(path), strlen(reason + strlen(path)) + 1);
	return ret;
}

static void good_values(void **state)
{
	struct agw_config *config = calloc(1, sizeof(*config));
	const struct network *web = &config->networks.list[0];
	char reason[AGW_REASON_LEN];

	(void)state;
	assert_int_equal(load(config, "log", "log", reason), 0);
	assert_int_equal(config->log_level, LOG_LEVEL_WARN);
	assert_int_equal(config->gateway, 3);
	assert_int_equal(config->ports[0].descriptors, 1024);
	assert_int_equal(config->networks.count, 2);
	assert_int_equal(web->vlan, 100);
	assert_int_equal(web->mtu, 1500);
	assert_int_equal(web->set_count, 2);
	assert_true(web->sets[0].has_v4 && web->sets[0].has_v6);
	assert_true(web->sets[1].has_v4 && !web->sets[1].has_v6);
	assert_memory_equal(web->sets[1].v4, ((uint8_t[]){192, 0, 2, 11}), 4);
	assert_int_equal(web->prefix_v6, 64);
	assert_true(web->has_gateway_v4);
	assert_int_equal(config->networks.list[1].port_id, 1);
	assert_int_equal(config->networks.list[1].mtu, 1400);
	assert_string_equal(config->iq_socket, "/run/isthmus/iq.sock");
	assert_int_equal(config->iq_lease_s, 3600);
	assert_true(config->dtls_retain_call);
	free(config);
}

static void wrong_values(void **state)
{
	static const struct {
		const char *old, *new, *reason;
	} cases[] = {
		{"log: warn", "log: loud", ":1: log: Invalid ENUM value: loud; one of error, warn"},
		{"gateway: 3", "gatewya: 3", ":2: Unexpected key: gatewya"},
		{"gateway: 3", "gateway: 300", ":2: gateway: Invalid UINT value"},
		{"name: b", "name: a", ":5: two ports are named a"},
		{"64'}", "64', descriptors: 1000}", ":4: a power of two from 256 to 8192"},
		{"64'}", "64', descriptors: 16384}", ":4: a power of two from 256 to 8192"},
		{"0000:3b:02.0", "net_null0,size=64", ":5: two ports have the device"},
		{"device: '0000:3b:02.0'", "device: ''", ":5: "},
		{"role: access", "role: core", ":6: at least one network with role access"},
		{"port: a\n", "port: c\n", ":9: network web, port: no such port"},
		{"vlan: 100", "vlan: 4095", ":10: network web, vlan: from 1 to 4094"},
		{"192.0.2.11/24", "192.0.2.11", ":11: network web, addresses/1: not an address"},
		{"192.0.2.11/24", "192.0.2.11/33", ":11: "},
		{"192.0.2.11/24", "192.0.2.11/24x", ":11: "},
		{"192.0.2.11/24", "192.0.2.11/-1", ":11: "},
		{"192.0.2.11/24", "192.0.2.11/25", ":11: network web, addresses/1: at most 16"},
		{"192.0.2.11/24", "192.0.2.10/24", ":11: network web, addresses/1: given twice"},
		{"192.0.2.11/24", "224.0.2.10/24", ":11: network web, addresses/1: not a unicast"},
		{"192.0.2.1\n", "192.0.2\n", ":12: network web, gateway_v4: not an IPv4"},
		{"fe80::1", "192.0.2.1", ":19: network ims, gateway_v6: not an IPv6"},
		{"dscp: 46", "dscp: 64", ":13: network web, dscp: from 0 to 63"},
		{"first: 20000", "first: 20001", ":14: network web, udp_ports/first: an even"},
		{"last: 29999", "last: 19999", ":14: network web, udp_ports/last: an odd"},
		{"name: ims", "name: web", ":15: network web, name: given to two"},
		{"mtu: 1400", "mtu: 1279", ":20: network ims, mtu: from 1280"},
		{"cores: [0]", "cores: [9999]", ":22: core 9999: this machine has"},
		{"cores: [0]", "cores: [0, 0]", ":22: two workers on core 0"},
		{"cores: [0]", "cores: []", ":22: "},
		{"size_mb: 64", "size_mb: 63", ":23: from 64"},
		{"idle: sleep", "idle: poll", ":22: core 0 is main's"},
		{"contexts_max: 100", "contexts_max: 1000001", ":25: at most"},
		{"contexts_max: 100", "iq: {user: nobody-of-that-name}", ":25: no user"},
		{"contexts_max: 100", "dtls: {certificate: /dev/null}", ":25: certificate and"},
		{"contexts_max: 100", "dtls: {certificate: /none, private_key: /none}",
			":25: can't read /none"},
		{"contexts_max: 100", "dtls: {retention: never}", ":25: retention: Invalid ENUM"},
		{"contexts_max: 100", "drain_s: [1", ":2"},
	};
	struct agw_config *config = calloc(1, sizeof(*config));
	struct agw_config untouched = {0};
	char reason[AGW_REASON_LEN];

	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(load(config, cases[i].old, cases[i].new, reason), -EINVAL);
		if (strncmp(reason, cases[i].reason, strlen(cases[i].reason)) != 0)
			fail_msg("'%s': got '%s'", cases[i].new, reason);
		assert_memory_equal(config, &untouched, sizeof(untouched));
	}
	free(config);
}

// Two networks on one link must not share an address; on two links they may.
static void overlapping_networks(void **state)
{
	struct agw_config *config = calloc(1, sizeof(*config));
	char reason[AGW_REASON_LEN];

	(void)state;
	assert_int_equal(load(config, "198.51.100.10/24", "192.0.2.10/24", reason), 0);
	assert_int_equal(load(config, "port: b\n    addresses: [198.51.100.10/24]",
				 "port: a\n    vlan: 100\n    addresses: [192.0.2.11/24]", reason),
		-EINVAL);
	assert_non_null(strstr(reason, "another network on the same port"));
	free(config);
}

static void sample_is_good(void **state)
{
	struct agw_config *config = calloc(1, sizeof(*config));
	char reason[AGW_REASON_LEN] = "";

	(void)state;
	if (sysconf(_SC_NPROCESSORS_CONF) < 2) {
		print_message("SKIPPED: the sample wants two cores\n");
		skip();
	}
	assert_int_equal(agw_config_load(config, sample, reason), 0);
	assert_int_equal(config->networks.count, 2);
	assert_int_equal(agw_config_load(config, "/none", reason), -EINVAL);
	assert_non_null(strstr(reason, "/none: "));
	free(config);
}

static bool has_argument(const struct eal_arguments *arguments, const char *wanted)
{
	for (int i = 0; i < arguments->count; i++) {
		if (strcmp(arguments->pointers[i], wanted) == 0)
			return true;
	}
	return false;
}

static void eal_gets_its_words(void **state)
{
	struct agw_config *config = calloc(1, sizeof(*config));
	struct eal_arguments arguments;
	char reason[AGW_REASON_LEN], name[AGW_PATH_LEN];

	(void)state;
	assert_int_equal(load(config, "log", "log", reason), 0);
	config->worker_count = 2;
	config->worker_cores[1] = 5;
	assert_int_equal(eal_arguments_write(&arguments, config), 0);
	assert_true(has_argument(&arguments, "--lcores=0@0,1@0,2@5"));
	assert_true(has_argument(&arguments, "--no-huge"));
	assert_false(has_argument(&arguments, "--in-memory")); // EAL refuses the two together
	assert_true(has_argument(&arguments, "--vdev=net_null0,size=64"));
	assert_true(has_argument(&arguments, "--allow=0000:3b:02.0"));
	assert_false(has_argument(&arguments, "--no-pci"));
	assert_null(arguments.pointers[arguments.count]);
	config->has_hugepages = true;
	config->port_count = 1;
	assert_int_equal(eal_arguments_write(&arguments, config), 0);
	assert_true(has_argument(&arguments, "--in-memory"));
	assert_false(has_argument(&arguments, "--no-huge"));
	assert_true(has_argument(&arguments, "--no-pci"));
	device_name(name, "net_null0,size=64");
	assert_string_equal(name, "net_null0");
	assert_true(device_is_pci("0000:3b:02.0,arg=1"));
	assert_false(device_is_pci("net_null0"));
	free(config);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_values),
		cmocka_unit_test(wrong_values),
		cmocka_unit_test(overlapping_networks),
		cmocka_unit_test(sample_is_good),
		cmocka_unit_test(eal_gets_its_words),
	};

	if (argc != 2)
		return 2;
	sample = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
