// SPDX-License-Identifier: Apache-2.0
// TLS of W2: what lws leaves open is set here (versions, ALPN, tickets that any thread can read).
#include "file.h"
#include "log.h"
#include "ws_thread.h"

#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

int ws_tls_check(const char *certificate, const char *private_key, char *err, size_t err_len)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	const char *what = NULL, *file = certificate;

	if (ctx == NULL)
		return -ENOMEM;
	ERR_clear_error();
	if (SSL_CTX_use_certificate_chain_file(ctx, certificate) != 1) {
		what = "certificate";
	} else if (SSL_CTX_use_PrivateKey_file(ctx, private_key, SSL_FILETYPE_PEM) != 1 ||
		SSL_CTX_check_private_key(ctx) != 1) {
		what = "private_key";
		file = private_key;
	}
	if (what != NULL) {
		unsigned long code = ERR_peek_error();
		const char *reason = ERR_GET_LIB(code) == ERR_LIB_SYS
			? strerror((int)ERR_GET_REASON(code))
			: ERR_reason_error_string(code);

		snprintf(err, err_len, "%s %s: %s", what, file,
			reason != NULL ? reason : "can't be read");
	}
	ERR_clear_error();
	SSL_CTX_free(ctx);
	if (what == NULL && file_is_world_readable(private_key))
		log_warn("the private key %s may be read by everybody: chmod o-r", private_key);
	return what == NULL ? 0 : -EINVAL;
}

// RFC 7301 section 3.2: http/1.1, or an alert when the client names other protocols only.
static int on_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len,
	const unsigned char *in, unsigned in_len, void *arg)
{
	static const unsigned char ours[] = "\x08http/1.1";
	unsigned char *chosen;

	(void)ssl;
	(void)arg;
	if (SSL_select_next_proto(&chosen, out_len, ours, sizeof(ours) - 1, in, in_len) !=
		OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*out = chosen;
	return SSL_TLSEXT_ERR_OK;
}

void ws_tls_harden(void *ssl_ctx)
{
	static unsigned char ticket_key[80];
	static bool ticket_key_made;
	SSL_CTX *ctx = ssl_ctx;

	// All contexts are made by one thread, before the others start.
	if (!ticket_key_made)
		ticket_key_made = RAND_priv_bytes(ticket_key, sizeof(ticket_key)) == 1;
	SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
	SSL_CTX_set_options(ctx,
		SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS); // idle connections are many
	SSL_CTX_set_alpn_select_cb(ctx, on_alpn, NULL);
	if (ticket_key_made)
		SSL_CTX_set_tlsext_ticket_keys(ctx, ticket_key, sizeof(ticket_key));
}

void *ws_tls_client_ctx(void)
{
	return SSL_CTX_new(TLS_client_method());
}

void ws_tls_client_ctx_free(void *ssl_ctx)
{
	SSL_CTX_free(ssl_ctx);
}
