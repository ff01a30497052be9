// SPDX-License-Identifier: Apache-2.0
// What the files of this room call of each other.
#pragma once

#include "ice_priv.h"

// One call into the room.
struct ice_run {
	struct ice_agent *a;
	struct ice_view *view;
	const struct ice_env *env;
};

// ice_hmac.c
void ice_hmac_init(struct ice_hmac *hmac, const char *password);
void ice_hmac_sign(
	const struct ice_hmac *hmac, const uint8_t *bytes, size_t len, uint8_t tag[WIRE_STUN_TAG]);
bool ice_hmac_verify(const struct ice_hmac *hmac, const struct wire_stun *msg);
// Ends a message with integrity (hmac not NULL) and fingerprint: its length, or -ENOBUFS.
int ice_message_end(struct wire_stun_writer *w, const struct ice_hmac *hmac);
void ice_txid_new(const struct ice_env *env, uint8_t txid[WIRE_STUN_TXID]);

// ice_budget.c: a token bucket of `burst` tokens, one back every period_ms, in one word.
bool ice_budget_take(uint32_t *budget, uint64_t now_us, uint32_t period_ms, uint32_t burst);
// The same of a worker: whether there is a token besides those to keep, and whether one was taken.
#define ICE_STRANGERS_BURST 2000u
bool ice_strangers_allow(const struct ice_env *env, unsigned keep);
bool ice_strangers_take(const struct ice_env *env, unsigned keep);

// ice_remote.c
unsigned ice_remote_find(const struct ice_agent *a, const struct ice_tuple *from);
unsigned ice_remote_learn(struct ice_agent *a, const struct ice_tuple *from, uint32_t priority);
void ice_early_keep(struct ice_agent *a, const struct ice_tuple *from, const struct wire_stun *msg);
void ice_early_replay(struct ice_run *run);
uint32_t ice_ufrag_crc(const void *ufrag, size_t len);

// ice_pair.c
uint32_t ice_priority(enum iq_candidate_type type, unsigned local, unsigned component);
uint64_t ice_pair_priority(const struct ice_agent *a, const struct ice_pair *pair);
unsigned ice_pair_component(const struct ice_agent *a, const struct ice_pair *pair);
struct ice_tuple ice_pair_tuple(const struct ice_agent *a, const struct ice_pair *pair);
unsigned ice_pair_find(const struct ice_agent *a, unsigned local, unsigned remote);
unsigned ice_pair_add(struct ice_agent *a, unsigned local, unsigned remote);
void ice_pairs_form(struct ice_agent *a, unsigned remote);
void ice_pairs_thaw(struct ice_agent *a, const struct ice_pair *like);
unsigned ice_pair_next(const struct ice_agent *a); // to be checked now, or ICE_NONE
unsigned ice_pair_best(const struct ice_agent *a, unsigned component); // of the succeeded ones
bool ice_pair_hopes(const struct ice_agent *a, unsigned component, uint64_t above);
bool ice_tuple_equal(const struct ice_tuple *a, const struct ice_tuple *b);

// ice_check.c
void ice_check_send(struct ice_run *run, unsigned index, bool fresh);
int ice_request_write(const struct ice_agent *a, const struct ice_generation *generation,
	struct wire_stun_writer *w, const struct ice_tuple *to, bool use_candidate);
void ice_checks_run(struct ice_run *run);
void ice_check_failed(struct ice_run *run, unsigned index);
void ice_check_succeeded(struct ice_run *run, unsigned index);
uint64_t ice_checks_deadline(const struct ice_agent *a);

// ice_select.c
void ice_nominate(struct ice_run *run, unsigned index); // the peer has, and our check succeeded
void ice_nominated_set(struct ice_run *run, unsigned index);
void ice_selection_update(struct ice_run *run, unsigned component);
uint64_t ice_settle_deadline(const struct ice_agent *a, unsigned component); // 0: nothing to settle

// ice_consent.c
void ice_consent_start(struct ice_run *run, unsigned component, uint64_t valid_us);
void ice_consent_renew(struct ice_run *run, unsigned component, uint64_t sent_us);
void ice_consent_end(struct ice_agent *a, struct ice_view *view, unsigned component,
	enum iq_consent_state state);
void ice_consent_show(const struct ice_agent *a, struct ice_view *view);
void ice_consent_run(struct ice_run *run);
uint64_t ice_consent_deadline(const struct ice_agent *a);
// The component whose open consent request this answers, forgetting the request; ICE_NONE: none.
unsigned ice_consent_match(const struct ice_agent *a, const uint8_t *txid);
void ice_consent_answered(
	struct ice_run *run, unsigned component, const struct wire_stun *msg, bool success);

// ice_role.c
void ice_role_set(struct ice_agent *a, bool controlling);
bool ice_role_conflict(struct ice_run *run, const struct wire_stun *msg); // true: answer 487

// ice_request.c, ice_response.c, ice_reply.c
enum ice_verdict ice_request_input(
	struct ice_run *run, const struct ice_tuple *from, const struct wire_stun *msg);
void ice_request_learn(
	struct ice_run *run, const struct ice_tuple *from, uint32_t priority, bool use_candidate);
enum ice_verdict ice_response_input(
	struct ice_run *run, const struct ice_tuple *from, const struct wire_stun *msg);
void ice_reply_success(struct ice_run *run, const struct ice_tuple *to, const struct wire_stun *msg,
	const struct ice_hmac *hmac);
void ice_reply_error(struct ice_run *run, const struct ice_tuple *to, const struct wire_stun *msg,
	const struct ice_hmac *hmac, unsigned code);

// ice_timer.c
struct ice_result ice_run_result(struct ice_run *run, enum ice_verdict verdict);
void ice_state_update(struct ice_agent *a);
