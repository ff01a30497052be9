// SPDX-License-Identifier: Apache-2.0
// The parts of a registration: Authorization values, identities, and the table and heap against slow oracles.
#include "registration_priv.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_digest_rewrite(void **state)
{
	static const struct {
		const char *value, *expected;
	} cases[] = {
		{"Digest username=\"alice@ims.test\", realm=\"ims.test\",nonce=\"a,b\\\"c\", "
		 "integrity-protected=\"auth-done\", uri=\"sip:ims.test\", nc=00000001",
			"Digest username=\"alice@ims.test\", realm=\"ims.test\", "
			"nonce=\"a,b\\\"c\", "
			"uri=\"sip:ims.test\", nc=00000001, integrity-protected=\"tls-yes\""},
		{"digest Authorization-Entity = \"evil\" , INTEGRITY-PROTECTED=yes, a=b",
			"Digest a=b, integrity-protected=\"tls-yes\""},
		{"Digest a=\"b", NULL},
		{"Digest a=\"b\\\"", NULL},
		{"Digest a=\"b\\", NULL},
		{"Digest a", NULL},
		{"Digest =b", NULL},
		{"Digest a=", NULL},
		{"Digest a=b c=d", NULL},
		{"Digest a=b\"c\"", NULL},
		{"Digest username=\"alice\", realm=\"x\", Username=\"bob\"", NULL},
	};
	char text[512];

	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int ret = digest_rewrite(cases[i].value, "tls-yes", text, sizeof(text));

		assert_int_equal(ret, cases[i].expected != NULL ? 0 : -EINVAL);
		if (ret == 0)
			assert_string_equal(text, cases[i].expected);
	}
	for (size_t room = 8; room < strlen(cases[0].expected); room++)
		assert_int_equal(digest_rewrite(cases[0].value, "tls-yes", text, room), -ENOSPC);
}

static void test_digest_parameter(void **state)
{
	static const char value[] = "Digest realm=x, username=\"a\\\"li,ce\", response=\"\"";
	char text[16];

	(void)state;
	assert_true(digest_is(value));
	assert_true(digest_is(" DIGEST a=b"));
	assert_false(digest_is("Digestive a=b"));
	assert_false(digest_is("Bearer x"));
	assert_int_equal(digest_parameter(value, "Username", text, sizeof(text)), 0);
	assert_string_equal(text, "a\"li,ce");
	assert_int_equal(digest_parameter(value, "response", text, sizeof(text)), 0);
	assert_string_equal(text, "");
	assert_int_equal(digest_parameter(value, "nonce", text, sizeof(text)), -ENOENT);
	assert_int_equal(digest_parameter(value, "username", text, 4), -ENOSPC);
}

// TS 24.292 section 6.2, as in the TS 33.203 example.
static void test_tna(void **state)
{
	char text[512];

	(void)state;
	assert_int_equal(tna_write("user1_private@home1.net", "registrar.home1.net",
				 "webrtc_authserver1@thirdparty.net", text, sizeof(text)),
		0);
	assert_string_equal(text,
		"Digest username=\"user1_private@home1.net\", realm=\"registrar.home1.net\", "
		"nonce=\"\", "
		"uri=\"sip:registrar.home1.net\", response=\"\", "
		"integrity-protected=\"auth-done\", "
		"authorization-entity=\"webrtc_authserver1@thirdparty.net\"");
	assert_int_equal(tna_write("a", "b", "", text, sizeof(text)), 0);
	assert_null(strstr(text, "authorization-entity"));
	assert_int_equal(tna_write("a", "b", "", text, 20), -ENOSPC);
}

static void test_uris(void **state)
{
	(void)state;
	assert_true(uri_is_same("sip:alice@ims.test", "SIP:alice@IMS.test;user=phone"));
	assert_false(uri_is_same("sip:alice@ims.test", "sip:Alice@ims.test"));
	assert_false(uri_is_same("sip:alice@ims.test", "sips:alice@ims.test"));
	assert_false(uri_is_same("sip:alice@ims.test", "sip:alice@ims.tes"));
	assert_true(uri_is_same("tel:+15550100", "TEL:+15550100;phone-context=x"));
	assert_false(uri_is_same("tel:+15550100", "tel:+15550101"));
	assert_true(uri_is_same("sip:ims.test", "sip:IMS.test"));
	assert_false(uri_is_same("", ""));
	assert_false(uri_is_same("alice", "alice"));
}

static void test_impis(void **state)
{
	char impi[16];

	(void)state;
	assert_int_equal(impi_of_uri("sip:a@ims.test;x=y", impi, sizeof(impi)), 0);
	assert_string_equal(impi, "a@ims.test");
	assert_int_equal(impi_of_uri("sip:", impi, sizeof(impi)), -EINVAL);
	assert_int_equal(impi_of_uri("alice", impi, sizeof(impi)), -EINVAL);
	assert_int_equal(impi_of_uri("sip:a\"b@ims.test", impi, sizeof(impi)), -EINVAL);
	assert_int_equal(impi_of_uri("sip:somebody@ims.test", impi, sizeof(impi)), -EINVAL);
}

static void test_impus(void **state)
{
	static const struct {
		const char *value, *expected;
	} cases[] = {
		{"<sip:alice@ims.test>,<tel:+15550100>", "sip:alice@ims.test tel:+15550100 "},
		{"\"A, <b>\\\"\" <sip:alice@ims.test>;p=q , tel:+1;x",
			"sip:alice@ims.test tel:+1 "},
		{"sip:a@b", "sip:a@b "},
		{"", "sip:to@ims.test "},
		{NULL, "sip:to@ims.test "},
		{" , ,", "sip:to@ims.test "},
		{"<>", "sip:to@ims.test "},
		{"<sip:a@b", "sip:a@b "},
		{"\"unterminated", "sip:to@ims.test "},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[128] = "", **impus;
		unsigned count;

		assert_int_equal(
			impus_parse(cases[i].value, "sip:to@ims.test;x", &impus, &count), 0);
		for (unsigned k = 0; k < count; k++)
			strcat(strcat(text, impus[k]), " ");
		if (strcmp(text, cases[i].expected) != 0)
			fail_msg("case %u: %s", i, text);
		impus_free(impus, count);
	}
}

static void test_third_party(void **state)
{
	char *domains[] = {"ims.test"};
	struct cscf_config config = {
		.tna = {.operator_domains = domains, .operator_domains_count = 1}};

	(void)state;
	assert_false(waf_is_third_party(&config, "ims.test"));
	assert_false(waf_is_third_party(&config, "waf.IMS.test"));
	assert_false(waf_is_third_party(&config, "waf@ims.test"));
	assert_true(waf_is_third_party(&config, "evilims.test"));
	assert_true(waf_is_third_party(&config, "waf.other.test"));
	assert_true(waf_is_third_party(&config, "test"));
}

struct thing {
	struct table_entry entry; // first
	struct heap_node timer;
	uint64_t id;
	bool is_in;
};

enum { THINGS = 500 };

static void test_table(void **state)
{
	static struct thing things[THINGS];
	struct table table = {0};
	unsigned count = 0;

	(void)state;
	assert_int_equal(table_init(&table), 0);
	srand(1);
	for (unsigned step = 0; step < 20000; step++) {
		struct thing *thing = &things[rand() % THINGS];
		struct table_entry *entry = NULL;

		thing->id = (uint64_t)(thing - things);
		if (thing->is_in)
			table_del(&table, &thing->entry);
		else
			table_add(&table, &thing->entry, table_hash_id(&table, thing->id));
		thing->is_in = !thing->is_in;
		count += thing->is_in ? 1 : -1u;
		thing = &things[rand() % THINGS];
		thing->id = (uint64_t)(thing - things);
		do {
			entry = table_find(&table, table_hash_id(&table, thing->id), entry);
		} while (entry != NULL && entry != &thing->entry);
		assert_int_equal(entry != NULL, thing->is_in);
	}
	assert_int_equal(table.count, count);
	for (struct table_entry *entry = table_next(&table, NULL); entry != NULL;
		entry = table_next(&table, entry))
		count--;
	assert_int_equal(count, 0);
	assert_int_not_equal(
		table_hash_text(&table, "ab", "c"), table_hash_text(&table, "a", "bc"));
	table_fini(&table);
}

static void test_heap(void **state)
{
	static struct thing things[THINGS];
	struct heap heap = {0};

	(void)state;
	srand(2);
	for (unsigned step = 0; step < 20000; step++) {
		struct thing *thing = &things[rand() % THINGS];
		uint64_t earliest = UINT64_MAX;

		if (rand() % 3 == 0)
			heap_del(&heap, &thing->timer);
		else
			assert_int_equal(heap_set(&heap, &thing->timer, (uint64_t)rand()), 0);
		for (unsigned i = 0; step % 50 == 0 && i < THINGS; i++) {
			if (things[i].timer.place != 0 && things[i].timer.due_us < earliest)
				earliest = things[i].timer.due_us;
		}
		if (step % 50 == 0 && heap.count > 0)
			assert_int_equal(heap.nodes[0]->due_us, earliest);
	}
	free(heap.nodes);
}

// Many identities, or none, from one address: it waits; others don't.
static void test_failures(void **state)
{
	struct cscf_config config = {.registration = {.failures_max = 3, .lock_s = 300}};
	struct registrations regs = {.config = &config};
	char impi[32];

	(void)state;
	assert_int_equal(table_init(&regs.failures), 0);
	TAILQ_INIT(&regs.failures_by_age);
	for (unsigned i = 0; i < 60; i++) {
		snprintf(impi, sizeof(impi), "user%u", i);
		assert_int_equal(failures_locked_s(&regs, impi, "a"), 0);
		failures_add(&regs, i % 2 ? impi : NULL, "a");
	}
	assert_int_not_equal(failures_locked_s(&regs, "somebody", "a"), 0);
	assert_int_not_equal(failures_locked_s(&regs, NULL, "a"), 0);
	assert_int_equal(failures_locked_s(&regs, "user1", "b"), 0);
	for (unsigned i = 0; i < 3; i++)
		failures_add(&regs, "user1", "b");
	assert_int_not_equal(failures_locked_s(&regs, "user1", "b"), 0);
	assert_int_equal(failures_locked_s(&regs, "user2", "b"), 0);
	failures_clear(&regs);
	table_fini(&regs.failures);
}

// However many come, the newest are kept, and no more than there is room for.
static void test_failures_are_bounded(void **state)
{
	struct cscf_config config = {.registration = {.failures_max = 1, .lock_s = 300}};
	struct registrations regs = {.config = &config};
	char peer[32];

	(void)state;
	assert_int_equal(table_init(&regs.failures), 0);
	TAILQ_INIT(&regs.failures_by_age);
	for (unsigned i = 0; i < 70000; i++) {
		snprintf(peer, sizeof(peer), "peer%u", i);
		failures_add(&regs, "user", peer);
	}
	assert_in_range(regs.failures.count, 65530, 65536);
	assert_int_not_equal(failures_locked_s(&regs, "user", "peer69999"), 0);
	assert_int_equal(failures_locked_s(&regs, "user", "peer0"), 0);
	failures_clear(&regs);
	table_fini(&regs.failures);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_digest_rewrite),
		cmocka_unit_test(test_digest_parameter),
		cmocka_unit_test(test_tna),
		cmocka_unit_test(test_uris),
		cmocka_unit_test(test_impis),
		cmocka_unit_test(test_impus),
		cmocka_unit_test(test_third_party),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_heap),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_failures_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
