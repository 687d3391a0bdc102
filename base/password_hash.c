#define _GNU_SOURCE
#include "base/password_hash.h"

#include <crypt.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/memory.h"

#define SCHEME "{CRYPT}"

/* Octets of randomness that a salt is made from; each method takes what it
 * needs, 16 at most. */
#define SALT_OCTETS 32

_Static_assert(PASSWORD_HASH_MAX >= sizeof(SCHEME) + CRYPT_OUTPUT_SIZE, "a hash fits");
_Static_assert(SECRET_MAX < CRYPT_MAX_PASSPHRASE_SIZE, "crypt(3) takes every secret");

#define YESCRYPT_LOG2_MEMORY_MAX 28 /* octets: 256 MiB */
#define BCRYPT_COST_MAX 15
#define SHA512_ROUNDS_MAX 10000000

/* In what crypt(3) writes, a digit of a number. */
static const char itoa64[] = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

static int digit64(char c)
{
	const char *at = c ? strchr(itoa64, c) : NULL;

	return at ? (int)(at - itoa64) : -1;
}

/* ---- costs that are too high ---------------------------------------------- */

/* "j9T$": yescrypt's usual flavour, log2(N) - 1, r - 1, and nothing else: other
 * parameters are written by hand only. Memory is 128 * N * r. */
static bool yescrypt_is_cheap(const char *settings)
{
	int log2_n, r, log2_r = 0;

	if (settings[0] != 'j')
		return false;
	log2_n = digit64(settings[1]) + 1;
	r = log2_n > 0 ? digit64(settings[2]) + 1 : 0;
	if (r <= 0 || settings[3] != '$')
		return false;
	while ((1 << log2_r) < r)
		log2_r++;
	return 7 + log2_n + log2_r <= YESCRYPT_LOG2_MEMORY_MAX;
}

/* "10$" */
static bool bcrypt_is_cheap(const char *settings)
{
	return ascii_is_digit(settings[0]) && ascii_is_digit(settings[1]) && settings[2] == '$' &&
	       (settings[0] - '0') * 10 + settings[1] - '0' <= BCRYPT_COST_MAX;
}

/* "rounds=200000$", or nothing. */
static bool sha512_is_cheap(const char *settings)
{
	static const char word[] = "rounds=";
	char *end;

	if (strncmp(settings, word, strlen(word)) != 0)
		return true;
	return strtoul(settings + strlen(word), &end, 10) <= SHA512_ROUNDS_MAX && *end == '$';
}

static const struct method {
	const char *prefix;
	bool (*is_cheap)(const char *settings);
	enum password_method method;
	size_t digits; /* behind the last "$": the hash, of bcrypt salt and hash */
} methods[] = {
	{ "$y$", yescrypt_is_cheap, PASSWORD_YESCRYPT, 43 },
	{ "$2b$", bcrypt_is_cheap, PASSWORD_BCRYPT, 53 },
	{ "$2y$", bcrypt_is_cheap, PASSWORD_BCRYPT, 53 },
	{ "$2a$", bcrypt_is_cheap, PASSWORD_BCRYPT, 53 },
	{ "$6$", sha512_is_cheap, PASSWORD_SHA512, 86 },
};

/* The first row of a method is the one that hashes are made with. */
static const struct method *method_row(enum password_method method)
{
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (methods[i].method == method)
			return &methods[i];
	abort();
}

static const struct method *method_of(const char *setting)
{
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (strncmp(setting, methods[i].prefix, strlen(methods[i].prefix)) == 0)
			return &methods[i];
	return NULL;
}

/* What crypt(3) knows; NULL for a scheme that is not its. */
static const char *without_scheme(const char *hash)
{
	static const char *const schemes[] = { SCHEME, "{BLF-CRYPT}", "{SHA512-CRYPT}" };

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
		if (strncmp(hash, schemes[i], strlen(schemes[i])) == 0)
			return hash + strlen(schemes[i]);
	return NULL;
}

const char *password_hash_fault(const char *hash)
{
	const char *setting = without_scheme(hash);
	const struct method *method = setting ? method_of(setting) : NULL;

	if (!setting)
		return "its scheme is not {CRYPT}, {BLF-CRYPT} or {SHA512-CRYPT}";
	if (!method)
		return "its method is not yescrypt ($y$), bcrypt ($2b$) or sha512 ($6$)";
	if (strlen(setting) >= CRYPT_OUTPUT_SIZE)
		return "it is too long";
	if (!method->is_cheap(setting + strlen(method->prefix)))
		return "it costs more than a login may";
	/* A salt that crypt(3) would refuse, or a setting without a hash. */
	if (crypt_checksalt(setting) == CRYPT_SALT_INVALID || strrchr(setting, '$')[1] == '\0')
		return "it is not a hash that crypt(3) knows";
	if (strspn(strrchr(setting, '$') + 1, itoa64) != method->digits ||
	    strlen(strrchr(setting, '$') + 1) != method->digits)
		return "it is not as long as its hashes are: something is cut off, or added";
	return NULL;
}

const char *password_hash_method(const char *hash)
{
	static const char *const names[] = { "yescrypt", "bcrypt", "sha512" };
	const char *setting = without_scheme(hash);
	const struct method *method = setting ? method_of(setting) : NULL;

	return method ? names[method->method] : "unknown";
}

/* ---- hashing -------------------------------------------------------------- */

/* The result is in out; false when there is none. 32 KiB of work area are on
 * the heap: threads of a pool have small stacks. */
static bool hash(const char *setting, const struct secret *password, char out[CRYPT_OUTPUT_SIZE])
{
	struct crypt_data *data = memory_zero(sizeof(*data));
	const char *result = crypt_rn(secret_text(password), setting, data, sizeof(*data));

	if (result)
		snprintf(out, CRYPT_OUTPUT_SIZE, "%s", result);
	explicit_bzero(data, sizeof(*data));
	free(data);
	return result != NULL;
}

bool password_hash_make(const struct password_cost *cost, const struct secret *password,
			char out[PASSWORD_HASH_MAX], const char **reason)
{
	char setting[CRYPT_GENSALT_OUTPUT_SIZE], result[CRYPT_OUTPUT_SIZE];
	unsigned char salt[SALT_OCTETS];

	if (cost->method == PASSWORD_BCRYPT && secret_length(password) > PASSWORD_BCRYPT_MAX) {
		*reason = "bcrypt takes no password longer than 72 octets";
		return false;
	}
	*reason = "no randomness, or no memory, for a hash";
	if (RAND_bytes(salt, sizeof(salt)) != 1 ||
	    !crypt_gensalt_rn(method_row(cost->method)->prefix, (unsigned long)cost->cost,
			      (const char *)salt, sizeof(salt), setting, sizeof(setting)) ||
	    !hash(setting, password, result))
		return false;
	snprintf(out, PASSWORD_HASH_MAX, "%s%s", SCHEME, result);
	return true;
}

bool password_hash_verify(const char *text, const struct secret *password)
{
	char result[CRYPT_OUTPUT_SIZE] = "", wanted[CRYPT_OUTPUT_SIZE] = "";
	bool same;

	if (password_hash_fault(text))
		return false;
	snprintf(wanted, sizeof(wanted), "%s", without_scheme(text));
	same = hash(wanted, password, result) && *result != '*' &&
	       CRYPTO_memcmp(result, wanted, sizeof(wanted)) == 0;
	explicit_bzero(result, sizeof(result));
	return same;
}

void password_hash_pretend(const struct password_cost *cost, const struct secret *password)
{
	static const char salt[SALT_OCTETS] = "nobody has a salt such as this..";
	char setting[CRYPT_GENSALT_OUTPUT_SIZE], result[CRYPT_OUTPUT_SIZE] = "";

	if (crypt_gensalt_rn(method_row(cost->method)->prefix, (unsigned long)cost->cost, salt,
			     sizeof(salt), setting, sizeof(setting)))
		hash(setting, password, result);
	explicit_bzero(result, sizeof(result));
}
