// SPDX-License-Identifier: Apache-2.0
// Writes EAL arguments: lcore 0 is main, lcore n + 1 is worker n.
#include "eal_arguments.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static int add(struct eal_arguments *a, const char *fmt, ...)
{
	size_t room = sizeof(a->text) - a->text_len;
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(a->text + a->text_len, room, fmt, ap);
	va_end(ap);
	if (len < 0 || (size_t)len >= room || a->count == EAL_ARGUMENTS_MAX)
		return -ENOSPC;
	a->pointers[a->count++] = a->text + a->text_len;
	a->text_len += (size_t)len + 1;
	return 0;
}

bool device_is_pci(const char *device)
{
	unsigned domain, bus, slot, function;
	int end = 0;

	return sscanf(device, "%4x:%2x:%2x.%1x%n", &domain, &bus, &slot, &function, &end) == 4 &&
		(device[end] == '\0' || device[end] == ',');
}

void device_name(char name[AGW_PATH_LEN], const char *device)
{
	snprintf(name, AGW_PATH_LEN, "%.*s", (int)strcspn(device, ","), device);
}

static int lcores_add(struct eal_arguments *a, const struct agw_config *config)
{
	char text[32 * (WORKERS_MAX + 1)];
	size_t at = 0;

	at += (size_t)snprintf(text, sizeof(text), "0@%u", config->main_core);
	for (unsigned i = 0; i < config->worker_count; i++)
		at += (size_t)snprintf(
			text + at, sizeof(text) - at, ",%u@%u", i + 1, config->worker_cores[i]);
	return add(a, "--lcores=%s", text);
}

// Without huge pages memory is shared by name under a prefix; EAL refuses that together with --in-memory.
static int memory_add(struct eal_arguments *a, const struct agw_config *config)
{
	int ret = add(a, "-m%u", config->memory_mb);

	if (ret == 0 && config->has_hugepages)
		return add(a, "--in-memory");
	if (ret == 0)
		ret = add(a, "--no-huge");
	if (ret == 0)
		ret = add(a, "--no-shconf");
	return ret;
}

static int devices_add(struct eal_arguments *a, const struct agw_config *config)
{
	bool has_pci = false;
	int ret = 0;

	for (unsigned i = 0; ret == 0 && i < config->port_count; i++) {
		const char *device = config->ports[i].device;

		if (device_is_pci(device)) {
			has_pci = true;
			ret = add(a, "--allow=%s", device);
		} else {
			ret = add(a, "--vdev=%s", device);
		}
	}
	if (ret == 0 && !has_pci)
		ret = add(a, "--no-pci");
	return ret;
}

int eal_arguments_write(struct eal_arguments *arguments, const struct agw_config *config)
{
	int ret;

	*arguments = (struct eal_arguments){0};
	ret = add(arguments, "eims-agw");
	if (ret == 0)
		ret = lcores_add(arguments, config);
	if (ret == 0)
		ret = add(arguments, "--main-lcore=0");
	if (ret == 0)
		ret = add(arguments, "--file-prefix=eims-agw-%u", config->gateway);
	if (ret == 0)
		ret = add(arguments, "--no-telemetry");
	if (ret == 0)
		ret = memory_add(arguments, config);
	return ret == 0 ? devices_add(arguments, config) : ret;
}
