#include "store/slot.h"

#include <string.h>

#include "store/key.h"
#include "tests/unit/suite.h"

/* CRC-16/XMODEM's check value, and what CLUSTER KEYSLOT of Redis 7.0 says. */
static void test_known(void)
{
	static const struct {
		const char *key;
		unsigned slot;
	} rows[] = {
		{ "", 0 },
		{ "123456789", 12739 },
		{ "foo", 12182 },
		{ "bar", 5061 },
		{ "user1000", 3443 },
		{ "{user1000}.following", 3443 },
		{ "{user1000}.followers", 3443 },
		{ "foo{bar}{zap}", 5061 },
	};

	SUITE_INT_EQUAL(slot_crc16("123456789", 9), 0x31c3);
	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		suite_row("%s", rows[i].key);
		SUITE_INT_EQUAL(slot_of(rows[i].key, strlen(rows[i].key)), rows[i].slot);
	}
}

static unsigned slot(const char *key)
{
	return slot_of(key, strlen(key));
}

static void test_tags(void)
{
	/* Nothing between them is no tag; the first "}" ends it. */
	SUITE_INT_EQUAL(slot("foo{}{bar}"), slot_crc16("foo{}{bar}", 10) % SLOTS);
	SUITE_INT_EQUAL(slot("foo{{bar}}zap"), slot("{bar"));
	SUITE_INT_EQUAL(slot("foo{bar"), slot_crc16("foo{bar", 7) % SLOTS);
	SUITE_INT_EQUAL(slot("foo}bar{"), slot_crc16("foo}bar{", 8) % SLOTS);
	/* The tag must end within the key. */
	SUITE_INT_EQUAL(slot_of("{ab}", 3), slot_crc16("{ab", 3) % SLOTS);
}

static void test_login(void)
{
	static const char *const logins[] = { "rose", "rose@dom.example", "o{d}d%", "{}", "a b" };
	char account[KEY_MAX], counters[KEY_MAX], message[KEY_MAX];

	for (size_t i = 0; i < SUITE_LEN(logins); i++) {
		suite_row("%s", logins[i]);
		SUITE_TRUE(key_account("sw:", SCOPE_LOGIN, logins[i], account));
		SUITE_TRUE(key_counters("sw:", SCOPE_LOGIN, logins[i], counters));
		SUITE_TRUE(key_message("sw:", SCOPE_LOGIN, logins[i], "mx1/{4F}", message));
		SUITE_INT_EQUAL(slot(counters), slot(account));
		SUITE_INT_EQUAL(slot(message), slot(account));
	}
}

static const struct suite_test tests[] = {
	{ "known keys are in their slots", test_known },
	{ "a hash tag is what stands between the first braces", test_tags },
	{ "all keys of a login are in one slot", test_login },
};

int main(void)
{
	return suite_run("slot", tests, SUITE_LEN(tests));
}
