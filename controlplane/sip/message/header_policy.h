// SPDX-License-Identifier: Apache-2.0
// Which headers pass between a browser and the core, and which are the gateway's own on each side.
#pragma once

#include <sofia-sip/msg.h>
#include <sofia-sip/sip.h>

enum header_way { HEADERS_TO_CORE, HEADERS_TO_WIC };

// Copies what may pass from one message to another (0 or -ENOMEM). Never copied are headers that a dialog, a
// transaction or a body makes (Via, Route, Record-Route, From, To, Call-ID, CSeq, Contact, Max-Forwards, Content-...),
// credentials of REGISTER, and what this gateway does not do end to end (100rel, preconditions, session timers, sec-agree). Toward
// the core nothing passes that only trusted nodes may say; toward the WIC nothing that tells the core's
// topology, charging or location (RFC 3324, TS 24.229 4.4; P-Asserted-Identity stays unless Privacy: id).
int headers_pass(msg_t *to, const sip_t *from, enum header_way way);

// The options that Require or Proxy-Require ask of us and that we haven't got, as the value of Unsupported, in home's
// memory; NULL: none.
char *headers_unsupported(su_home_t *home, const sip_t *request);

// Max-Forwards of the request sent on: one less, at most 70; 0: answer 483.
unsigned headers_hops_left(const sip_t *request);

// The parameters of a Contact that say something of the client (feature tags, instance), each with its ';', for our
// own Contact on the other side; "" when there are none; NULL: no memory.
char *headers_contact_features(su_home_t *home, const sip_contact_t *contact);

// A P-Access-Network-Info value without the parts that claim to be of the network; NULL: nothing is left.
char *headers_access_network(su_home_t *home, const char *value);
