// SPDX-License-Identifier: Apache-2.0
// One HTTP request by libcurl, over a unix socket or TCP.
#include "ctl.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ANSWER_MAX (256U << 20)
#define TIMEOUT_S 20L

struct text {
	char *bytes;
	size_t len;
};

static size_t on_bytes(char *bytes, size_t one, size_t len, void *arg)
{
	struct text *text = arg;
	char *more;

	(void)one;
	if (text->len + len > ANSWER_MAX)
		return 0;
	more = realloc(text->bytes, text->len + len + 1);
	if (more == NULL)
		return 0;
	memcpy(more + text->len, bytes, len);
	text->bytes = more;
	text->len += len;
	return len;
}

// "Authorization: Bearer ..." of the token's file, or NULL with a sentence.
static struct curl_slist *token_header(const char *path, char *why)
{
	char token[512] = "", header[560];
	FILE *file = fopen(path, "re");
	struct curl_slist *list = NULL;

	if (file == NULL || fgets(token, sizeof(token), file) == NULL)
		snprintf(why, 256, "the token can't be read from %s: %s", path,
			file == NULL ? strerror(errno) : "the file is empty");
	token[strcspn(token, "\r\n")] = '\0';
	snprintf(header, sizeof(header), "Authorization: Bearer %s", token);
	if (token[0] != '\0')
		list = curl_slist_append(NULL, header);
	explicit_bzero(token, sizeof(token));
	explicit_bzero(header, sizeof(header));
	if (file != NULL)
		fclose(file);
	return list;
}

static enum ctl_exit answer_read(
	const struct text *text, long status, json_t **answer, char why[256])
{
	json_t *root = json_loadb(text->bytes != NULL ? text->bytes : "", text->len, 0, NULL);
	const char *sentence = json_string_value(json_object_get(root, "error"));

	if (status == 200 && root != NULL) {
		*answer = root;
		return CTL_OK;
	}
	if (sentence != NULL)
		snprintf(why, 256, "%s", sentence);
	else
		snprintf(why, 256, "the answer is none of ep-cscf (HTTP %ld)", status);
	json_decref(root);
	return CTL_REFUSED;
}

static void options_set(
	CURL *curl, const struct ctl_door *door, const char *method, const char *path)
{
	char url[512];

	snprintf(url, sizeof(url), "%s%s", door->where[0] == '/' ? "http://localhost" : door->where,
		path);
	if (door->where[0] == '/')
		curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, door->where);
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http");
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, TIMEOUT_S);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_bytes);
}

static enum ctl_exit perform(
	CURL *curl, const struct ctl_door *door, json_t **answer, char why[256])
{
	struct text text = {0};
	enum ctl_exit ret;
	long status = 0;
	CURLcode code;

	curl_easy_setopt(curl, CURLOPT_WRITEDATA, &text);
	code = curl_easy_perform(curl);
	if (code == CURLE_OK) {
		curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
		ret = answer_read(&text, status, answer, why);
	} else {
		snprintf(why, 256,
			"ep-cscf can't be asked at %s: %s; does it run, with admin: listen: in its "
			"configuration?",
			door->where, curl_easy_strerror(code));
		ret = CTL_UNREACHABLE;
	}
	free(text.bytes);
	return ret;
}

enum ctl_exit ctl_ask(const struct ctl_door *door, const char *method, const char *path,
	json_t **answer, char why[256])
{
	struct curl_slist *headers = NULL;
	enum ctl_exit ret = CTL_USAGE;
	CURL *curl = curl_easy_init();

	if (curl == NULL) {
		snprintf(why, 256, "libcurl can't be started");
		return CTL_UNREACHABLE;
	}
	if (door->token != NULL)
		headers = token_header(door->token, why);
	if (door->token == NULL || headers != NULL) {
		options_set(curl, door, method, path);
		curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
		ret = perform(curl, door, answer, why);
	}
	curl_slist_free_all(headers);
	curl_easy_cleanup(curl);
	return ret;
}
