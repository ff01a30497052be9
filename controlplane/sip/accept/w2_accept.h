// SPDX-License-Identifier: Apache-2.0
// The strict gate for what a browser sends: the parser behind it is lenient.
#pragma once

#include <sofia-sip/msg.h>

#include <stddef.h>
#include <stdint.h>

#define W2_SDP_MAX 16384 // bytes of an SDP body

enum w2_verdict {
	W2_TAKEN, // msg is a good message
	W2_KEEPALIVE, // CRLF CRLF: answer CRLF (RFC 5626 section 4.4.1)
	W2_REFUSED, // response is to be sent, the message is gone
	W2_DROPPED, // nothing is to be sent
	W2_FATAL, // not SIP: close the connection with close_code
};

struct w2_acceptance {
	enum w2_verdict verdict;
	msg_t *msg; // W2_TAKEN: the caller's
	int status; // W2_REFUSED
	char *response; // W2_REFUSED: text, to be freed by the caller
	size_t response_len;
	uint16_t close_code; // W2_FATAL (RFC 6455 section 7.4)
	const char *why; // a literal, for the log and the response's phrase; not for W2_TAKEN
};

// Judges one WebSocket message (RFC 7118 section 5: exactly one SIP message). Taken are messages of version 2.0 whose
// head is whole, whose single-instance headers are single, whose body is as long as Content-Length says (when it is
// there) and which the parser finds no fault with. A faulty request gets 400, 413 or 505 when Via, From, To, Call-ID
// and CSeq can be read; a faulty response is dropped. Pure: no state, no clock.
void w2_accept(const char *data, size_t len, struct w2_acceptance *out);
