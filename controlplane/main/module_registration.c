// SPDX-License-Identifier: Apache-2.0
// Registrations: their timers, their records in the store, and the keys of their flow tokens.
#include "cscf.h"
#include "log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#define TICK_MS 1000
#define RECORD_VERSION 1

static void record_key(char key[24], registration_id id)
{
	snprintf(key, 24, "%016" PRIx64, id);
}

// Written behind: losing the last ones costs a client a REGISTER, not a call.
static void record_put(const struct cscf *cscf, const struct registration_view *view)
{
	char key[24], value[4096];
	struct store_record record = {.key = key,
		.version = RECORD_VERSION,
		.expires_s = view->expires_at_s,
		.value = value};
	int n = snprintf(value, sizeof(value),
		"impi=%s\nimpu=%s\ninstance=%s\ncontact=%s\nroute=%s\nassociated=%s\ncharging=%"
		"s\nwwsf=%s\nwaf=%s\n",
		view->impi, view->impu_count > 0 ? view->impus[0] : "", view->instance,
		view->contact, view->service_route, view->associated_uri, view->charging,
		view->wwsf_id, view->waf_id);

	if (n < 0 || (size_t)n >= sizeof(value)) {
		log_warn("the registration of %s is too long for a record", view->impi);
		return;
	}
	record_key(key, view->id);
	record.len = (size_t)n;
	if (store_put(cscf->store, STORE_REGISTRATION, &record, NULL) < 0)
		log_warn("the registration of %s isn't stored", view->impi);
}

static void on_event(const struct registration_event *event, void *arg)
{
	const struct cscf *cscf = arg;
	char key[24];

	if (event->type == REGISTRATION_BOUND || event->type == REGISTRATION_RESUMED) {
		record_put(cscf, event->view);
	} else if (event->type == REGISTRATION_GONE) {
		record_key(key, event->view->id);
		if (store_del(cscf->store, STORE_REGISTRATION, key, NULL) < 0)
			log_warn("the record of %s stays until it expires", event->view->impi);
	}
	if (cscf->sip != NULL)
		sip_stack_on_registration(cscf->sip, event);
}

static void on_tick(void *arg)
{
	const struct cscf *cscf = arg;

	if (cscf->registrations != NULL)
		registrations_run(cscf->registrations);
}

static void on_key(const struct store_record *record, void *arg)
{
	const struct cscf *cscf = arg;
	unsigned id;

	if (record->len == REGISTRATION_KEY_LEN && sscanf(record->key, "%u", &id) == 1 &&
		id <= UINT8_MAX)
		registrations_key_add(cscf->registrations, (uint8_t)id, record->value);
}

// Tokens written before a restart stay good for the 430 that sends a client to register again.
static int keys_load(struct cscf *cscf)
{
	uint8_t key[REGISTRATION_KEY_LEN];
	const struct store_done done = {.arg = cscf};
	struct store_record record = {.version = 1, .value = key, .len = sizeof(key)};
	char name[8];
	int ret = store_load_all(cscf->store, STORE_TOKEN_KEY, on_key, &done);

	if (ret < 0)
		return ret;
	if (getrandom(key, sizeof(key), 0) != sizeof(key))
		return -EIO;
	// A new key each start; a byte of randomness as its name makes the ring of names last.
	snprintf(name, sizeof(name), "%u", key[0]);
	record.key = name;
	ret = registrations_key_add(cscf->registrations, key[0], key);
	if (ret == 0)
		ret = store_put(cscf->store, STORE_TOKEN_KEY, &record, NULL);
	explicit_bzero(key, sizeof(key));
	return ret;
}

static int registration_init(struct cscf *cscf, char *why, size_t why_len)
{
	const struct registrations_config config = {
		.config = cscf->config, .auth = cscf->auth, .on_event = on_event, .arg = cscf};
	int ret;

	cscf->registrations = registrations_create(&config);
	if (cscf->registrations == NULL)
		return -errno;
	ret = keys_load(cscf);
	if (ret < 0)
		snprintf(why, why_len, "the keys of the flow tokens can't be kept: %s",
			strerror(-ret));
	return ret < 0 ? ret : loop_every(cscf, TICK_MS, on_tick, cscf);
}

static void registration_fini(struct cscf *cscf)
{
	store_cancel(cscf->store, cscf);
	registrations_destroy(cscf->registrations);
	cscf->registrations = NULL;
}

const struct module module_registration = {"registration", registration_init, registration_fini};
