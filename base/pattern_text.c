/* Sender patterns as they are written. */
#include "base/pattern.h"

#include <stdio.h>
#include <string.h>

#include "base/ascii.h"

static const char login_text[] = "%login";
static const char group_text[] = "%group:";
static const char bad_star[] =
	"\"*\" stands only before \"@\" or \"@*.\", or behind a delimiter: *@d, *@*.d, user+*@d";

static bool fail(const char **reason, const char *why)
{
	*reason = why;
	return false;
}

/* Does text begin with prefix? Then *rest is what follows. */
static bool starts_with(const char *text, const char *prefix, const char **rest)
{
	size_t len = strlen(prefix);

	if (strncmp(text, prefix, len) != 0)
		return false;
	*rest = text + len;
	return true;
}

static bool domain_parse(const char *text, struct pattern *out, const char **reason)
{
	if (strchr(text, '*'))
		return fail(reason, bad_star);
	if (!domain_normalise(text, out->address.domain))
		return fail(reason, "what follows \"@\" is not a domain name");
	if (out->kind == PATTERN_SUBDOMAINS && out->address.domain[0] == '[')
		return fail(reason, "a domain literal has no subdomains");
	return true;
}

static bool address_pattern_parse(const char *text, struct pattern *out, const char **reason)
{
	const char *rest;

	if (starts_with(text, login_text, &rest) && *rest == '@')
		return fail(reason, "%login stands alone, without a domain");
	switch (address_parse(text, ADDRESS_SMTP, &out->address, reason)) {
	case ADDRESS_OK:
		return true;
	case ADDRESS_NULL:
		return fail(reason, "the null sender has its own setting, null_sender");
	case ADDRESS_BAD:
		break;
	}
	return false;
}

/* What may stand between a user and a tag: any punctuation that can be in
 * Postfix's recipient_delimiter. */
static bool is_delimiter(char c)
{
	return c > ' ' && c < 0x7f && !ascii_is_letter(c) && !ascii_is_digit(c) &&
	       !strchr("\"*@\\<>", c);
}

/* "user+*@domain": the address without what stands between the user and "@",
 * and that delimiter. star is the only "*" of text. */
static bool tagged_parse(const char *text, const char *star, struct pattern *out,
			 const char **reason)
{
	char plain[PATTERN_TEXT_MAX];
	size_t user_len = star > text ? (size_t)(star - text) - 1 : 0;

	if (user_len == 0 || star[1] != '@' || !is_delimiter(star[-1]))
		return fail(reason, bad_star);
	if (strlen(text) >= sizeof(plain))
		return fail(reason, "the pattern is too long");
	out->kind = PATTERN_TAGGED;
	out->delimiter = star[-1];
	memcpy(plain, text, user_len);
	memcpy(plain + user_len, star + 1, strlen(star + 1) + 1);
	return address_pattern_parse(plain, out, reason);
}

static bool group_parse(const char *name, struct pattern *out, const char **reason)
{
	if (!name_is_valid(name))
		return fail(reason, "the name of a group is 1 to 64 letters, digits, \".\", \"-\" "
				    "or \"_\"");
	out->kind = PATTERN_GROUP;
	strcpy(out->group, name);
	return true;
}

static bool body_parse(const char *text, struct pattern *out, const char **reason)
{
	const char *rest, *star;

	if (*text == '\0')
		return fail(reason, "the pattern is empty");
	if (strcmp(text, login_text) == 0) {
		out->kind = PATTERN_LOGIN;
		return true;
	}
	if (starts_with(text, group_text, &rest))
		return group_parse(rest, out, reason);
	if (*text == '%' && !strchr(text, '@'))
		return fail(reason, "the only placeholders are %login and %group:NAME");
	if (starts_with(text, "*@*.", &rest)) {
		out->kind = PATTERN_SUBDOMAINS;
		return domain_parse(rest, out, reason);
	}
	if (starts_with(text, "*@", &rest) || starts_with(text, "@", &rest)) {
		out->kind = PATTERN_DOMAIN;
		return domain_parse(rest, out, reason);
	}
	star = strchr(text, '*');
	if (!star) {
		out->kind = PATTERN_EXACT;
		return address_pattern_parse(text, out, reason);
	}
	if (strchr(star + 1, '*'))
		return fail(reason, bad_star);
	return tagged_parse(text, star, out, reason);
}

bool pattern_parse(const char *text, struct pattern *out, const char **reason)
{
	struct pattern pattern = { .exclude = *text == '!' };

	if (!body_parse(text + pattern.exclude, &pattern, reason))
		return false;
	*out = pattern;
	return true;
}

/* The address, with the delimiter and "*" before its "@" where the kind has
 * them. A local part that would be read as an exclusion or as %login is put in
 * quotes; it is a dot-atom, else address_format() has quoted it. */
static void format_address(const struct pattern *pattern, char out[PATTERN_TEXT_MAX - 1])
{
	const char star[] = { pattern->delimiter, '*', '\0' };
	char text[ADDRESS_TEXT_MAX];
	const char *quote = "", *at;

	address_format(&pattern->address, text);
	at = strrchr(text, '@');
	if (*text == '!' || strcmp(pattern->address.local, login_text) == 0)
		quote = "\"";
	snprintf(out, PATTERN_TEXT_MAX - 1, "%s%.*s%s%s%s", quote, (int)(at - text), text, quote,
		 pattern->kind == PATTERN_TAGGED ? star : "", at);
}

void pattern_format(const struct pattern *pattern, char out[PATTERN_TEXT_MAX])
{
	if (pattern->exclude)
		*out++ = '!';
	switch (pattern->kind) {
	case PATTERN_LOGIN:
		memcpy(out, login_text, sizeof(login_text));
		break;
	case PATTERN_DOMAIN:
		snprintf(out, PATTERN_TEXT_MAX - 1, "*@%s", pattern->address.domain);
		break;
	case PATTERN_SUBDOMAINS:
		snprintf(out, PATTERN_TEXT_MAX - 1, "*@*.%s", pattern->address.domain);
		break;
	case PATTERN_GROUP:
		snprintf(out, PATTERN_TEXT_MAX - 1, "%s%s", group_text, pattern->group);
		break;
	case PATTERN_EXACT:
	case PATTERN_TAGGED:
		format_address(pattern, out);
		break;
	}
}
