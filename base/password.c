#include "base/password.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/refuse.h"

/* ---- making --------------------------------------------------------------- */

bool password_make(size_t length, struct secret *out)
{
	static const char alphabet[] = PASSWORD_ALPHABET;
	const unsigned n = sizeof(alphabet) - 1, fair = 256 / n * n;
	char text[SECRET_MAX];
	size_t made = 0;
	bool ok = length >= PASSWORD_MADE_MIN && length <= SECRET_MAX;

	while (ok && made < length) {
		uint8_t octet;

		ok = RAND_priv_bytes(&octet, 1) == 1;
		/* The last octets would favour the first characters. */
		if (ok && octet < fair)
			text[made++] = alphabet[octet % n];
		OPENSSL_cleanse(&octet, sizeof(octet));
	}
	ok = ok && secret_set(out, text, length);
	OPENSSL_cleanse(text, sizeof(text));
	return ok;
}

/* ---- what a chosen one looks like ------------------------------------------ */

static bool is_printable(const char *text)
{
	for (; *text; text++)
		if (ascii_is_control(*text) || ascii_is_8bit(*text))
			return false;
	return true;
}

static size_t count_different(const char *text)
{
	bool seen[256] = { false };
	size_t n = 0;

	for (; *text; text++) {
		n += !seen[(unsigned char)*text];
		seen[(unsigned char)*text] = true;
	}
	return n;
}

/* How far b is from a in a row of the keyboard; 0: not in the same one. */
static int keyboard_step(char a, char b)
{
	static const char *const rows[] = { "1234567890", "qwertyuiop", "qwertzuiop", "asdfghjkl",
					    "zxcvbnm", "yxcvbnm" };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *one = strchr(rows[i], a), *other = strchr(rows[i], b);

		if (one && other && (other - one == 1 || one - other == 1))
			return (int)(other - one);
	}
	return 0;
}

/* From one character to the next: 0 the same, 1 and -1 its neighbour in the
 * alphabet or on the keyboard, 2 something else. */
static int step_between(char a, char b)
{
	int far = b - a, step;

	if (far >= -1 && far <= 1)
		return far;
	step = keyboard_step(a, b);
	return step ? step : 2;
}

/* Is text[i] what was to be expected behind the characters before it? */
static bool continues(const char *text, size_t i)
{
	int step, before;

	/* Something of up to 4 characters again: "abcabc", "1212". */
	for (size_t period = 1; period <= 4 && 2 * period <= i + 1; period++)
		if (memcmp(text + i + 1 - period, text + i + 1 - 2 * period, period) == 0)
			return true;
	if (i < 2)
		return false;
	before = step_between(ascii_lower(text[i - 2]), ascii_lower(text[i - 1]));
	step = step_between(ascii_lower(text[i - 1]), ascii_lower(text[i]));
	return step != 2 && step == before;
}

static size_t count_fresh(const char *text)
{
	size_t n = 0;

	for (size_t i = 0; text[i]; i++)
		n += !continues(text, i);
	return n;
}

/* ---- the login inside ------------------------------------------------------ */

static bool has_part(const char *text, const char *part, size_t len)
{
	size_t n = strlen(text);

	for (size_t i = 0; i + len <= n; i++)
		if (ascii_equal_nocase(text + i, part, len))
			return true;
	return false;
}

/* The login as a whole, and what stands between its signs: "rose" and "example"
 * of rose@example.com. */
static bool has_login(const char *text, const char *login)
{
	if (*login && has_part(text, login, strlen(login)))
		return true;
	while (*login) {
		size_t len = strcspn(login, "@.+-_ ");

		if (len >= 4 && has_part(text, login, len))
			return true;
		login += len;
		login += *login != '\0';
	}
	return false;
}

/* ---- the list -------------------------------------------------------------- */

/* The letters in the middle: people put digits and signs around a word. */
static size_t core_of(const char *text, size_t len, const char **core)
{
	while (len > 0 && !ascii_is_letter(text[len - 1]))
		len--;
	while (len > 0 && !ascii_is_letter(*text)) {
		text++;
		len--;
	}
	*core = text;
	return len;
}

static bool is_same(const char *a, size_t a_len, const char *b, size_t b_len)
{
	return a_len == b_len && ascii_equal_nocase(a, b, a_len);
}

static bool is_listed(const char *text, FILE *list)
{
	char line[PASSWORD_LINE_MAX + 1];
	const char *core;
	size_t len = strlen(text), core_len = core_of(text, len, &core);

	while (fgets(line, sizeof(line), list)) {
		size_t n = strcspn(line, "\r\n");

		if (n > 0 && (is_same(line, n, text, len) || is_same(line, n, core, core_len)))
			return true;
	}
	return false;
}

static bool list_lacks(const char *text, const char *path, char *error, size_t error_size)
{
	FILE *list = fopen(path, "re");
	bool listed, failed;

	if (!list)
		return refuse(error, error_size, "the list %s cannot be read: %s", path,
			      strerror(errno));
	listed = is_listed(text, list);
	failed = ferror(list);
	fclose(list);
	if (failed)
		return refuse(error, error_size, "the list %s cannot be read", path);
	return !listed || refuse(error, error_size, "it is in the list of known passwords %s", path);
}

/* ---- all of them ------------------------------------------------------------ */

bool password_is_good(const struct secret *password, const struct password_rules *rules,
		      char *error, size_t error_size)
{
	const char *text = secret_text(password);
	size_t len = secret_length(password), fresh = count_fresh(text);

	if (len < rules->min_length || len < PASSWORD_CHOSEN_MIN)
		return refuse(error, error_size, "it has %zu characters; it needs at least %zu",
			      len, rules->min_length);
	if (len > PASSWORD_CHOSEN_MAX)
		return refuse(error, error_size, "it is longer than %d characters",
			      PASSWORD_CHOSEN_MAX);
	if (!is_printable(text))
		return refuse(error, error_size, "it has other characters than printable ASCII, "
						 "which clients send in different ways");
	if (*text == ' ' || text[len - 1] == ' ')
		return refuse(error, error_size, "it begins or ends with a space");
	if (count_different(text) < PASSWORD_DIFFERENT_MIN)
		return refuse(error, error_size, "it has fewer than %d different characters",
			      PASSWORD_DIFFERENT_MIN);
	if (fresh < PASSWORD_FRESH_MIN)
		return refuse(error, error_size,
			      "without repetitions and sequences (aaaa, 1234, qwer) it has %zu "
			      "characters; it needs at least %d",
			      fresh, PASSWORD_FRESH_MIN);
	if (has_login(text, rules->login))
		return refuse(error, error_size, "the login, or a part of it, is in it");
	return !rules->list_file || list_lacks(text, rules->list_file, error, error_size);
}
