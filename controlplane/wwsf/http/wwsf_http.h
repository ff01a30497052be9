// SPDX-License-Identifier: Apache-2.0
// The HTTPS listeners.
#pragma once

#include "wwsf_service.h"

// Listens on every address of the configuration with TLS 1.2 and 1.3. Requests are answered on the
// listeners' own threads. NULL with errno; the reason is logged.
struct http *http_start(struct service *service);
// Ends listening, waits for the requests that run. NULL is legal.
void http_stop(struct http *http);
// Takes the certificate and key files as they are now for new connections; those that are open
// finish. On error the old ones stay. 0 or -errno. Same thread as http_start.
int http_certificate_reload(struct http *http);
