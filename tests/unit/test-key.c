#include "store/key.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/suite.h"

static void test_keys(void)
{
	static const struct {
		const char *login, *tag;
	} rows[] = {
		{ "rose", "rose" },
		{ "rose@dom.example", "rose@dom.example" },
		{ "user+tag@dom.example", "user+tag@dom.example" },
		{ "DOM\\user", "DOM\\user" },
		{ "a b", "a%20b" },
		{ "}", "%7D" },
		{ "{", "%7B" },
		{ "{rose}", "%7Brose%7D" },
		{ "%7D", "%257D" },
		{ "\"quote'", "\"quote'" },
		{ "\xc3\xa9", "\xc3\xa9" },
		{ "\xff", "\xff" },
		{ "a\r\nb\x7f", "a%0D%0Ab%7F" },
		{ "*?[x]", "*?[x]" },
		{ ":a", ":a" },
	};
	char key[KEY_MAX], expected[KEY_MAX], login[LOGIN_MAX + 1];

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		suite_row("%s", rows[i].login);
		SUITE_TRUE(key_account("p:", SCOPE_LOGIN, rows[i].login, key));
		snprintf(expected, sizeof(expected), "p:{%s}:a", rows[i].tag);
		SUITE_TEXT_EQUAL(key, expected);
		SUITE_TRUE(key_account_login("p:", key, login));
		SUITE_TEXT_EQUAL(login, rows[i].login);
		SUITE_TRUE(key_secret("p:", rows[i].login, key));
		snprintf(expected, sizeof(expected), "p:{%s}:p", rows[i].tag);
		SUITE_TEXT_EQUAL(key, expected);
		SUITE_TRUE(key_secret_username("p:", key, login));
		SUITE_TEXT_EQUAL(login, rows[i].login);
		SUITE_TRUE(!key_account_login("p:", key, login));
		SUITE_TRUE(key_counters("p:", SCOPE_LOGIN, rows[i].login, key));
		snprintf(expected, sizeof(expected), "p:{%s}:u", rows[i].tag);
		SUITE_TEXT_EQUAL(key, expected);
		SUITE_TRUE(!key_account_login("p:", key, login));
		SUITE_TRUE(key_counters_login("p:", key, login));
		SUITE_TEXT_EQUAL(login, rows[i].login);
		SUITE_TRUE(!key_attempts_login("p:", key, login));
		SUITE_TRUE(key_attempts("p:", rows[i].login, key));
		snprintf(expected, sizeof(expected), "p:{%s}:r", rows[i].tag);
		SUITE_TEXT_EQUAL(key, expected);
		SUITE_TRUE(key_attempts_login("p:", key, login));
		SUITE_TEXT_EQUAL(login, rows[i].login);
		SUITE_TRUE(!key_counters_login("p:", key, login));
		SUITE_TRUE(key_message("p:", SCOPE_LOGIN, rows[i].login, "mx1/4F}{1", key));
		snprintf(expected, sizeof(expected), "p:{%s}:m:mx1/4F}{1", rows[i].tag);
		SUITE_TEXT_EQUAL(key, expected);
		SUITE_TRUE(!key_account_login("p:", key, login));
		SUITE_TRUE(!key_counters_login("p:", key, login));
		SUITE_TRUE(key_counters("p:", SCOPE_DOMAIN, rows[i].login, key));
		SUITE_TRUE(!key_counters_login("p:", key, login));
	}
}

static void test_length(void)
{
	char login[LOGIN_MAX + 2], message[MESSAGE_KEY_MAX + 1], prefix[KEY_PREFIX_MAX + 1];
	char key[KEY_MAX], again[LOGIN_MAX + 1];

	memset(login, '}', sizeof(login));
	login[LOGIN_MAX + 1] = '\0';
	memset(message, 'm', sizeof(message));
	message[MESSAGE_KEY_MAX] = '\0';
	memset(prefix, 'p', sizeof(prefix));
	prefix[KEY_PREFIX_MAX] = '\0';

	SUITE_TRUE(!key_account("", SCOPE_LOGIN, "", key));
	SUITE_TRUE(!key_counters("", SCOPE_LOGIN, "", key));
	SUITE_TRUE(!key_message("", SCOPE_LOGIN, "", "m", key));
	SUITE_TRUE(!key_account("", SCOPE_LOGIN, login, key));
	SUITE_TRUE(!key_counters("", SCOPE_LOGIN, login, key));
	SUITE_TRUE(!key_message("", SCOPE_LOGIN, login, "m", key));
	login[LOGIN_MAX] = '\0';
	SUITE_TRUE(key_account(prefix, SCOPE_LOGIN, login, key));
	SUITE_TRUE(key_account_login(prefix, key, again));
	SUITE_TEXT_EQUAL(again, login);
	SUITE_TRUE(key_message(prefix, SCOPE_LOGIN, login, message, key));
	SUITE_INT_EQUAL(strlen(key), KEY_PREFIX_MAX + 3 * LOGIN_MAX + MESSAGE_KEY_MAX + 5);
}

static void test_question(void)
{
	static const char *const names[] = { "rose", "}{", "a b", "dom.example" };
	char keys[3][KEY_MAX], key[KEY_MAX], message[MESSAGE_KEY_MAX + 2];

	for (size_t i = 0; i < SUITE_LEN(names) * TAKE_SCOPES; i++) {
		const char *name = names[i / TAKE_SCOPES];
		enum take_scope scope = (enum take_scope)(i % TAKE_SCOPES);

		suite_row("%s %s", take_scope_name(scope), name);
		SUITE_TRUE(key_question("p:", scope, name, "mx1/}:4F#token", 8, keys[0], keys[1],
					keys[2]));
		SUITE_TRUE(key_account("p:", scope, name, key));
		SUITE_TEXT_EQUAL(keys[0], key);
		SUITE_TRUE(key_counters("p:", scope, name, key));
		SUITE_TEXT_EQUAL(keys[1], key);
		SUITE_TRUE(key_message("p:", scope, name, "mx1/}:4F", key));
		SUITE_TEXT_EQUAL(keys[2], key);
		SUITE_TRUE(key_question("p:", scope, name, "", 0, keys[0], keys[1], keys[2]));
		SUITE_TEXT_EQUAL(keys[2], keys[1]);
	}
	memset(message, 'm', sizeof(message));
	SUITE_TRUE(!key_question("p:", SCOPE_LOGIN, "", "", 0, keys[0], keys[1], keys[2]));
	SUITE_TRUE(!key_question("p:", SCOPE_LOGIN, "rose", message, sizeof(message), keys[0],
				 keys[1], keys[2]));
	SUITE_TRUE(key_question("p:", SCOPE_LOGIN, "rose", message, MESSAGE_KEY_MAX, keys[0],
				keys[1], keys[2]));
}

static void test_own_keys(void)
{
	/* All octets there are: no two logins have the same key. */
	char keys[256][KEY_MAX];

	for (int i = 1; i < 256; i++) {
		const char login[2] = { (char)i, '\0' };

		SUITE_TRUE(key_account("p:", SCOPE_LOGIN, login, keys[i]));
		for (int j = 1; j < i; j++)
			if (strcmp(keys[i], keys[j]) == 0)
				SUITE_INT_EQUAL(i, j);
	}
}

static void test_kinds(void)
{
	char keys[11 + KEY_LENT_TURNS * (1 + KEY_LENT_INDEXES)][KEY_MAX];
	size_t n = 0;

	SUITE_TRUE(key_account("p:", SCOPE_LOGIN, "rose", keys[n++]));
	SUITE_TRUE(key_counters("p:", SCOPE_LOGIN, "rose", keys[n++]));
	SUITE_TRUE(key_message("p:", SCOPE_LOGIN, "rose", "0", keys[n++]));
	SUITE_TRUE(key_secret("p:", "rose", keys[n++]));
	SUITE_TRUE(key_guess("p:", "rose", keys[n++]));
	SUITE_TRUE(key_told("p:", "rose", "0", keys[n++]));
	SUITE_TRUE(key_login_trace("p:", "rose", keys[n++]));
	SUITE_TRUE(key_sent("p:", "rose", keys[n++]));
	SUITE_TRUE(key_sent_packs("p:", "rose", keys[n++]));
	SUITE_TRUE(key_attempts("p:", "rose", keys[n++]));
	SUITE_TRUE(key_lease("p:", "rose", keys[n++]));
	for (int turn = 0; turn < KEY_LENT_TURNS; turn++) {
		SUITE_TRUE(key_lent("p:", "rose", turn, keys[n++]));
		for (int i = 0; i < KEY_LENT_INDEXES; i++)
			SUITE_TRUE(key_lent_index("p:", "rose", turn, i, keys[n++]));
	}
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < i; j++) {
			suite_row("%s, %s", keys[i], keys[j]);
			SUITE_TRUE(strcmp(keys[i], keys[j]) != 0);
		}
}

static void test_not_an_account(void)
{
	static const char *const keys[] = {
		"",	     "p:",	   "p:{rose}",	     "p:{rose}:u", "p:{rose}:a:", "p:{}:a",
		"p:rose:a",  "q:{rose}:a", "p:{rose}:m:x:a", "p:{rose:a",  "p:{%7}:a",	  "p:{%}:a",
		"p:{%zz}:a", "p:{a}b}:a",  "p:events",	     "p:node:m1",
	};
	char login[LOGIN_MAX + 1], key[KEY_MAX];

	for (size_t i = 0; i < SUITE_LEN(keys); i++) {
		suite_row("%s", keys[i]);
		SUITE_TRUE(!key_account_login("p:", keys[i], login));
	}
	memset(key, 'x', sizeof(key));
	memcpy(key, "p:{", 3);
	memcpy(key + 3 + LOGIN_MAX + 1, "}:a", 4);
	SUITE_TRUE(!key_account_login("p:", key, login));
}

static void test_guesses(void)
{
	static const char *const others[] = { "p:{rose}:a",	     "p:{rose}:g-",
					      "p:{rose}:g-networks", "p:{rose}:m:x}:g",
					      "q:{rose}:g",	     "p:{}:g" };
	char key[KEY_MAX], name[LOGIN_MAX + 1];
	bool network;

	SUITE_TRUE(key_guess("p:", "ro{se", key));
	SUITE_TRUE(key_guesses_name("p:", key, &network, name));
	SUITE_TEXT_EQUAL(name, "ro{se");
	SUITE_TRUE(!network);
	SUITE_TRUE(key_guess_network("p:", "2001:db8::/64", key));
	SUITE_TRUE(key_guesses_name("p:", key, &network, name));
	SUITE_TEXT_EQUAL(name, "2001:db8::/64");
	SUITE_TRUE(network);
	for (size_t i = 0; i < SUITE_LEN(others); i++) {
		suite_row("%s", others[i]);
		SUITE_TRUE(!key_guesses_name("p:", others[i], &network, name));
	}
	key_guesses_pattern("a*", key);
	SUITE_TEXT_EQUAL(key, "a\\*{*}:g*");
}

static void test_pattern(void)
{
	static const struct {
		const char *prefix, *pattern;
	} rows[] = {
		{ "", "{*}:a" },
		{ "sendward:", "sendward:{*}:a" },
		{ "a*b?c[d]e^f\\g", "a\\*b\\?c\\[d\\]e\\^f\\\\g{*}:a" },
	};
	char pattern[KEY_MAX];

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		suite_row("%s", rows[i].prefix);
		key_account_pattern(rows[i].prefix, pattern);
		SUITE_TEXT_EQUAL(pattern, rows[i].pattern);
	}
}

static const struct suite_test tests[] = {
	{ "all keys of a login share its hash tag, and it is read back", test_keys },
	{ "a login has 1 to 255 octets, whatever they are", test_length },
	{ "the keys of a question are those that are asked for one by one", test_question },
	{ "no two logins share a key", test_own_keys },
	{ "no two things that are kept of a login share a key", test_kinds },
	{ "another key is not an account's", test_not_an_account },
	{ "whose failed logins a key has is read back, of names and of networks", test_guesses },
	{ "a prefix means itself to SCAN", test_pattern },
};

int main(void)
{
	return suite_run("key", tests, SUITE_LEN(tests));
}
