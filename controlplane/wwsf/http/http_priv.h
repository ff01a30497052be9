// SPDX-License-Identifier: Apache-2.0
// What http.c (requests) and listen.c (daemons) share.
#pragma once

#include "wwsf_http.h"

#include <microhttpd.h>

#include <stdbool.h>

struct http {
	struct service *service;
	bool starting; // the library's complaints are told then; later they are a peer's doing
	unsigned count;
	struct MHD_Daemon *daemons[WWSF_LISTEN_MAX];
};

enum MHD_Result http_on_request(void *arg, struct MHD_Connection *connection, const char *path,
	const char *method, const char *version, const char *bytes, size_t *len, void **state);
void http_on_completed(void *arg, struct MHD_Connection *connection, void **state,
	enum MHD_RequestTerminationCode code);
