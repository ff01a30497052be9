// SPDX-License-Identifier: Apache-2.0
// wwsf user add | del | list: seeds the user store, also beside a running server.
#include "wwsf_cli.h"
#include "wwsf_store.h"

#include <openssl/crypto.h>

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

static const char usage[] = "usage: wwsf --config FILE user add NAME --mode ims|token --impi IMPI "
			    "--impu IMPU[,IMPU]...\n"
			    "                                   [--password-stdin]\n"
			    "       wwsf --config FILE user del NAME\n"
			    "       wwsf --config FILE user list\n";

static int complain(int status, const char *text)
{
	fprintf(stderr, "wwsf: %s\n", text);
	return status;
}

// A list with commas between its URIs.
static int impus_parse(struct user *user, const char *text)
{
	while (user->impus_count < USER_IMPUS_MAX) {
		size_t len = strcspn(text, ",");

		if (len == 0 || len > USER_URI_MAX ||
			(strncmp(text, "sip:", 4) != 0 && strncmp(text, "tel:", 4) != 0))
			return -EINVAL;
		memcpy(user->impus[user->impus_count++], text, len);
		if (text[len] == '\0')
			return 0;
		text += len + 1;
	}
	return -E2BIG;
}

static int password_read(struct user *user)
{
	char password[1026];
	int ret = -EINVAL;

	if (fgets(password, sizeof(password), stdin) != NULL) {
		password[strcspn(password, "\r\n")] = '\0';
		if (password[0] != '\0' && strlen(password) <= 1024)
			ret = password_hash(password, user->password);
	}
	OPENSSL_cleanse(password, sizeof(password));
	return ret;
}

struct add_options {
	const char *mode, *impi, *impu;
	bool password;
};

static int add_options_parse(int count, char *const words[], struct add_options *options)
{
	static const struct option longs[] = {
		{"mode", required_argument, NULL, 'm'},
		{"impi", required_argument, NULL, 'i'},
		{"impu", required_argument, NULL, 'u'},
		{"password-stdin", no_argument, NULL, 'p'},
		{NULL, 0, NULL, 0},
	};
	int option;

	optind = 1;
	while ((option = getopt_long(count, words, "", longs, NULL)) != -1) {
		if (option == 'm')
			options->mode = optarg;
		else if (option == 'i')
			options->impi = optarg;
		else if (option == 'u')
			options->impu = optarg;
		else if (option == 'p')
			options->password = true;
		else
			return -EINVAL;
	}
	return optind == count && options->mode != NULL && options->impi != NULL &&
			options->impu != NULL
		? 0
		: -EINVAL;
}

static int user_fill(struct user *user, const char *name, const struct add_options *options)
{
	if (!user_name_valid(name))
		return complain(2, "NAME: 1 to 64 letters, digits and . _ @ + -");
	if (strcmp(options->mode, "ims") != 0 && strcmp(options->mode, "token") != 0)
		return complain(2, "--mode must be ims or token");
	user->mode = strcmp(options->mode, "ims") == 0 ? USER_MODE_IMS : USER_MODE_TOKEN;
	if (options->impi[0] == '\0' || strlen(options->impi) > USER_URI_MAX)
		return complain(2, "--impi must be 1 to 256 bytes, as alice@ims.test");
	if (impus_parse(user, options->impu) < 0)
		return complain(2, "--impu must be sip: or tel: URIs with commas between them");
	if (user->mode == USER_MODE_IMS && options->password)
		return complain(2, "in ims mode the password is the IMS's: it is not stored here");
	if (user->mode == USER_MODE_TOKEN && !options->password)
		return complain(2, "in token mode give the password with --password-stdin");
	if (options->password && password_read(user) < 0)
		return complain(2, "no password of 1 to 1024 bytes on standard input");
	snprintf(user->name, sizeof(user->name), "%s", name);
	snprintf(user->impi, sizeof(user->impi), "%s", options->impi);
	return 0;
}

static int add_run(struct user_store *store, int count, char *const words[])
{
	struct add_options options = {0};
	struct user user = {0};
	int ret;

	// words[0] is "add", words[1] the name: the options' argv begins at the name.
	if (count < 2 || add_options_parse(count - 1, words + 1, &options) < 0) {
		fputs(usage, stderr);
		return 2;
	}
	ret = user_fill(&user, words[1], &options);
	if (ret != 0)
		return ret;
	ret = user_add(store, &user);
	OPENSSL_cleanse(user.password, sizeof(user.password));
	if (ret == -EEXIST)
		return complain(1, "this user exists: delete it first (user del NAME)");
	return ret < 0 ? complain(1, "the user was not stored") : 0;
}

static void user_print(const struct user *user, void *arg)
{
	(void)arg;
	printf("%s %s %s", user->name, user->mode == USER_MODE_IMS ? "ims" : "token", user->impi);
	for (unsigned i = 0; i < user->impus_count; i++)
		printf("%c%s", i == 0 ? ' ' : ',', user->impus[i]);
	putchar('\n');
}

static int command_run(struct user_store *store, int count, char *const words[])
{
	if (count >= 1 && strcmp(words[0], "add") == 0)
		return add_run(store, count, words);
	if (count == 2 && strcmp(words[0], "del") == 0)
		return user_del(store, words[1]) < 0 ? complain(1, "there is no such user") : 0;
	if (count == 1 && strcmp(words[0], "list") == 0)
		return user_each(store, user_print, NULL) < 0 ? 1 : 0;
	fputs(usage, stderr);
	return 2;
}

int cli_user(const struct wwsf_config *config, int count, char *const words[])
{
	struct user_store *store = user_store_open(config->database);
	int status;

	if (store == NULL)
		return 1;
	status = command_run(store, count, words);
	user_store_close(store);
	return status;
}
