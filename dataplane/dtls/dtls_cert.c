// SPDX-License-Identifier: Apache-2.0
// The certificate of the media plane: from PEM files, or made at start (ECDSA P-256, RFC 8827 section 6.5).
#include "dtls_priv.h"
#include "file.h"
#include "log.h"

#include <openssl/pem.h>
#include <openssl/rand.h>

#include <errno.h>
#include <stdio.h>

#define LIFETIME_S (30 * 24 * 3600)

static X509 *self_signed(EVP_PKEY *key)
{
	X509 *certificate = X509_new();
	X509_NAME *name;
	uint64_t serial;

	if (certificate == NULL || RAND_bytes((unsigned char *)&serial, sizeof(serial)) != 1)
		goto err;
	name = X509_get_subject_name(certificate);
	// The name says nothing of the machine: every peer sees it.
	if (X509_NAME_add_entry_by_txt(
		    name, "CN", MBSTRING_ASC, (const unsigned char *)"WebRTC", -1, -1, 0) != 1)
		goto err;
	if (X509_set_version(certificate, X509_VERSION_3) != 1 ||
		ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial >> 1) != 1 ||
		X509_set_issuer_name(certificate, name) != 1 ||
		X509_set_pubkey(certificate, key) != 1)
		goto err;
	if (X509_gmtime_adj(X509_getm_notBefore(certificate), -24 * 3600) == NULL ||
		X509_gmtime_adj(X509_getm_notAfter(certificate), LIFETIME_S) == NULL ||
		X509_sign(certificate, key, EVP_sha256()) == 0)
		goto err;
	return certificate;
err:
	X509_free(certificate);
	return NULL;
}

static X509 *certificate_read(const char *path)
{
	FILE *file = fopen(path, "r");
	X509 *certificate = NULL;

	if (file != NULL) {
		certificate = PEM_read_X509(file, NULL, NULL, NULL);
		fclose(file);
	}
	return certificate;
}

static EVP_PKEY *key_read(const char *path)
{
	FILE *file = fopen(path, "r");
	EVP_PKEY *key = NULL;

	if (file != NULL) {
		key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
		fclose(file);
	}
	return key;
}

static int files_load(struct dtls_service *service, char *err, size_t err_len)
{
	const struct dtls_config *config = &service->config;

	service->certificate = certificate_read(config->certificate);
	if (service->certificate == NULL) {
		snprintf(err, err_len, "no PEM certificate can be read from %s",
			config->certificate);
		return -EINVAL;
	}
	service->key = config->private_key != NULL ? key_read(config->private_key) : NULL;
	if (service->key == NULL ||
		X509_check_private_key(service->certificate, service->key) != 1) {
		snprintf(err, err_len, "%s is not the private key of %s",
			config->private_key != NULL ? config->private_key : "(none)",
			config->certificate);
		return -EINVAL;
	}
	if (file_is_world_readable(config->private_key))
		log_warn("the private key %s may be read by everybody: chmod o-r",
			config->private_key);
	return 0;
}

int dtls_cert_load(struct dtls_service *service, char *err, size_t err_len)
{
	unsigned len = sizeof(service->fingerprint);

	if (service->config.certificate != NULL) {
		int ret = files_load(service, err, err_len);

		if (ret < 0)
			return ret;
	} else {
		service->key = EVP_EC_gen("P-256");
		service->certificate = service->key != NULL ? self_signed(service->key) : NULL;
	}
	if (service->certificate == NULL ||
		X509_digest(service->certificate, EVP_sha256(), service->fingerprint, &len) != 1) {
		snprintf(err, err_len, "no certificate could be made");
		return -EIO;
	}
	return 0;
}
