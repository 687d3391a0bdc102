#include "store/secret_record.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/suite.h"

static const struct password_settings settings = {
	.method = PASSWORD_SHA512, .sha512_rounds = 5000, .scram_iterations = 4096,
};

static struct secret *secret_of(const char *text)
{
	struct secret *secret = secret_new();

	SUITE_TRUE(secret_set(secret, text, strlen(text)));
	return secret;
}

static void test_round(void)
{
	static const char text[] =
		"{\"password\":\"{CRYPT}x\",\"scram\":\"y\",\"changed\":5,\"previous\":\"z\","
		"\"previous_scram\":\"w\",\"previous_until\":7,\"allow_nets\":\"192.0.2.0/24\"}";
	struct secret_record record;
	const char *reason;
	char *back;

	SUITE_TRUE(secret_record_decode(text, strlen(text), &record, &reason));
	SUITE_INT_EQUAL(record.changed_s, 5);
	SUITE_INT_EQUAL(record.previous_until_s, 7);
	back = secret_record_encode(&record);
	SUITE_TEXT_EQUAL(back, text);
	free(back);
}

static void test_bad(void)
{
	static const char *const rows[] = {
		"", "x", "[]", "null", "{}", "{\"password\":\"\"}", "{\"password\":null}",
		"{\"password\":5}", "{\"password\":\"a\\u0000b\"}",
		"{\"password\":\"x\",\"password\":\"y\"}",
		"{\"password\":\"x\",\"changed\":\"5\"}", "{\"password\":\"x\",\"changed\":-1}",
		"{\"password\":\"x\",\"changed\":1.5}",
		"{\"password\":\"x\",\"previous_until\":9007199254740992}",
	};
	char longer[PASSWORD_HASH_MAX + 40] = "{\"password\":\"";
	struct secret_record record;
	const char *reason;

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		suite_row("%s", rows[i]);
		reason = NULL;
		SUITE_TRUE(!secret_record_decode(rows[i], strlen(rows[i]), &record, &reason));
		SUITE_TRUE(reason != NULL);
	}
	memset(longer + strlen(longer), 'x', PASSWORD_HASH_MAX);
	strcat(longer, "\"}");
	SUITE_TRUE(!secret_record_decode(longer, strlen(longer), &record, &reason));
}

static void test_set(void)
{
	struct secret *one = secret_of("the first one"), *two = secret_of("the second one");
	struct secret_record record = { 0 };
	struct scram_verifier now, before;
	const char *reason;
	char *text;

	SUITE_TRUE(secret_record_set(&settings, one, &record, &reason));
	SUITE_INT_EQUAL(secret_record_verify(&record, one, 100), SECRET_RIGHT);
	SUITE_INT_EQUAL(secret_record_verify(&record, two, 100), SECRET_WRONG);
	secret_record_keep_previous(&record, 200);
	SUITE_TRUE(secret_record_set(&settings, two, &record, &reason));
	SUITE_INT_EQUAL(secret_record_verify(&record, two, 199), SECRET_RIGHT);
	SUITE_INT_EQUAL(secret_record_verify(&record, one, 199), SECRET_PREVIOUS);
	SUITE_INT_EQUAL(secret_record_verify(&record, one, 200), SECRET_WRONG);
	text = secret_record_encode(&record);
	SUITE_TRUE(strstr(text, "first") == NULL && strstr(text, "second") == NULL);
	SUITE_TRUE(strstr(text, "\"previous_scram\":\"4096:") != NULL);
	SUITE_TRUE(scram_parse(record.scram, &now) && scram_parse(record.previous_scram, &before));
	SUITE_TRUE(scram_same_salt(&now, &before) && !scram_verify(&now, one) &&
		   scram_verify(&now, two) && scram_verify(&before, one));
	free(text);
	secret_record_keep_previous(&record, 0);
	SUITE_TRUE(secret_record_set(&settings, two, &record, &reason));
	SUITE_TRUE(scram_parse(record.scram, &now) && !scram_same_salt(&now, &before));
	SUITE_INT_EQUAL(secret_record_verify(&record, one, 100), SECRET_WRONG);
	text = secret_record_encode(&record);
	SUITE_TRUE(strstr(text, "previous") == NULL);
	free(text);
	secret_free(&one);
	secret_free(&two);
}

static void test_without_scram(void)
{
	struct password_settings none = settings;
	struct secret *secret = secret_of("the first one");
	struct secret_record record = { .scram = "of the one before" };
	const char *reason;

	none.scram_iterations = 0;
	SUITE_TRUE(secret_record_set(&none, secret, &record, &reason));
	SUITE_TEXT_EQUAL(record.scram, "");
	secret_free(&secret);
}

static const struct suite_test tests[] = {
	{ "a record is written as it was read", test_round },
	{ "what is no record says why", test_bad },
	{ "a new secret may leave the old one good for a while", test_set },
	{ "a verifier for SCRAM is made where it is wanted", test_without_scram },
};

int main(void)
{
	return suite_run("secret-record", tests, SUITE_LEN(tests));
}
