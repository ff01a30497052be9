// SPDX-License-Identifier: Apache-2.0
// A dialog as plain text (RFC 3261 section 12), so that it can be written down and rebuilt.
#pragma once

#include <sofia-sip/msg.h>
#include <sofia-sip/sip.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Strings are the dialog's own; NULL where nothing is known yet.
struct sip_dialog {
	char *call_id;
	char *local, *remote; // From and To values, ours and the peer's, without tags
	char *local_tag, *remote_tag;
	char *target; // URI of the peer's Contact
	char *routes; // Route value; NULL: none
	char *contact; // our own Contact without features: <sip:...>
	uint32_t local_cseq, remote_cseq;
};

void sip_dialog_fini(struct sip_dialog *dialog);

// The dialog that a request opens toward us; the local tag is set later. 0 or -ENOMEM.
int sip_dialog_from_request(struct sip_dialog *dialog, const sip_t *request);

// The dialog that our request will open on the other side of a B2BUA: Call-ID, From with its tag, To and CSeq are those
// of the request that came in.
int sip_dialog_toward(struct sip_dialog *dialog, const sip_t *request, const char *target);

// The peer's tag, routes and target, from a response to our request.
int sip_dialog_from_response(struct sip_dialog *dialog, const sip_t *response);

// A new Contact of the peer, from a target refresh request or its 2xx (section 12.2).
int sip_dialog_refresh(struct sip_dialog *dialog, const sip_t *sip);

// A request in the dialog, with its next CSeq; cseq 0. For ACK the CSeq of its INVITE. NULL: errno.
msg_t *sip_dialog_request(struct sip_dialog *dialog, const char *method, uint32_t cseq);

// False: the request is older than one we have seen; else its CSeq is remembered (section 12.2.2).
bool sip_dialog_in_order(struct sip_dialog *dialog, const sip_t *request);

// Replaces a string: 0 or -ENOMEM; value NULL clears it.
int sip_text_set(char **text, const char *value);

// Writes key=value lines; bytes written or -ENOSPC.
int sip_dialog_record(const struct sip_dialog *dialog, char *buf, size_t room);

// Takes the key=value lines of a record, others among them too. 0; -EINVAL: there is no whole dialog in them; -ENOMEM.
int sip_dialog_restore(struct sip_dialog *dialog, const char *text, size_t len);
