// SPDX-License-Identifier: Apache-2.0
// A call made again out of its record. The record is ours, but of another run: whatever it says is checked.
#include "call_priv.h"
#include "clock.h"
#include "hex.h"
#include "log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

// A part of the record: "[NAME LENGTH]", a new line, that many bytes, a new line.
struct part {
	const char *bytes;
	size_t len;
};

static int part_next(const char **at, const char *end, char name[16], struct part *part)
{
	size_t left = (size_t)(end - *at);
	const char *line = memchr(*at, '\n', left < 64 ? left : 64);
	char head[64];
	int n = 0;

	if (line == NULL)
		return -EINVAL;
	memcpy(head, *at, (size_t)(line - *at));
	head[line - *at] = '\0';
	if (sscanf(head, "[%15[a-z ] %zu]%n", name, &part->len, &n) != 2 || n == 0)
		return -EINVAL;
	// The scan takes the space before the length into the name.
	for (size_t len = strlen(name); len > 0 && name[len - 1] == ' '; len--)
		name[len - 1] = '\0';
	part->bytes = line + 1;
	if (part->len >= (size_t)(end - part->bytes))
		return -EINVAL;
	*at = part->bytes + part->len + 1;
	return 0;
}

static int part_find(const struct store_record *record, const char *wanted, struct part *part)
{
	const char *at = record->value, *end = at + record->len;
	char name[16];

	while (at < end) {
		int ret = part_next(&at, end, name, part);

		if (ret < 0)
			return ret;
		if (strcmp(name, wanted) == 0)
			return 0;
	}
	return -ENOENT;
}

static void times_set(struct call *call, int64_t started_s, uint64_t setup_ms)
{
	uint64_t now_us = clock_now_us();
	int64_t age_s = clock_wall_s() - started_s;
	uint64_t age_us = age_s > 0 ? (uint64_t)age_s * 1000000 : 0;

	call->started_us = age_us < now_us ? now_us - age_us : 0;
	call->up_us = call->started_us + setup_ms * 1000;
}

static int head_take(struct call *call, const struct store_record *record)
{
	unsigned web, role, sections, families[2];
	int64_t started_s;
	uint64_t setup_ms;
	int offers[2];
	char head[320];
	struct part part;

	if (part_find(record, "call", &part) < 0 || part.len >= sizeof(head))
		return -EINVAL;
	memcpy(head, part.bytes, part.len);
	head[part.len] = '\0';
	if (sscanf(head,
		    "web=%u media=%" SCNx64
		    " role=%u sections=%u families=%u,%u offers=%d,%d session=%" SCNu64 ",%" SCNu64
		    " started=%" SCNd64 " setup=%" SCNu64,
		    &web, &call->media, &role, &sections, &families[0], &families[1], &offers[0],
		    &offers[1], &call->session_id[0], &call->session_id[1], &started_s,
		    &setup_ms) != 12 ||
		web > CALL_B || role > SDP_ROLE_PASSIVE || sections > IQ_STREAMS_MAX ||
		call->media == 0)
		return -EINVAL;
	call->web = (enum call_side)web;
	call->role = role;
	call->sections = sections;
	for (unsigned i = 0; i < 2; i++) {
		call->families[i] = (uint8_t)families[i];
		call->remote_was_offer[i] = offers[i] != 0;
	}
	times_set(call, started_s, setup_ms);
	return 0;
}

static int hex_take(const struct store_record *record, const char *name, void *bytes, size_t len)
{
	struct part part;

	if (part_find(record, name, &part) < 0 || part.len != 2 * len)
		return -EINVAL;
	return hex_parse(bytes, len, part.bytes);
}

static int media_take(struct call *call, const struct store_record *record)
{
	int ret = hex_take(record, "transports", call->transport_of, sizeof(call->transport_of));

	if (ret == 0)
		ret = hex_take(
			record, "audio", &call->audio_sections, sizeof(call->audio_sections));
	if (ret == 0)
		ret = hex_take(
			record, "local media", &call->local_media, sizeof(call->local_media));
	for (unsigned i = 0; i < SDP_MAX_SECTIONS && ret == 0; i++) {
		if (call->transport_of[i] >= IQ_STREAMS_MAX)
			ret = -EINVAL;
	}
	return ret;
}

static int sdp_take(const struct store_record *record, const char *name, struct sdp_session **out)
{
	struct sdp_error err = {0};
	struct part part;

	if (part_find(record, name, &part) < 0)
		return -EINVAL;
	return sdp_read(part.bytes, part.len, out, &err);
}

static int descriptions_take(struct call *call, const struct store_record *record)
{
	int ret = sdp_take(record, "local a", &call->local[CALL_A]);

	if (ret == 0)
		ret = sdp_take(record, "local b", &call->local[CALL_B]);
	if (ret == 0)
		ret = sdp_take(record, "remote a", &call->remote[CALL_A]);
	if (ret == 0)
		ret = sdp_take(record, "remote b", &call->remote[CALL_B]);
	return ret;
}

static int leg_take(struct call *call, const struct store_record *record, enum call_side side)
{
	const struct calls_config *config = &call->calls->config;
	struct part part;

	if (part_find(record, side == CALL_A ? "leg a" : "leg b", &part) < 0)
		return -EINVAL;
	return config->leg_restore(
		config->legs, call, side, part.bytes, part.len, &call->legs[side]);
}

static int legs_take(struct call *call, const struct store_record *record)
{
	int ret = leg_take(call, record, CALL_A);

	if (ret < 0)
		return ret;
	ret = leg_take(call, record, CALL_B);
	if (ret < 0)
		call->legs[CALL_A].ops->forget(call->legs[CALL_A].leg);
	return ret;
}

int calls_restore(struct calls *calls, const struct store_record *record)
{
	struct call_setup setup = {0};
	struct call *call;
	int ret;

	if (record->version != CALL_RECORD_VERSION)
		return -EPROTO;
	if (calls->config.leg_restore == NULL || strlen(record->key) >= sizeof(setup.id))
		return -EINVAL;
	if (call_by_id(calls, record->key) != NULL)
		return -EEXIST;
	memcpy(setup.id, record->key, strlen(record->key));
	call = call_create(calls, &setup);
	if (call == NULL)
		return -ENOMEM;
	ret = head_take(call, record);
	if (ret == 0)
		ret = media_take(call, record);
	if (ret == 0)
		ret = descriptions_take(call, record);
	if (ret == 0)
		ret = legs_take(call, record);
	if (ret < 0) {
		call_discard(call);
		return ret;
	}
	call->state = CALL_UP;
	call->is_restored = true;
	call_park(call);
	// The legs have skipped ahead in their CSeqs, and so must the process after this one.
	if (record_put(call, NULL) < 0)
		log_warn("call %s: what was restored can't be written down", call->id);
	log_info("call %s: restored, parked for %u ms", call->id, calls->config.park_time_ms);
	return 0;
}
