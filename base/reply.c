#include "base/reply.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/ascii.h"
#include "base/utf8.h"

/* Codes: RFC 5321 section 4.2; enhanced codes: RFC 3463 and IANA's registry of
 * them (X.7.28 is "mail flood detected"). */
static const struct {
	const char *name;
	struct reply_line line;
} replies[REPLIES] = {
	[REPLY_STATE] = {"state", {"550", "5.7.1", "state: login %{login} is blocked: %{reason}"}},
	[REPLY_UNKNOWN_LOGIN] = {"unknown_login",
				 {"550", "5.7.1", "state: login %{login} has no account here"}},
	[REPLY_CREDENTIAL_REVOKED] = {"credential_revoked",
				      {"550", "5.7.1",
				       "state: credential %{credential} of login %{login} is "
				       "revoked"}},
	[REPLY_CREDENTIAL_BLOCKED] = {"credential_blocked",
				      {"550", "5.7.1",
				       "state: credential %{credential} of login %{login} is "
				       "blocked"}},
	[REPLY_CREDENTIAL_EXPIRED] = {"credential_expired",
				      {"550", "5.7.1",
				       "state: credential %{credential} of login %{login} has "
				       "expired"}},
	/* RFC 3207 section 4. */
	[REPLY_REQUIRE_TLS] = {"require_tls",
			       {"530", "5.7.0",
				"networks: login %{login} may not send: %{rule}"}},
	[REPLY_NETWORKS] = {"networks",
			    {"550", "5.7.1",
			     "networks: login %{login} may not send from %{client}"}},
	[REPLY_ENVELOPE_SENDER] = {"envelope_sender",
				   {"553", "5.7.1",
				    "envelope_sender: %{login} may not use %{sender}"}},
	[REPLY_SENDER_FAULT] = {"sender_fault",
				{"553", "5.7.1",
				 "envelope_sender: %{rule} (login %{login}): %{sender}"}},
	[REPLY_NULL_SENDER] = {"null_sender",
			       {"553", "5.7.1",
				"envelope_sender: login %{login} may not use the null sender"}},
	[REPLY_HEADER_FROM] = {"header_from",
			       {"550", "5.7.1",
				"header_from: %{login} may not use %{address}"}},
	[REPLY_HEADER_FAULT] = {"header_fault",
				{"550", "5.7.1", "header_from: %{rule} (login %{login})"}},
	[REPLY_HEADER_NO_REWRITE] = {"header_no_rewrite",
				     {"550", "5.7.1",
				      "header_from: %{address}; login %{login} has no address of "
				      "its own to put there"}},
	[REPLY_CAP_RECIPIENTS] = {"max_recipients",
				  {"452", "4.5.3",
				   "caps: %{asked} recipients, at most %{limit} a message"}},
	[REPLY_CAP_SIZE] = {"max_size",
			    {"552", "5.3.4", "caps: %{asked} bytes, at most %{limit} a message"}},
	[REPLY_QUOTAS] = {"quotas",
			  {"450", "4.7.28",
			   "quota: %{quota} used up, retry after %{retry} (%{used}/%{limit} "
			   "used, %{asked} asked)"}},
	[REPLY_QUOTAS_REJECT] = {"quotas_reject",
				 {"550", "5.7.28",
				  "quota: %{quota} used up (%{used}/%{limit} used, "
				  "%{asked} asked), retry after %{retry}"}},
	[REPLY_QUOTAS_NEVER] = {"quotas_never",
				{"450", "4.7.28",
				 "quota: %{quota} is less than this message needs (%{asked} "
				 "asked)"}},
	[REPLY_QUOTAS_NEVER_REJECT] = {"quotas_never_reject",
				       {"550", "5.7.28",
					"quota: %{quota} is less than this message needs (%{asked} "
					"asked)"}},
	[REPLY_QUOTAS_RCPT] = {"quotas_rcpt",
			       {"452", "4.5.3",
				"quota: %{quota} has no room for more recipients of this message "
				"(%{used}/%{limit} used, %{asked} asked)"}},
	[REPLY_CANNOT_TELL] = {"cannot_tell",
			       {"451", "4.3.0", "temporarily unable to check login %{login}"}},
};

static const struct {
	const char *name;
	size_t offset;
} value_names[] = {
	{"login", offsetof(struct reply_values, login)},
	{"sender", offsetof(struct reply_values, sender)},
	{"client", offsetof(struct reply_values, client)},
	{"rule", offsetof(struct reply_values, rule)},
	{"address", offsetof(struct reply_values, address)},
	{"quota", offsetof(struct reply_values, quota)},
	{"used", offsetof(struct reply_values, used)},
	{"limit", offsetof(struct reply_values, limit)},
	{"asked", offsetof(struct reply_values, asked)},
	{"retry", offsetof(struct reply_values, retry)},
	{"reason", offsetof(struct reply_values, reason)},
	{"credential", offsetof(struct reply_values, credential)},
};
#define VALUE_NAMES (sizeof(value_names) / sizeof(value_names[0]))

const struct reply_line *reply_default(enum reply reply)
{
	return &replies[reply].line;
}

const char *reply_name(enum reply reply)
{
	return replies[reply].name;
}

bool reply_find(const char *name, enum reply *out)
{
	for (size_t i = 0; i < REPLIES; i++) {
		if (strcmp(replies[i].name, name) == 0) {
			*out = (enum reply)i;
			return true;
		}
	}
	return false;
}

/* ---- %{name} ----------------------------------------------------------- */

/* At text stands "%{": the index of its name, and *end behind the "}"; -1
 * when there is no such name. */
static int value_name_at(const char *text, const char **end)
{
	const char *name = text + 2, *brace = strchr(name, '}');

	if (!brace)
		return -1;
	*end = brace + 1;
	for (size_t i = 0; i < VALUE_NAMES; i++) {
		if (strlen(value_names[i].name) == (size_t)(brace - name) &&
		    strncmp(value_names[i].name, name, (size_t)(brace - name)) == 0)
			return (int)i;
	}
	return -1;
}

static const char *value_of(const struct reply_values *values, int name)
{
	const char *value;

	memcpy(&value, (const char *)values + value_names[name].offset, sizeof(value));
	return value && *value ? value : "-";
}

/* ---- parsing ----------------------------------------------------------- */

/* "450 " at the start of text. */
static bool has_code(const char *text)
{
	return ascii_is_digit(text[0]) && ascii_is_digit(text[1]) && ascii_is_digit(text[2]) &&
	       text[3] == ' ';
}

/* "4.7.28 " at the start of text: its length without the space, or 0. */
static size_t xcode_length(const char *text)
{
	size_t len = strspn(text, "0123456789.");
	int dots = 0, digits = 0;

	if (text[len] != ' ' || len > sizeof(((struct reply_line *)NULL)->xcode) - 1)
		return 0;
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '.' && (digits == 0 || ++dots > 2))
			return 0;
		digits = text[i] == '.' ? 0 : digits + 1;
		if (digits > 3)
			return 0;
	}
	return dots == 2 && digits > 0 ? len : 0;
}

static const char *codes_fault(const struct reply_line *line, const struct reply_line *def)
{
	if (line->code[0] != '4' && line->code[0] != '5')
		return "a reply code is 4xx or 5xx";
	if (strcmp(line->code, "421") == 0 || strcmp(line->code, "521") == 0)
		return "reply codes 421 and 521 would close the connection";
	if (line->xcode[0] != line->code[0] || line->xcode[1] != '.')
		return "the reply code and the enhanced status code have different classes";
	if (line->code[0] != def->code[0])
		return "a reply that defers cannot be made one that refuses, nor the other way "
		       "round";
	return NULL;
}

static const char *unknown_name(void)
{
	static _Thread_local char why[256];
	size_t len = (size_t)snprintf(why, sizeof(why), "unknown name in %%{...}: known are ");

	for (size_t i = 0; i < VALUE_NAMES && len < sizeof(why); i++)
		len += (size_t)snprintf(why + len, sizeof(why) - len, "%s%s", i ? ", " : "",
					value_names[i].name);
	return why;
}

static const char *text_fault(const char *text)
{
	const char *end;

	for (const char *p = text; *p; p++) {
		if (ascii_is_control(*p) || ascii_is_8bit(*p))
			return "a reply text is printable ASCII";
		if (p[0] == '%' && p[1] == '{' && value_name_at(p, &end) < 0)
			return unknown_name();
	}
	if (!*text)
		return "a reply text cannot be empty";
	return strlen(text) > REPLY_TEXT_MAX ? "a reply text is at most 400 octets" : NULL;
}

bool reply_parse(enum reply reply, const char *text, struct reply_line *out, const char **reason)
{
	const struct reply_line *def = reply_default(reply);
	size_t len;

	*out = *def;
	if (has_code(text)) {
		memcpy(out->code, text, 3);
		text += 4;
		len = xcode_length(text);
		if (len == 0) {
			*reason = "after the reply code comes an enhanced status code, like 5.7.1";
			return false;
		}
		memcpy(out->xcode, text, len);
		out->xcode[len] = '\0';
		text += len + 1;
	}
	*reason = codes_fault(out, def);
	if (!*reason)
		*reason = text_fault(text);
	if (*reason)
		return false;
	snprintf(out->text, sizeof(out->text), "%s", text);
	return true;
}

/* ---- expanding --------------------------------------------------------- */

struct writer {
	char *out;
	size_t len, size;
	bool full; /* a character did not fit: nothing more is written */
};

static void put(struct writer *w, const char *bytes, size_t n)
{
	if (w->full || w->len + n >= w->size) {
		w->full = true;
		return;
	}
	memcpy(w->out + w->len, bytes, n);
	w->len += n;
}

static void put_clean(struct writer *w, const char *text, size_t len)
{
	while (len > 0) {
		uint32_t code_point;
		size_t n = utf8_sequence(text, len, &code_point);

		if (n == 0 || utf8_is_control(code_point)) {
			put(w, "?", 1);
			n = n ? n : 1;
		} else {
			put(w, text, n);
		}
		text += n;
		len -= n;
	}
}

void reply_expand(const struct reply_line *line, const struct reply_values *values, char *out,
		  size_t out_size)
{
	struct writer w = {.out = out, .size = out_size};
	const char *p = line->text;

	while (*p) {
		const char *end = p + 1;
		int name = p[0] == '%' && p[1] == '{' ? value_name_at(p, &end) : -1;

		if (name >= 0) {
			const char *value = value_of(values, name);

			put_clean(&w, value, strlen(value));
			p = end;
		} else {
			size_t n = strcspn(p + 1, "%") + 1;

			put_clean(&w, p, n);
			p += n;
		}
	}
	out[w.len] = '\0';
}
