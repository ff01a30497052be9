// SPDX-License-Identifier: Apache-2.0
// Legs told what to do. A leg that can't is the end of the call.
#include "call_priv.h"
#include "log.h"

static struct call_msg msg_of(const struct sdp_session *sdp, struct call_bag *bag)
{
	struct call_msg msg = {.bag = bag};

	if (sdp != NULL)
		msg.sdp = sdp_text(sdp, &msg.sdp_len);
	return msg;
}

static void check(struct call *call, enum call_side side, const char *verb, int ret)
{
	if (ret == 0 || call->state == CALL_OVER)
		return;
	log_warn("call %s: side %c can't %s: %d", call->id, side == CALL_A ? 'A' : 'B', verb, ret);
	call_fail(call, 500, "the other side can't be reached");
}

void leg_offer(
	struct call *call, enum call_side side, const struct sdp_session *sdp, struct call_bag *bag)
{
	struct call_msg msg = msg_of(sdp, bag);

	check(call, side, "offer", call->legs[side].ops->offer(call->legs[side].leg, &msg));
}

void leg_progress(struct call *call, enum call_side side, int status, const struct sdp_session *sdp,
	struct call_bag *bag)
{
	struct call_msg msg = msg_of(sdp, bag);

	check(call, side, "ring",
		call->legs[side].ops->progress(call->legs[side].leg, status, &msg));
}

void leg_answer(
	struct call *call, enum call_side side, const struct sdp_session *sdp, struct call_bag *bag)
{
	struct call_msg msg = msg_of(sdp, bag);

	check(call, side, "answer", call->legs[side].ops->answer(call->legs[side].leg, &msg));
}

void leg_confirm(struct call *call, enum call_side side, const struct sdp_session *sdp)
{
	struct call_msg msg = msg_of(sdp, NULL);

	check(call, side, "confirm", call->legs[side].ops->confirm(call->legs[side].leg, &msg));
}

void leg_reject(struct call *call, enum call_side side, const struct call_refusal *refusal)
{
	check(call, side, "reject", call->legs[side].ops->reject(call->legs[side].leg, refusal));
}

void leg_end(struct call *call, enum call_side side, int cause, const char *text)
{
	int ret = call->legs[side].ops->end(call->legs[side].leg, cause, text);

	if (ret < 0)
		log_info("call %s: side %c was gone already: %d", call->id,
			side == CALL_A ? 'A' : 'B', ret);
}
