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

/* ---- proofs --------------------------------------------------------------- */

/* Octets of the three messages with their commas. */
#define AUTH_MESSAGE_MAX 32768

/* client-first-message-bare: what is behind the second comma. */
static const char *bare_of(const char *client_first)
{
	const char *comma = strchr(client_first, ',');

	comma = comma ? strchr(comma + 1, ',') : NULL;
	return comma ? comma + 1 : NULL;
}

/* The proof at the end of the client's last message. */
static bool read_proof(const char *text, uint8_t out[SCRAM_KEY_OCTETS])
{
	size_t len = 0;

	return read_base64(text, '\0', out, SCRAM_KEY_OCTETS, &len) && len == SCRAM_KEY_OCTETS;
}

bool scram_proves(const uint8_t stored_key[SCRAM_KEY_OCTETS], const char *client_first,
		  const char *server_first, const char *client_final)
{
	const char *bare = bare_of(client_first), *end = strstr(client_final, ",p=");
	uint8_t key[SCRAM_KEY_OCTETS], signature[SCRAM_KEY_OCTETS], found[SCRAM_KEY_OCTETS];
	char text[AUTH_MESSAGE_MAX];

	if (!bare || !end || !read_proof(end + 3, key) ||
	    strlen(bare) + strlen(server_first) + strlen(client_final) + 3 > sizeof(text))
		return false;
	snprintf(text, sizeof(text), "%s,%s,%.*s", bare, server_first, (int)(end - client_final),
		 client_final);
	if (!keyed(stored_key, text, signature))
		return false;
	for (size_t i = 0; i < SCRAM_KEY_OCTETS; i++)
		key[i] ^= signature[i];
	SHA256(key, sizeof(key), found);
	OPENSSL_cleanse(key, sizeof(key));
	return CRYPTO_memcmp(found, stored_key, SCRAM_KEY_OCTETS) == 0;
}

bool scram_same_salt(const struct scram_verifier *a, const struct scram_verifier *b)
{
	return a->iterations == b->iterations && a->salt_length == b->salt_length &&
	       memcmp(a->salt, b->salt, a->salt_length) == 0;
}
