// SPDX-License-Identifier: Apache-2.0
// What a service thread tells the workers: flights, keys, ends.
#include "dtls_priv.h"

#include <string.h>
#include <unistd.h>

// A slot for an output. Workers poll all the time, so a full ring empties soon; nothing may be lost here.
static struct response *response_begin(struct service_thread *thread, struct dtls_port *port)
{
	struct response *response;

	while ((response = slots_back(&port->out)) == NULL) {
		if (atomic_load(&thread->stop))
			return NULL;
		usleep(100);
	}
	memset(&response->output, 0, sizeof(response->output));
	return response;
}

static void response_end(
	struct service_thread *thread, struct assoc *assoc, struct response *response)
{
	struct flight *flight = &thread->flight;

	response->output.id = assoc->id;
	response->output.datagram_count = flight->count;
	for (unsigned i = 0; i < flight->count; i++) {
		memcpy(response->bytes[i], flight->bytes[i], flight->len[i]);
		response->output.datagrams[i].bytes = response->bytes[i];
		response->output.datagrams[i].len = flight->len[i];
	}
	flight->count = 0;
	slots_push(&assoc->port->out);
}

void tell(struct service_thread *thread, struct assoc *assoc, enum dtls_output_type type,
	uint8_t error)
{
	struct response *response;

	if (type == DTLS_FLIGHT && thread->flight.count == 0)
		return;
	response = response_begin(thread, assoc->port);
	if (response == NULL)
		return;
	response->output.type = type;
	response->output.error = error;
	response_end(thread, assoc, response);
}

static enum srtp_suite suite_of_profile(unsigned long profile)
{
	for (int suite = SRTP_SUITE_NONE + 1; suite < SRTP_SUITE_COUNT; suite++) {
		if (srtp_suite_info((enum srtp_suite)suite)->dtls_profile == profile)
			return (enum srtp_suite)suite;
	}
	return SRTP_SUITE_NONE;
}

// client_key | server_key | client_salt | server_salt (RFC 5764 section 4.2).
static bool keys_export(struct assoc *assoc, struct dtls_output *output)
{
	static const char label[] = "EXTRACTOR-dtls_srtp";
	const struct srtp_suite_info *info = srtp_suite_info(output->suite);
	uint8_t material[2 * (32 + 14)];
	size_t key = info->key_len, salt = info->salt_len;
	bool server = SSL_is_server(assoc->ssl);

	if (SSL_export_keying_material(assoc->ssl, material, 2 * (key + salt), label,
		    sizeof(label) - 1, NULL, 0, 0) != 1)
		return false;
	memcpy(server ? output->rx_key : output->tx_key, material, key);
	memcpy(server ? output->tx_key : output->rx_key, material + key, key);
	memcpy(server ? output->rx_salt : output->tx_salt, material + 2 * key, salt);
	memcpy(server ? output->tx_salt : output->rx_salt, material + 2 * key + salt, salt);
	OPENSSL_cleanse(material, sizeof(material));
	return true;
}

void tell_connected(struct service_thread *thread, struct assoc *assoc, unsigned long profile)
{
	struct response *response = response_begin(thread, assoc->port);

	if (response == NULL)
		return;
	response->output.type = DTLS_CONNECTED;
	response->output.suite = suite_of_profile(profile);
	response->output.profile = (uint16_t)profile;
	response->output.version = (uint16_t)SSL_version(assoc->ssl);
	response->output.cipher = SSL_CIPHER_get_protocol_id(SSL_get_current_cipher(assoc->ssl));
	if (!keys_export(assoc, &response->output))
		response->output.type = DTLS_FAILED;
	response_end(thread, assoc, response);
}
