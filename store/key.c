#include "store/key.h"

#include <stdio.h>
#include <string.h>

#include "base/ascii.h"

static bool stands_for_itself(char c)
{
	return c != '{' && c != '}' && c != '%' && c != ' ' && !ascii_is_control(c);
}

/* At most 3 * LOGIN_MAX octets and a NUL; returns the length. */
static size_t escape(const char *login, char *out)
{
	size_t len = 0;

	for (; *login; login++) {
		if (stands_for_itself(*login))
			out[len++] = *login;
		else
			len += (size_t)sprintf(out + len, "%%%02X", (unsigned char)*login);
	}
	out[len] = '\0';
	return len;
}

static bool build(const char *prefix, const char *login, const char *suffix, const char *message,
		  char out[KEY_MAX])
{
	char escaped[3 * LOGIN_MAX + 1];
	size_t len = strlen(login);

	if (len == 0 || len > LOGIN_MAX)
		return false;
	escape(login, escaped);
	return snprintf(out, KEY_MAX, "%s{%s}%s%s", prefix, escaped, suffix, message) < KEY_MAX;
}

bool key_account(const char *prefix, const char *login, char out[KEY_MAX])
{
	return build(prefix, login, ":a", "", out);
}

bool key_counters(const char *prefix, const char *login, char out[KEY_MAX])
{
	return build(prefix, login, ":u", "", out);
}

bool key_message(const char *prefix, const char *login, const char *message, char out[KEY_MAX])
{
	return build(prefix, login, ":m:", message, out);
}

/* The prefix may hold characters that mean something to SCAN. */
void key_account_pattern(const char *prefix, char out[KEY_MAX])
{
	size_t len = 0;

	for (; *prefix && len < 2 * KEY_PREFIX_MAX; prefix++) {
		if (strchr("*?[]^\\", *prefix))
			out[len++] = '\\';
		out[len++] = *prefix;
	}
	snprintf(out + len, KEY_MAX - len, "{*}:a");
}

static int hex_digit(char c)
{
	const char *digits = "0123456789ABCDEF", *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

bool key_account_login(const char *prefix, const char *key, char out[LOGIN_MAX + 1])
{
	size_t n = strlen(prefix), len = 0;
	const char *p = key + n;

	if (strncmp(key, prefix, n) != 0 || *p++ != '{')
		return false;
	for (; *p && *p != '}'; p++) {
		char c = *p;

		if (c == '%') {
			int high = hex_digit(p[1]), low = high < 0 ? -1 : hex_digit(p[2]);

			if (low < 0)
				return false;
			c = (char)(high * 16 + low);
			p += 2;
		}
		if (len >= LOGIN_MAX)
			return false;
		out[len++] = c;
	}
	out[len] = '\0';
	return len > 0 && strcmp(p, "}:a") == 0;
}
