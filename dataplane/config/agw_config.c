// SPDX-License-Identifier: Apache-2.0
// Checks the values of the configuration file and brings them into the form the gateway works with.
#include "agw_config.h"

#include "config_priv.h"
#include "config_yaml.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DESCRIPTORS_MIN 256
#define DESCRIPTORS_MAX 8192

static int descriptors_take(
	struct agw_port_config *port, const struct config_reading *reading, unsigned index)
{
	uint32_t wanted = reading->root->ports[index].descriptors;
	char where[64];

	snprintf(where, sizeof(where), "ports/%u/descriptors", index);
	if (wanted == 0)
		wanted = PORT_DESCRIPTORS;
	if (wanted < DESCRIPTORS_MIN || wanted > DESCRIPTORS_MAX || (wanted & (wanted - 1)) != 0)
		return yaml_file_refuse(reading->file, where, "a power of two from %u to %u",
			DESCRIPTORS_MIN, DESCRIPTORS_MAX);
	port->descriptors = (uint16_t)wanted;
	return 0;
}

static int ports_take(struct agw_config *config, const struct config_reading *reading)
{
	const struct yaml_root *root = reading->root;
	char where[64];

	config->port_count = root->ports_count;
	for (unsigned i = 0; i < root->ports_count; i++) {
		struct agw_port_config *port = &config->ports[i];

		snprintf(where, sizeof(where), "ports/%u/name", i);
		snprintf(port->name, sizeof(port->name), "%s", root->ports[i].name);
		snprintf(port->device, sizeof(port->device), "%s", root->ports[i].device);
		for (unsigned k = 0; k < i; k++) {
			if (strcmp(config->ports[k].name, port->name) == 0)
				return yaml_file_refuse(
					reading->file, where, "two ports are named %s", port->name);
			if (strcmp(config->ports[k].device, port->device) == 0)
				return yaml_file_refuse(reading->file, where,
					"two ports have the device %s", port->device);
		}
		if (descriptors_take(port, reading, i) < 0)
			return -EINVAL;
	}
	return 0;
}

static int workers_take(struct agw_config *config, const struct config_reading *reading)
{
	const struct yaml_workers *workers = &reading->root->workers;
	long online = sysconf(_SC_NPROCESSORS_CONF);
	char where[64];

	if (workers->main_core >= online)
		return yaml_file_refuse(reading->file, "workers/main_core",
			"core %u: this machine has %ld", workers->main_core, online);
	config->main_core = workers->main_core;
	config->worker_count = workers->cores_count;
	for (unsigned i = 0; i < workers->cores_count; i++) {
		snprintf(where, sizeof(where), "workers/cores/%u", i);
		if (workers->cores[i] >= online)
			return yaml_file_refuse(reading->file, where,
				"core %u: this machine has %ld", workers->cores[i], online);
		for (unsigned k = 0; k < i; k++) {
			if (workers->cores[k] == workers->cores[i])
				return yaml_file_refuse(reading->file, where,
					"two workers on core %u", workers->cores[i]);
		}
		if (workers->cores[i] == workers->main_core && reading->root->idle == 0)
			return yaml_file_refuse(reading->file, where,
				"core %u is main's: a polling worker needs a core of its own "
				"(another core, or idle: sleep)",
				workers->cores[i]);
		config->worker_cores[i] = workers->cores[i];
	}
	return 0;
}

static int iq_take(struct agw_config *config, const struct config_reading *reading)
{
	const struct yaml_iq *iq = &reading->root->iq;
	const char *path = iq->socket != NULL ? iq->socket : "/run/isthmus/iq.sock";
	const struct passwd *user;

	if (strlen(path) > 107)
		return yaml_file_refuse(
			reading->file, "iq/socket", "a socket's path has at most 107 bytes");
	snprintf(config->iq_socket, sizeof(config->iq_socket), "%s", path);
	config->iq_lease_s = iq->lease_s > 0 ? iq->lease_s : 3600;
	config->iq_uid = geteuid();
	if (iq->user == NULL)
		return 0;
	user = getpwnam(iq->user);
	if (user == NULL)
		return yaml_file_refuse(
			reading->file, "iq/user", "no user %s on this machine", iq->user);
	config->iq_uid = user->pw_uid;
	return 0;
}

static int dtls_take(struct agw_config *config, const struct config_reading *reading)
{
	const struct yaml_dtls *dtls = &reading->root->dtls;

	if ((dtls->certificate == NULL) != (dtls->private_key == NULL))
		return yaml_file_refuse(reading->file, "dtls",
			"certificate and private_key go together (or neither: one is made at "
			"start)");
	if (dtls->certificate != NULL) {
		if (access(dtls->certificate, R_OK) < 0)
			return yaml_file_refuse(reading->file, "dtls/certificate",
				"can't read %s: %s", dtls->certificate, strerror(errno));
		if (access(dtls->private_key, R_OK) < 0)
			return yaml_file_refuse(reading->file, "dtls/private_key",
				"can't read %s: %s", dtls->private_key, strerror(errno));
		snprintf(config->certificate, sizeof(config->certificate), "%s", dtls->certificate);
		snprintf(config->private_key, sizeof(config->private_key), "%s", dtls->private_key);
	}
	if (dtls->threads > 16)
		return yaml_file_refuse(reading->file, "dtls/threads", "at most 16");
	config->dtls_threads = dtls->threads > 0 ? dtls->threads : 1;
	config->dtls_retain_call = dtls->retention == 0;
	config->dtls_linger_s = dtls->linger_s > 0 ? dtls->linger_s : 30;
	return 0;
}

static int limits_take(struct agw_config *config, const struct config_reading *reading)
{
	const struct yaml_root *root = reading->root;

	config->log_level = (enum log_level)root->log;
	config->gateway = root->gateway;
	config->may_sleep = root->idle == 1;
	config->ice_lite = root->ice == 1;
	config->drain_s = root->drain_s;
	config->has_hugepages = root->memory.hugepages == 1;
	if (root->memory.size_mb < 64 || root->memory.size_mb > 1024 * 1024)
		return yaml_file_refuse(reading->file, "memory/size_mb", "from 64 to 1048576");
	config->memory_mb = root->memory.size_mb;
	config->contexts_max = root->contexts_max > 0 ? root->contexts_max : 4096;
	if (config->contexts_max > 1000000)
		return yaml_file_refuse(reading->file, "contexts_max", "at most 1000000");
	return 0;
}

// Everything of the file, or nothing.
static int all_take(struct agw_config *config, const struct config_reading *reading)
{
	static int (*const takes[])(struct agw_config *, const struct config_reading *) = {
		ports_take, config_networks_take, workers_take, limits_take, iq_take, dtls_take};
	struct agw_config read = {0};
	int ret = 0;

	for (unsigned i = 0; i < sizeof(takes) / sizeof(takes[0]) && ret == 0; i++)
		ret = takes[i](&read, reading);
	if (ret == 0)
		*config = read;
	return ret;
}

int agw_config_load(struct agw_config *config, const char *path, char reason[AGW_REASON_LEN])
{
	struct config_reading reading = {.file = yaml_file_open(path, reason, AGW_REASON_LEN)};
	void *root = NULL;
	int ret;

	if (reading.file == NULL)
		return -EINVAL;
	ret = yaml_file_load(reading.file, config_yaml_schema, &root);
	reading.root = root;
	if (ret == 0)
		ret = all_take(config, &reading);
	yaml_values_free(config_yaml_schema, root);
	yaml_file_close(reading.file);
	return ret;
}
