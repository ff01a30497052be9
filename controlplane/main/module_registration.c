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
#define RECORD_VERSION 2
#define RECORD_MAX 8192
#define KEY_VERSION 1
#define KEYS_KEPT 16

static void record_key(char key[24], registration_id id)
{
	snprintf(key, 24, "%016" PRIx64, id);
}

// Written behind: losing the last ones costs a client a REGISTER, not a call.
static void record_put(const struct cscf *cscf, const struct registration_view *view)
{
	char key[24], value[RECORD_MAX];
	struct store_record record = {.key = key,
		.version = RECORD_VERSION,
		.expires_s = view->expires_at_s,
		.value = value};
	int len = registration_record(cscf->registrations, view->id, value, sizeof(value));

	if (len >= 0) {
		record_key(key, view->id);
		record.len = (size_t)len;
		len = store_put(cscf->store, STORE_REGISTRATION, &record, NULL);
	}
	if (len < 0)
		log_warn("the registration of %s isn't stored: %s", view->impi, strerror(-len));
}

static void on_event(const struct registration_event *event, void *arg)
{
	const struct cscf *cscf = arg;
	char key[24];

	if (event->type == REGISTRATION_BOUND || event->type == REGISTRATION_RESUMED ||
		event->type == REGISTRATION_REFRESHED) {
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

static uint32_t newest_key;

static void key_name_write(char name[16], uint32_t number)
{
	snprintf(name, 16, "%010" PRIu32, number); // so that the store's order is that of age
}

static void on_key(const struct store_record *record, void *arg)
{
	const struct cscf *cscf = arg;
	uint32_t number;

	if (record->len != REGISTRATION_KEY_LEN || sscanf(record->key, "%" SCNu32, &number) != 1)
		return;
	newest_key = number;
	registrations_key_add(cscf->registrations, (uint8_t)number, record->value);
}

// A new key each start. It comes behind the older ones: the newest is what tokens are written with.
static int key_make(const struct cscf *cscf)
{
	uint8_t key[REGISTRATION_KEY_LEN];
	struct store_record record = {
		.version = KEY_VERSION, .value = key, .len = REGISTRATION_KEY_LEN};
	char name[16];
	int ret;

	if (getrandom(key, sizeof(key), 0) != sizeof(key))
		return -EIO;
	newest_key++;
	key_name_write(name, newest_key - KEYS_KEPT);
	(void)store_del(cscf->store, STORE_TOKEN_KEY, name, NULL); // or it stays, unread
	key_name_write(name, newest_key);
	record.key = name;
	ret = registrations_key_add(cscf->registrations, (uint8_t)newest_key, key);
	if (ret == 0)
		ret = store_put(cscf->store, STORE_TOKEN_KEY, &record, NULL);
	explicit_bzero(key, sizeof(key));
	return ret;
}

static void on_record(const struct store_record *record, void *arg)
{
	const struct cscf *cscf = arg;
	registration_id id;
	int ret = -EINVAL;

	if (record->version == RECORD_VERSION && sscanf(record->key, "%" SCNx64, &id) == 1)
		ret = registration_restore(cscf->registrations, id, record->value, record->len);
	if (ret == 0)
		return;
	log_warn("registration %s can't be restored: %s", record->key, strerror(-ret));
	if (store_del(cscf->store, STORE_REGISTRATION, record->key, NULL) < 0)
		log_warn("its record stays until it expires");
}

// The keys first: tokens of the process before must be read, if only to be refused with 430.
static int restore(struct cscf *cscf, char *why, size_t why_len)
{
	int ret = load_all(cscf, STORE_TOKEN_KEY, on_key);

	if (ret == 0)
		ret = key_make(cscf);
	if (ret < 0) {
		snprintf(why, why_len, "the keys of the flow tokens can't be read or kept: %s",
			strerror(-ret));
		return ret;
	}
	ret = load_all(cscf, STORE_REGISTRATION, on_record);
	if (ret < 0)
		snprintf(why, why_len, "the registrations of before can't be read: %s",
			strerror(-ret));
	else if (registrations_count(cscf->registrations) > 0)
		log_info("%u registrations restored", registrations_count(cscf->registrations));
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
	ret = restore(cscf, why, why_len);
	return ret < 0 ? ret : loop_every(cscf, TICK_MS, on_tick, cscf);
}

static void registration_fini(struct cscf *cscf)
{
	registrations_destroy(cscf->registrations);
	cscf->registrations = NULL;
}

const struct module module_registration = {"registration", registration_init, registration_fini};
