#include "base/address.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unictype.h>
#include <uninorm.h>

#include "base/ascii.h"
#include "base/fold.h"
#include "base/octets.h"
#include "base/utf8.h"

/* Octets of local part, "@" and domain: a path of 256 without its brackets
 * (RFC 5321 section 4.5.3.1.3, erratum 1690). */
#define ADDRESS_MAX 254

/* Functions below that return a text return NULL when all is well, else the
 * reason. */

static const char too_long_local[] = "local part is longer than 64 octets";

/* What the text of one address falls into. */
struct parts {
	const char *local;
	size_t local_len;
	const char *domain; /* up to the end of the text */
	size_t domain_len;
};

/* dot-atom-text: atoms with single dots between them. */
static bool is_dot_atom(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (ascii_is_atext(text[i]))
			continue;
		if (text[i] != '.' || i == 0 || i == len - 1 || text[i - 1] == '.')
			return false;
	}
	return len > 0;
}

/* The octets that the quoted string text[0..*len) stands for; *len becomes
 * their number. */
static const char *local_unquote(const char *text, size_t *len, char out[LOCAL_PART_MAX])
{
	size_t n = 0;

	/* From behind the first quote to before the last. */
	for (size_t i = 1; i < *len - 1; i++) {
		if (text[i] == '\\')
			i++;
		if (n == LOCAL_PART_MAX)
			return too_long_local;
		out[n++] = text[i];
	}
	*len = n;
	return NULL;
}

/* Postfix takes "a..b@example.org" from a client and says so to the policy
 * server, so only the header is held to the letter of dot-atom. */
static const char *local_check_unquoted(const char *text, size_t len, enum address_form form)
{
	for (size_t i = 0; i < len; i++)
		if (!ascii_is_atext(text[i]) && text[i] != '.')
			return "a character in the local part that needs quotes";
	if (form == ADDRESS_HEADER && !is_dot_atom(text, len))
		return "a dot in the local part that needs quotes";
	return NULL;
}

/* The local part's octets as they are meant, before normalisation. */
static const char *local_read(const struct parts *parts, enum address_form form, size_t *len,
			      char out[LOCAL_PART_MAX])
{
	const char *reason = NULL;

	*len = parts->local_len;
	if (form != ADDRESS_INTERNAL && parts->local_len > 0 && parts->local[0] == '"')
		return local_unquote(parts->local, len, out);
	if (form != ADDRESS_INTERNAL)
		reason = local_check_unquoted(parts->local, *len, form);
	if (!reason && *len > LOCAL_PART_MAX)
		reason = too_long_local;
	if (!reason)
		memcpy(out, parts->local, *len);
	return reason;
}

/* Two addresses that look the same would be two: with "*@example.com" and
 * "!boss@example.com" in a list, one that shows as boss is not boss. */
static bool is_invisible(uint32_t code_point)
{
	return utf8_is_control(code_point) || uc_is_property_white_space(code_point) ||
	       uc_is_property_default_ignorable_code_point(code_point);
}

#define IS_PRINTABLE(c) ((c) >= ' ' && (c) < 0x7f)

static const struct octets printable = OCTETS(IS_PRINTABLE);

/* Only valid text reaches a comparison, a log line or a reply. */
static const char *local_check_text(const char *text, size_t len)
{
	for (size_t i = octets_span(&printable, text, len), n; i < len; i += n) {
		uint32_t code_point;

		n = 1;
		if (!ascii_is_8bit(text[i]) && !ascii_is_control(text[i]))
			continue;
		n = utf8_sequence(text + i, len - i, &code_point);
		if (n == 0)
			return "not UTF-8";
		if (is_invisible(code_point))
			return "a control or invisible character in the local part";
	}
	return len > 0 ? NULL : "local part is empty";
}

static const char *local_normalise(const char *text, size_t len, char out[LOCAL_PART_MAX + 1])
{
	uint8_t room[LOCAL_PART_MAX];
	size_t n = sizeof(room);
	uint8_t *nfc;

	if (!ascii_has_8bit(text, len)) {
		memcpy(out, text, len);
		out[len] = '\0';
		return NULL;
	}
	nfc = u8_normalize(UNINORM_NFC, (const uint8_t *)text, len, room, &n);
	if (!nfc)
		return "local part cannot be normalised";
	if (nfc != room) {
		free(nfc);
		return too_long_local;
	}
	memcpy(out, room, n);
	out[n] = '\0';
	return NULL;
}

/* The octets of the quoted string at text, both quotes included; 0 when it
 * does not end. */
static size_t quoted_len(const char *text, size_t len)
{
	for (size_t i = 1; i < len; i++) {
		if (text[i] == '\\')
			i++;
		else if (text[i] == '"')
			return i + 1;
	}
	return 0;
}

static const char *split(const char *text, size_t len, enum address_form form, struct parts *parts)
{
	const char *at;

	if (form == ADDRESS_INTERNAL) {
		at = strrchr(text, '@');
	} else if (len > 0 && text[0] == '"') {
		size_t n = quoted_len(text, len);

		if (n == 0)
			return "unbalanced quote";
		at = n < len ? text + n : NULL;
		if (at && *at != '@')
			return "text behind a quoted local part";
	} else {
		at = memchr(text, '@', len);
	}
	if (!at)
		return "no domain";
	parts->local = text;
	parts->local_len = (size_t)(at - text);
	parts->domain = at + 1;
	parts->domain_len = len - parts->local_len - 1;
	if (form != ADDRESS_INTERNAL && memchr(parts->domain, '@', parts->domain_len))
		return "more than one \"@\"";
	return NULL;
}

/* A trailing dot means the root: SMTP clients and Postfix do not care, mail
 * programs do. */
static const char *drop_trailing_dot(struct parts *parts, enum address_form form)
{
	if (parts->domain_len < 2 || parts->domain[parts->domain_len - 1] != '.')
		return NULL;
	if (form == ADDRESS_HEADER)
		return "the domain ends in a dot";
	parts->domain_len--;
	return NULL;
}

static const char *read_address(const char *text, size_t len, enum address_form form,
				struct address *out)
{
	char local[LOCAL_PART_MAX];
	struct parts parts;
	const char *reason;
	size_t local_len;

	if ((reason = split(text, len, form, &parts)) ||
	    (reason = drop_trailing_dot(&parts, form)) ||
	    (reason = local_read(&parts, form, &local_len, local)) ||
	    (reason = local_check_text(local, local_len)) ||
	    (reason = local_normalise(local, local_len, out->local)) ||
	    (reason = domain_read(parts.domain, parts.domain_len, out->domain)))
		return reason;
	if (strlen(out->local) + 1 + strlen(out->domain) > ADDRESS_MAX)
		return "address is longer than 254 octets";
	return NULL;
}

/* Takes the angle brackets off an RFC 5321 path. */
static const char *strip_path(const char **text, size_t *len)
{
	if (*len > 0 && **text == '<') {
		if ((*text)[*len - 1] != '>')
			return "unbalanced angle bracket";
		*text += 1;
		*len -= 2;
	}
	if (*len > 0 && **text == '@' && memchr(*text, ':', *len))
		return "a source route";
	return NULL;
}

bool address_is_null(const char *text)
{
	return *text == '\0' || strcmp(text, "<>") == 0;
}

enum address_result address_parse(const char *text, enum address_form form, struct address *out,
				  const char **reason)
{
	size_t len = strlen(text);
	const char *why = NULL;

	if (address_is_null(text))
		return ADDRESS_NULL;
	if (form == ADDRESS_SMTP)
		why = strip_path(&text, &len);
	if (!why)
		why = read_address(text, len, form, out);
	if (!why)
		return ADDRESS_OK;
	*reason = why;
	return ADDRESS_BAD;
}

void address_format(const struct address *addr, char out[ADDRESS_TEXT_MAX])
{
	size_t len = strlen(addr->local);
	char *end = out;

	if (is_dot_atom(addr->local, len)) {
		memcpy(end, addr->local, len);
		end += len;
	} else {
		*end++ = '"';
		for (const char *p = addr->local; *p != '\0'; p++) {
			if (*p == '"' || *p == '\\')
				*end++ = '\\';
			*end++ = *p;
		}
		*end++ = '"';
	}
	*end++ = '@';
	memcpy(end, addr->domain, strlen(addr->domain) + 1);
}

bool local_part_equal(const char *a, size_t a_len, const char *b, size_t b_len, bool case_sensitive)
{
	if (a_len == b_len && memcmp(a, b, a_len) == 0)
		return true;
	if (case_sensitive)
		return false;
	while (a_len > 0 && b_len > 0) {
		uint32_t x, y;
		size_t a_n = fold_read(a, a_len, &x);
		size_t b_n = fold_read(b, b_len, &y);

		if (a_n == 0 || b_n == 0 || x != y)
			return false;
		a += a_n;
		a_len -= a_n;
		b += b_n;
		b_len -= b_n;
	}
	return a_len == 0 && b_len == 0;
}

bool address_equal(const struct address *a, const struct address *b, bool local_case_sensitive)
{
	return strcmp(a->domain, b->domain) == 0 &&
	       local_part_equal(a->local, strlen(a->local), b->local, strlen(b->local),
				local_case_sensitive);
}
