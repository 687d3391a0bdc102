#include "base/scram.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#include "tests/unit/suite.h"

static struct secret *secret_of(const char *text)
{
	struct secret *secret = secret_new();

	SUITE_TRUE(secret_set(secret, text, strlen(text)));
	return secret;
}

/* RFC 7677 section 3: the server's signature, which proves the server key, and the
 * client's proof, which proves the stored key. */
static void test_rfc(void)
{
	static const char client_first[] = "n,,n=user,r=rOprNGfwEbeRWgbNEkqO";
	static const char server_first[] =
		"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
	static const char client_final[] =
		"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
		"p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
	static const char message[] =
		"n=user,r=rOprNGfwEbeRWgbNEkqO,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
		"s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,"
		"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
	struct scram_verifier v = { .iterations = 4096, .salt_length = 16 };
	uint8_t salt[24], proof[48], signature[32], digest[32];
	struct secret *secret = secret_of("pencil");
	char text[64];
	unsigned len;

	EVP_DecodeBlock(salt, (const unsigned char *)"W22ZaJ0SNY7soEsUEjb6gQ==", 24);
	memcpy(v.salt, salt, 16);
	SUITE_TRUE(scram_derive(secret, &v));
	HMAC(EVP_sha256(), v.server_key, 32, (const unsigned char *)message, strlen(message),
	     signature, &len);
	EVP_EncodeBlock((unsigned char *)text, signature, 32);
	SUITE_TEXT_EQUAL(text, "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");

	SUITE_TRUE(scram_proves(v.stored_key, client_first, server_first, client_final));
	SUITE_TRUE(!scram_proves(v.stored_key, "n,,n=user,r=rOprNGfwEbeRWgbNEkqP", server_first,
				 client_final));
	SUITE_TRUE(!scram_proves(v.stored_key, "n", server_first, client_final));
	SUITE_TRUE(!scram_proves(v.stored_key, client_first, server_first, "c=biws"));
	SUITE_TRUE(!scram_proves(v.stored_key, client_first, server_first, "c=biws,p=AAAA"));

	HMAC(EVP_sha256(), v.stored_key, 32, (const unsigned char *)message, strlen(message),
	     signature, &len);
	EVP_DecodeBlock(proof,
			(const unsigned char *)"dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=", 44);
	for (size_t i = 0; i < 32; i++)
		proof[i] ^= signature[i];
	EVP_Digest(proof, 32, digest, NULL, EVP_sha256(), NULL);
	SUITE_INT_EQUAL(memcmp(digest, v.stored_key, 32), 0);
	secret_free(&secret);
}

static void test_round(void)
{
	struct secret *right = secret_of("correct horse"), *wrong = secret_of("correct horsf");
	struct scram_verifier v, again;
	char text[SCRAM_TEXT_MAX], back[SCRAM_TEXT_MAX];

	SUITE_TRUE(scram_make(right, 4096, &v));
	scram_format(&v, text);
	suite_row("%s", text);
	SUITE_TRUE(scram_parse(text, &again));
	scram_format(&again, back);
	SUITE_TEXT_EQUAL(back, text);
	SUITE_TRUE(scram_verify(&again, right));
	SUITE_TRUE(!scram_verify(&again, wrong));
	SUITE_TRUE(scram_make(right, 4096, &again));
	SUITE_TRUE(memcmp(again.stored_key, v.stored_key, SCRAM_KEY_OCTETS) != 0);
	secret_free(&right);
	secret_free(&wrong);
}

#define KEY "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY="

static void test_bad(void)
{
	static const char *const rows[] = {
		"",
		":",
		"4096",
		"4096:",
		"4095:W22ZaJ0SNY7soEsUEjb6gQ==:" KEY ":" KEY,
		"99999999999999:W22ZaJ0SNY7soEsUEjb6gQ==:" KEY ":" KEY,
		"-4096:W22ZaJ0SNY7soEsUEjb6gQ==:" KEY ":" KEY,
		"4096::" KEY ":" KEY,
		"4096:W22ZaJ0SNY7soEsUEjb6gQ==:" KEY,
		"4096:W22ZaJ0SNY7soEsUEjb6gQ==:" KEY ":",
		"4096:W22ZaJ0SNY7soEsUEjb6gQ==:" KEY ":W22ZaJ0SNY7soEsUEjb6gQ==",
		"4096:W22ZaJ0SNY7soEsUEjb6gQ==:" KEY ":" KEY ":",
		"4096:W22ZaJ0SNY7soEsUEjb6gQ==:" KEY ":" KEY "\n",
		"4096:W22ZaJ0SNY7soEsUEjb6g===:" KEY ":" KEY,
		"4096:W2=ZaJ0SNY7soEsUEjb6gQ==:" KEY ":" KEY,
		"4096:W22Z:W22Z:" KEY,
		"4096: W2Z:" KEY ":" KEY,
	};
	struct scram_verifier v;

	SUITE_TRUE(scram_parse("4096:W22ZaJ0SNY7soEsUEjb6gQ==:" KEY ":" KEY, &v));
	SUITE_INT_EQUAL(v.salt_length, 16);
	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		suite_row("%s", rows[i]);
		SUITE_TRUE(!scram_parse(rows[i], &v));
	}
}

static const struct suite_test tests[] = {
	{ "the example of RFC 7677 comes out", test_rfc },
	{ "a verifier is read back and knows its password", test_round },
	{ "a text that is no verifier is refused", test_bad },
};

int main(void)
{
	return suite_run("scram", tests, SUITE_LEN(tests));
}
