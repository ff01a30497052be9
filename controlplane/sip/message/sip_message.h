// SPDX-License-Identifier: Apache-2.0
// Making and reading messages: what sofia leaves to its user.
#pragma once

#include <sofia-sip/msg.h>
#include <sofia-sip/sip.h>
#include <sofia-sip/sip_header.h>

#include <stdbool.h>
#include <stddef.h>

#define SIP_TAG_LEN 20 // of tags, branches and names that we make, with the NUL

// Random lower-case text, unguessable (80 bits), NUL-terminated.
void sip_token_make(char token[SIP_TAG_LEN]);

// A request with nothing but its request line; NULL: no memory, or a URI that can't be read.
msg_t *sip_message_request(const char *method, const char *uri);

// A response with Via, From, To, Call-ID and CSeq of the request (RFC 3261 section 8.2.6.2), and its Record-Route where
// the response may make a dialog. to_tag is put into To when that has none; NULL: put none. phrase NULL: the usual.
msg_t *sip_message_response(msg_t *request, int status, const char *phrase, const char *to_tag);

// Adds "Name: value". 0 or -ENOMEM, -EINVAL.
int sip_message_add(msg_t *msg, const char *name, const char *value);
int sip_message_addf(msg_t *msg, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

// Sets Content-Type and body; len 0 sets none.
int sip_message_body(msg_t *msg, const char *type, const char *data, size_t len);
// Copies Content- headers and the body of another message.
int sip_message_body_copy(msg_t *msg, const sip_t *from);

// Adds a Warning: code, agent and a sentence, of which what can't stand between quotes is left out (RFC 3261 section 20.43).
int sip_message_warn(msg_t *msg, unsigned code, const char *agent, const char *sentence);
// Copies all Contacts of another message.
int sip_message_contacts_copy(msg_t *msg, const sip_t *from);

// Whether a datagram ended before the body did that it announced (RFC 3261 section 18.3). On a stream sofia waits.
bool sip_message_is_cut(const sip_t *sip);

// The message as bytes of the wire, in the message's own memory; NULL: no memory.
const char *sip_message_text(msg_t *msg, size_t *len);

// The value of one header as text, in home's memory; NULL: no memory. (sofia's sip_header_as_string() cuts one of 255 bytes.)
char *sip_message_value(su_home_t *home, const sip_header_t *header);

// All values of a header joined by ", ", in home's memory; NULL: absent.
char *sip_message_header(su_home_t *home, const sip_t *sip, const char *name);
const char *sip_message_header_name(const sip_header_t *header);
bool sip_option_in(const msg_list_t *list, const char *option); // option tag, case-insensitive

const char *sip_message_method(const sip_t *sip); // of the request, or of the response's CSeq
bool sip_method_is(const sip_t *sip, const char *method);
