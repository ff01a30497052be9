// SPDX-License-Identifier: Apache-2.0
// The service's parts: opened together, and the signing keys replaceable while requests run.
#include "log.h"
#include "wwsf_service.h"

#include <errno.h>
#include <string.h>

int service_init(struct service *service, const struct wwsf_config *config)
{
	int ret;

	memset(service, 0, sizeof(*service));
	service->config = config;
	pthread_rwlock_init(&service->keys_lock, NULL);
	ret = password_hash("nobody has this password", service->nobody);
	if (ret < 0) {
		log_error("scrypt: OpenSSL has no such key derivation");
		goto err;
	}
	service->page = page_load(config->page);
	if (service->page == NULL)
		goto err_errno;
	service->store = user_store_open(config->database);
	if (service->store == NULL)
		goto err_errno;
	service->keys = key_set_load(config->keys);
	if (service->keys == NULL)
		goto err_errno;
	service->limiter = limiter_create(config->failures_window_s);
	if (service->limiter == NULL)
		goto err_errno;
	return 0;
err_errno:
	ret = -errno;
err:
	service_fini(service);
	return ret;
}

void service_fini(struct service *service)
{
	limiter_destroy(service->limiter);
	key_set_destroy(service->keys);
	user_store_close(service->store);
	page_destroy(service->page);
	pthread_rwlock_destroy(&service->keys_lock);
	memset(service, 0, sizeof(*service));
}

int service_keys_reload(struct service *service)
{
	struct key_set *fresh = key_set_load(service->config->keys);
	struct key_set *old;

	if (fresh == NULL)
		return -errno;
	pthread_rwlock_wrlock(&service->keys_lock);
	old = service->keys;
	service->keys = fresh;
	pthread_rwlock_unlock(&service->keys_lock);
	key_set_destroy(old);
	log_info("%u signing keys, %s signs", fresh->count, fresh->keys[0].id);
	return 0;
}
