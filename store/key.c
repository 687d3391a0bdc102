#include "store/key.h"

#include <stdio.h>
#include <string.h>

#include "base/builder.h"
#include "base/octets.h"

#define STANDS_FOR_ITSELF(c) \
	((c) > ' ' && (c) != 0x7f && (c) != '{' && (c) != '}' && (c) != '%')

static const struct octets stand_for_themselves = OCTETS(STANDS_FOR_ITSELF);

/* At most 3 * LOGIN_MAX octets and a NUL; returns the length. */
static size_t escape(const char *login, char *out)
{
	size_t left = strlen(login), len = 0, n;

	for (;;) {
		n = octets_span(&stand_for_themselves, login, left);
		memcpy(out + len, login, n);
		len += n;
		if (n == left)
			break;
		len += (size_t)sprintf(out + len, "%%%02X", (unsigned char)login[n]);
		login += n + 1;
		left -= n + 1;
	}
	out[len] = '\0';
	return len;
}

/* message: NULL for a key without one. */
static bool build(const char *prefix, enum take_scope scope, const char *name, char kind,
		  const char *message, char out[KEY_MAX])
{
	const char end[] = { '}', ':', kind };
	char escaped[3 * LOGIN_MAX + 1];
	size_t len = strlen(name);
	struct builder key;

	if (len == 0 || len > LOGIN_MAX)
		return false;
	builder_init(&key, out, KEY_MAX);
	builder_add(&key, prefix);
	builder_add_char(&key, '{');
	builder_add_bytes(&key, escaped, escape(name, escaped));
	builder_add_bytes(&key, end, sizeof(end));
	if (scope != SCOPE_LOGIN) {
		builder_add_char(&key, '-');
		builder_add(&key, take_scope_name(scope));
	}
	if (message) {
		builder_add_char(&key, ':');
		builder_add(&key, message);
	}
	return !key.cut;
}

bool key_account(const char *prefix, enum take_scope scope, const char *name, char out[KEY_MAX])
{
	return build(prefix, scope, name, 'a', NULL, out);
}

bool key_secret(const char *prefix, const char *username, char out[KEY_MAX])
{
	return build(prefix, SCOPE_LOGIN, username, 'p', NULL, out);
}

bool key_counters(const char *prefix, enum take_scope scope, const char *name, char out[KEY_MAX])
{
	return build(prefix, scope, name, 'u', NULL, out);
}

bool key_message(const char *prefix, enum take_scope scope, const char *name, const char *message,
		 char out[KEY_MAX])
{
	return build(prefix, scope, name, 'm', message, out);
}

bool key_question(const char *prefix, enum take_scope scope, const char *name, const char *message,
		  size_t message_len, char account[KEY_MAX], char counters[KEY_MAX],
		  char charged[KEY_MAX])
{
	size_t len, kind;

	if (!build(prefix, scope, name, 'a', NULL, account))
		return false;
	len = strlen(account);
	kind = (size_t)(strrchr(account, '}') - account) + 2;
	memcpy(counters, account, len + 1);
	counters[kind] = 'u';
	memcpy(charged, counters, len + 1);
	if (message_len == 0)
		return true;
	if (message_len > MESSAGE_KEY_MAX)
		return false;
	charged[kind] = 'm';
	charged[len++] = ':';
	memcpy(charged + len, message, message_len);
	charged[len + message_len] = '\0';
	return true;
}

bool key_guess(const char *prefix, const char *username, char out[KEY_MAX])
{
	return build(prefix, SCOPE_LOGIN, username, 'g', NULL, out);
}

bool key_guess_network(const char *prefix, const char *network, char out[KEY_MAX])
{
	return build(prefix, SCOPE_NETWORK, network, 'g', NULL, out);
}

bool key_told(const char *prefix, const char *username, const char *what, char out[KEY_MAX])
{
	return build(prefix, SCOPE_LOGIN, username, 't', what, out);
}

bool key_login_trace(const char *prefix, const char *username, char out[KEY_MAX])
{
	return build(prefix, SCOPE_LOGIN, username, 'd', NULL, out);
}

void key_strangers(const char *prefix, char out[KEY_MAX])
{
	snprintf(out, KEY_MAX, "%sstrangers", prefix);
}

bool key_sent(const char *prefix, const char *login, char out[KEY_MAX])
{
	return build(prefix, SCOPE_LOGIN, login, 'h', NULL, out);
}

bool key_sent_packs(const char *prefix, const char *login, char out[KEY_MAX])
{
	return build(prefix, SCOPE_LOGIN, login, 'h', "p", out);
}

bool key_attempts(const char *prefix, const char *login, char out[KEY_MAX])
{
	return build(prefix, SCOPE_LOGIN, login, 'r', NULL, out);
}

bool key_deleted(const char *prefix, const char *login, char out[KEY_MAX])
{
	return build(prefix, SCOPE_LOGIN, login, 'x', NULL, out);
}

bool key_lease(const char *prefix, const char *login, char out[KEY_MAX])
{
	return build(prefix, SCOPE_LOGIN, login, 'l', NULL, out);
}

bool key_lent(const char *prefix, const char *login, int turn, char out[KEY_MAX])
{
	const char part[] = { (char)('0' + turn), 'r', '\0' };

	return build(prefix, SCOPE_LOGIN, login, 'l', part, out);
}

bool key_lent_index(const char *prefix, const char *login, int turn, int index, char out[KEY_MAX])
{
	const char part[] = { (char)('0' + turn), 'i', (char)('0' + index), '\0' };

	return build(prefix, SCOPE_LOGIN, login, 'l', part, out);
}

void key_senders(const char *prefix, const char *domain, const char *local, char out[KEY_MAX])
{
	char escaped[3 * DOMAIN_MAX + 1];

	_Static_assert(DOMAIN_MAX <= LOGIN_MAX && LOCAL_PART_MAX <= MESSAGE_KEY_MAX,
		       "KEY_MAX has room for a place");
	if (!*domain) {
		snprintf(out, KEY_MAX, "%.*sidentities", KEY_PREFIX_MAX, prefix);
		return;
	}
	escape(domain, escaped);
	snprintf(out, KEY_MAX, "%.*s{@%s}:s:%.*s", KEY_PREFIX_MAX, prefix, escaped, LOCAL_PART_MAX,
		 local);
}

void key_senders_complete(const char *prefix, char out[KEY_MAX])
{
	snprintf(out, KEY_MAX, "%.*ssenders", KEY_PREFIX_MAX, prefix);
}

void key_channel(const char *prefix, char out[KEY_MAX])
{
	snprintf(out, KEY_MAX, "%saccounts", prefix);
}

/* The prefix may hold characters that mean something to SCAN. */
static void pattern(const char *prefix, char kind, char out[KEY_MAX])
{
	size_t len = 0;

	for (; *prefix && len < 2 * KEY_PREFIX_MAX; prefix++) {
		if (strchr("*?[]^\\", *prefix))
			out[len++] = '\\';
		out[len++] = *prefix;
	}
	snprintf(out + len, KEY_MAX - len, "{*}:%c", kind);
}

void key_account_pattern(const char *prefix, char out[KEY_MAX])
{
	pattern(prefix, 'a', out);
}

void key_secret_pattern(const char *prefix, char out[KEY_MAX])
{
	pattern(prefix, 'p', out);
}

void key_counters_pattern(const char *prefix, char out[KEY_MAX])
{
	pattern(prefix, 'u', out);
}

void key_attempts_pattern(const char *prefix, char out[KEY_MAX])
{
	pattern(prefix, 'r', out);
}

void key_guesses_pattern(const char *prefix, char out[KEY_MAX])
{
	pattern(prefix, 'g', out);
	strcat(out, "*");
}

static int hex_digit(char c)
{
	const char *digits = "0123456789ABCDEF", *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

static bool read_name(const char *prefix, const char *key, const char *rest,
		      char out[LOGIN_MAX + 1])
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
	return len > 0 && strcmp(p, rest) == 0;
}

bool key_account_login(const char *prefix, const char *key, char out[LOGIN_MAX + 1])
{
	return read_name(prefix, key, "}:a", out);
}

bool key_secret_username(const char *prefix, const char *key, char out[LOGIN_MAX + 1])
{
	return read_name(prefix, key, "}:p", out);
}

bool key_counters_login(const char *prefix, const char *key, char out[LOGIN_MAX + 1])
{
	return read_name(prefix, key, "}:u", out);
}

bool key_attempts_login(const char *prefix, const char *key, char out[LOGIN_MAX + 1])
{
	return read_name(prefix, key, "}:r", out);
}

bool key_guesses_name(const char *prefix, const char *key, bool *network, char out[LOGIN_MAX + 1])
{
	*network = read_name(prefix, key, "}:g-network", out);
	return *network || read_name(prefix, key, "}:g", out);
}
