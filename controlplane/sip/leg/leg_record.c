// SPDX-License-Identifier: Apache-2.0
// A leg as flat text, one key=value a line, and back: what another process needs to go on with its dialog.
#include "leg.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// How far numbers of requests are ahead after a restart, since not every request writes a record. Gaps are no error
// (RFC 3261 section 12.2.2).
#define CSEQ_SKIP 65536u
#define CSEQ_MAX 0x7fffffffu

int sip_leg_record(void *arg, struct call_bag *answer, char *buf, size_t room)
{
	struct sip_leg *leg = arg;
	int head, rest;

	// The 200 is to have the tag that is written down now.
	if (!leg->dialog.local_tag && sip_leg_tag_make(leg, answer) < 0)
		return -ENOMEM;
	head = snprintf(buf, room, "side=%s\nbinding=%016" PRIx64 "\ncharging=%s\nidentity=%s\n",
		leg->w2 ? "w2" : "mw", leg->binding, leg->charging ? leg->charging : "",
		leg->identity ? leg->identity : "");
	if (head < 0 || (size_t)head >= room)
		return -ENOSPC;
	rest = sip_dialog_record(&leg->dialog, buf + head, room - (size_t)head);
	return rest < 0 ? rest : head + rest;
}

// The value of a line, to be freed; NULL: there is none, or it is empty.
static char *value_of(const char *text, size_t len, const char *name)
{
	size_t name_len = strlen(name);
	const char *end = text + len;

	while (text < end) {
		const char *stop = memchr(text, '\n', (size_t)(end - text));

		if (!stop)
			stop = end;
		if ((size_t)(stop - text) > name_len + 1 && memcmp(text, name, name_len) == 0 &&
			text[name_len] == '=')
			return strndup(text + name_len + 1, (size_t)(stop - text) - name_len - 1);
		text = stop + 1;
	}
	return NULL;
}

static struct sip_leg *leg_make(struct sip_stack *stack, const char *text, size_t len)
{
	char *side = value_of(text, len, "side"), *binding = value_of(text, len, "binding");
	struct sip_leg *leg = NULL;

	errno = EINVAL;
	if (side && binding)
		leg = sip_leg_create(stack, strcmp(side, "w2") == 0, strtoull(binding, NULL, 16));
	free(side);
	free(binding);
	return leg;
}

int sip_leg_restore(void *arg, struct call *call, enum call_side side, const char *text, size_t len,
	struct call_leg *out)
{
	struct sip_leg *leg = leg_make(arg, text, len);
	int ret;

	if (!leg)
		return -errno;
	leg->charging = value_of(text, len, "charging");
	leg->identity = value_of(text, len, "identity");
	ret = sip_dialog_restore(&leg->dialog, text, len);
	if (ret == 0)
		ret = sip_leg_enlist(leg);
	if (ret < 0) {
		sip_leg_unref(leg);
		return ret;
	}
	if (leg->dialog.local_cseq < CSEQ_MAX - CSEQ_SKIP)
		leg->dialog.local_cseq += CSEQ_SKIP;
	leg->confirmed = true;
	leg->call = call;
	leg->side = side;
	*out = (struct call_leg){&sip_leg_ops, leg};
	return 0;
}
