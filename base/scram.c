#include "base/scram.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>

#include "base/ascii.h"

/* Octets of the salts that are made here, as in RFC 7677's example. */
#define SALT_OCTETS 16

#define BASE64_LENGTH(octets) (((octets) + 2) / 3 * 4)

_Static_assert(SCRAM_TEXT_MAX > 8 + 1 + BASE64_LENGTH(SCRAM_SALT_MAX) + 1 +
					BASE64_LENGTH(SCRAM_KEY_OCTETS) * 2 + 1,
	       "a verifier fits");

static bool keyed(const uint8_t key[SCRAM_KEY_OCTETS], const char *text,
		  uint8_t out[SCRAM_KEY_OCTETS])
{
	unsigned len = 0;

	return HMAC(EVP_sha256(), key, SCRAM_KEY_OCTETS, (const unsigned char *)text, strlen(text),
		    out, &len) &&
	       len == SCRAM_KEY_OCTETS;
}

bool scram_derive(const struct secret *password, struct scram_verifier *verifier)
{
	uint8_t salted[SCRAM_KEY_OCTETS], client[SCRAM_KEY_OCTETS];
	bool ok = PKCS5_PBKDF2_HMAC(secret_text(password), (int)secret_length(password),
				    verifier->salt, (int)verifier->salt_length,
				    verifier->iterations, EVP_sha256(), sizeof(salted),
				    salted) == 1 &&
		  keyed(salted, "Client Key", client) &&
		  SHA256(client, sizeof(client), verifier->stored_key) != NULL &&
		  keyed(salted, "Server Key", verifier->server_key);

	OPENSSL_cleanse(salted, sizeof(salted));
	OPENSSL_cleanse(client, sizeof(client));
	return ok;
}

bool scram_make(const struct secret *password, int iterations, struct scram_verifier *out)
{
	*out = (struct scram_verifier){ .iterations = iterations, .salt_length = SALT_OCTETS };
	return RAND_bytes(out->salt, SALT_OCTETS) == 1 && scram_derive(password, out);
}

bool scram_verify(const struct scram_verifier *verifier, const struct secret *password)
{
	struct scram_verifier own = *verifier;
	bool same = scram_derive(password, &own) &&
		    CRYPTO_memcmp(own.stored_key, verifier->stored_key, SCRAM_KEY_OCTETS) == 0;

	OPENSSL_cleanse(&own, sizeof(own));
	return same;
}

/* ---- text ----------------------------------------------------------------- */

/* The Base64 up to the end character into at most max octets; *used says how
 * many. NULL when it is none, else what follows the end character (or is the
 * NUL). */
static const char *read_base64(const char *text, char end, uint8_t *out, size_t max, size_t *used)
{
	uint8_t room[BASE64_LENGTH(SCRAM_SALT_MAX) / 4 * 3];
	const char *stop = strchr(text, end);
	size_t len = stop ? (size_t)(stop - text) : 0, padding = 0;

	if (len == 0 || len % 4 != 0 || len > BASE64_LENGTH(SCRAM_SALT_MAX))
		return NULL;
	while (padding < 2 && text[len - 1 - padding] == '=')
		padding++;
	if (memchr(text, '=', len - padding) ||
	    EVP_DecodeBlock(room, (const unsigned char *)text, (int)len) != (int)(len / 4 * 3))
		return NULL;
	*used = len / 4 * 3 - padding;
	if (*used > max)
		return NULL;
	memcpy(out, room, *used);
	return end ? stop + 1 : stop;
}

static const char *read_iterations(const char *text, int *out)
{
	int n = 0;

	for (; ascii_is_digit(*text) && n <= SCRAM_ITERATIONS_MAX; text++)
		n = n * 10 + (*text - '0');
	*out = n;
	return *text == ':' && n >= SCRAM_ITERATIONS_MIN && n <= SCRAM_ITERATIONS_MAX ? text + 1 :
											NULL;
}

bool scram_parse(const char *text, struct scram_verifier *out)
{
	size_t stored = 0, server = 0;
	const char *p;

	memset(out, 0, sizeof(*out));
	p = read_iterations(text, &out->iterations);
	if (p)
		p = read_base64(p, ':', out->salt, sizeof(out->salt), &out->salt_length);
	if (p)
		p = read_base64(p, ':', out->stored_key, sizeof(out->stored_key), &stored);
	if (p)
		p = read_base64(p, '\0', out->server_key, sizeof(out->server_key), &server);
	return p && out->salt_length > 0 && stored == SCRAM_KEY_OCTETS &&
	       server == SCRAM_KEY_OCTETS;
}

void scram_format(const struct scram_verifier *verifier, char out[SCRAM_TEXT_MAX])
{
	unsigned char salt[BASE64_LENGTH(SCRAM_SALT_MAX) + 1];
	unsigned char stored[BASE64_LENGTH(SCRAM_KEY_OCTETS) + 1], server[sizeof(stored)];

	EVP_EncodeBlock(salt, verifier->salt, (int)verifier->salt_length);
	EVP_EncodeBlock(stored, verifier->stored_key, SCRAM_KEY_OCTETS);
	EVP_EncodeBlock(server, verifier->server_key, SCRAM_KEY_OCTETS);
	snprintf(out, SCRAM_TEXT_MAX, "%d:%s:%s:%s", verifier->iterations, salt, stored, server);
}
