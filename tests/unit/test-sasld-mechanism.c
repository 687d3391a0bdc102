#include "sasld/mechanism.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/suite.h"

static struct mechanism_library *library;

static struct mechanism *begin(enum sasl_mechanism which)
{
	const char *reason = "";

	if (!library)
		library = mechanism_library_new(&reason);
	SUITE_TEXT_EQUAL(reason, "");
	return mechanism_new(library, which);
}

static void expect_password(struct mechanism *m, const char *username, const char *password)
{
	struct secret *secret = mechanism_take_password(m);

	SUITE_TEXT_EQUAL(mechanism_username(m), username);
	SUITE_TEXT_EQUAL(secret_text(secret), password);
	secret_free(&secret);
}

static void test_plain(void)
{
	struct mechanism *m = begin(SASL_PLAIN);

	SUITE_INT_EQUAL(mechanism_step(m, "AHJvc2UAcHc="), MECHANISM_PASSWORD);
	expect_password(m, "rose", "pw");
	mechanism_free(&m);
	m = begin(SASL_PLAIN);
	SUITE_INT_EQUAL(mechanism_step(m, NULL), MECHANISM_CHALLENGE);
	SUITE_TEXT_EQUAL(mechanism_challenge(m), "");
	SUITE_INT_EQUAL(mechanism_step(m, "AHJvc2UAcHc="), MECHANISM_PASSWORD);
	expect_password(m, "rose", "pw");
	mechanism_free(&m);
}

static void test_login(void)
{
	struct mechanism *m = begin(SASL_LOGIN);

	SUITE_INT_EQUAL(mechanism_step(m, NULL), MECHANISM_CHALLENGE);
	SUITE_TEXT_EQUAL(mechanism_challenge(m), "VXNlcm5hbWU6");
	SUITE_INT_EQUAL(mechanism_step(m, "cm9zZQ=="), MECHANISM_CHALLENGE);
	SUITE_TEXT_EQUAL(mechanism_challenge(m), "UGFzc3dvcmQ6");
	SUITE_INT_EQUAL(mechanism_step(m, "cHc="), MECHANISM_PASSWORD);
	expect_password(m, "rose", "pw");
	mechanism_free(&m);
	m = begin(SASL_LOGIN);
	SUITE_INT_EQUAL(mechanism_step(m, "cm9zZQ=="), MECHANISM_CHALLENGE);
	SUITE_INT_EQUAL(mechanism_step(m, "cHc="), MECHANISM_PASSWORD);
	expect_password(m, "rose", "pw");
	mechanism_free(&m);
}

static void test_malformed(void)
{
	static const struct {
		enum sasl_mechanism which;
		const char *data;
	} rows[] = {
		{ SASL_PLAIN, "!" },
		{ SASL_PLAIN, "cm9zZQ==" },
		{ SASL_PLAIN, "AAA=" },
		{ SASL_PLAIN, "AHJvc2UA" },		/* rose, no password */
		{ SASL_PLAIN, "AABwdw==" },		/* nobody, pw */
		{ SASL_PLAIN, "dHVsaXAAcm9zZQBwdw==" }, /* rose acting for tulip */
		{ SASL_PLAIN, "AHIKZQBwdw==" },		/* a line end in the name */
		{ SASL_SCRAM_SHA_256, "!" },
		{ SASL_SCRAM_SHA_256, "eA==" },				    /* x */
		{ SASL_SCRAM_SHA_256, "cD10bHMtZXhwb3J0ZXIsLG49YSxyPWI=" }, /* p=tls-exporter */
		{ SASL_SCRAM_SHA_256, "bixhPWIsbj1hLHI9Yg==" },		    /* a acting for b */
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		struct mechanism *m = begin(rows[i].which);

		suite_row("%s %s", mechanism_name(rows[i].which), rows[i].data);
		SUITE_INT_EQUAL(mechanism_step(m, rows[i].data), MECHANISM_MALFORMED);
		SUITE_TRUE(*mechanism_fault(m));
		mechanism_free(&m);
	}
}

static void test_endless(void)
{
	for (int i = 0; i < SASL_MECHANISMS; i++) {
		struct mechanism *m = begin((enum sasl_mechanism)i);
		enum mechanism_step step = MECHANISM_CHALLENGE;
		int steps = 0;

		for (; step == MECHANISM_CHALLENGE && steps < 10; steps++)
			step = mechanism_step(m, "");
		suite_row("%s", mechanism_name((enum sasl_mechanism)i));
		SUITE_INT_EQUAL(step, MECHANISM_MALFORMED);
		mechanism_free(&m);
	}
}

/* RFC 7677's example needs the server's nonce; here only what the server shows. */
static void test_scram_first(void)
{
	struct scram_verifier verifier = { .iterations = 4097, .salt_length = 4, .salt = "salt" };
	struct mechanism *m = begin(SASL_SCRAM_SHA_256);

	/* n,,n=rose,r=abcdef */
	SUITE_INT_EQUAL(mechanism_step(m, "biwsbj1yb3NlLHI9YWJjZGVm"), MECHANISM_VERIFIER);
	SUITE_TEXT_EQUAL(mechanism_username(m), "rose");
	SUITE_INT_EQUAL(mechanism_verify(m, &verifier, NULL), MECHANISM_CHALLENGE);
	SUITE_TRUE(strncmp(mechanism_challenge(m), "cj1hYmNkZW", 10) == 0); /* r=abcde */
	/* c=biws,r=wrong,p=AAAA */
	SUITE_INT_EQUAL(mechanism_step(m, "Yz1iaXdzLHI9d3JvbmcscD1BQUFB"), MECHANISM_WRONG);
	mechanism_free(&m);
}

static void test_names(void)
{
	enum sasl_mechanism which;

	SUITE_TRUE(mechanism_find("plain", &which) && which == SASL_PLAIN);
	SUITE_TRUE(mechanism_find("SCRAM-SHA-256", &which) && which == SASL_SCRAM_SHA_256);
	SUITE_TRUE(!mechanism_find("SCRAM-SHA-256-PLUS", &which));
	SUITE_TRUE(!mechanism_find("", &which));
	SUITE_TRUE(mechanism_is_plaintext(SASL_LOGIN) &&
		   !mechanism_is_plaintext(SASL_SCRAM_SHA_256));
	mechanism_library_free(&library);
}

static const struct suite_test tests[] = {
	{ "PLAIN ends with name and password", test_plain },
	{ "LOGIN asks for both, in words that every client knows", test_login },
	{ "what is not of the mechanism is malformed", test_malformed },
	{ "an exchange comes to an end", test_endless },
	{ "SCRAM stops for the verifier and shows its salt", test_scram_first },
	{ "names are found in any case", test_names },
};

int main(void)
{
	return suite_run("sasld-mechanism", tests, SUITE_LEN(tests));
}
