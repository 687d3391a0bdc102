#include "base/domain.h"

#include <arpa/inet.h>
#include <idn2.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unicase.h>
#include <uninorm.h>

#include "base/ascii.h"
#include "base/octets.h"
#include "base/utf8.h"

/* Octets of a domain as typed, before it becomes A-labels. */
#define DOMAIN_TYPED_MAX 1024
/* RFC 1035 section 2.3.4. */
#define LABEL_MAX 63

static const char too_long_domain[] = "domain is longer than 255 octets";
static const char bad_domain[] = "not a domain name";
static const char capital_sharp_s[] = "a capital sharp s in the domain, which may mean ss";
static const char bad_literal[] = "not a domain literal";

static bool is_utf8(const char *text, size_t len)
{
	uint32_t code_point;
	size_t n;

	for (size_t i = 0; i < len; i += n)
		if (!(n = utf8_sequence(text + i, len - i, &code_point)))
			return false;
	return true;
}

/* RFC 5321 section 4.1.2 and, as hosts have them, the underscore; in lower case. */
#define IN_LABEL(c) \
	(((c) >= 'a' && (c) <= 'z') || ((c) >= '0' && (c) <= '9') || (c) == '-' || (c) == '_')
/* 0: not in a label. */
#define LABEL_LOWER(c) \
	((c) >= 'A' && (c) <= 'Z' ? (char)((c) - 'A' + 'a') : IN_LABEL(c) ? (char)(c) : '\0')

static const char label_lower[256] = { OCTETS_256(LABEL_LOWER) };

/* Reads the label at text. Returns its octets; 0 when there is none. */
static size_t label_read(const char *text, size_t len, char *out)
{
	size_t n = 0;

	while (n < len && (out[n] = label_lower[(unsigned char)text[n]]) != '\0')
		n++;
	if (n > LABEL_MAX || (n > 0 && (text[0] == '-' || text[n - 1] == '-')))
		return 0;
	return n;
}

static const char *domain_read_ascii(const char *text, size_t len, char out[DOMAIN_MAX + 1])
{
	size_t i = 0;

	if (len > DOMAIN_MAX)
		return too_long_domain;
	for (;;) {
		size_t n = label_read(text + i, len - i, out + i);

		if (n == 0)
			return bad_domain;
		i += n;
		if (i == len)
			break;
		if (text[i] != '.')
			return bad_domain;
		out[i++] = '.';
	}
	out[len] = '\0';
	return NULL;
}

/* U-labels to A-labels by RFC 5891 alone, after lower case and NFC: a domain
 * with fullwidth letters, other full stops or soft hyphens is a disguise here.
 * (UTS 46 would map those, and libidn2's IDN2_USE_STD3_ASCII_RULES drops what it
 * should refuse: "evil.example\uff20example.com" becomes one name.) */
static const char *domain_read_idn(const char *text, size_t len, char out[DOMAIN_MAX + 1])
{
	const char *reason = "not an internationalised domain name (IDNA 2008)";
	uint8_t typed[DOMAIN_TYPED_MAX + 1];
	uint8_t *lower, *ascii = NULL;
	size_t n = 0;

	if (len > DOMAIN_TYPED_MAX)
		return too_long_domain;
	if (!is_utf8(text, len))
		return "not UTF-8";
	memcpy(typed, text, len);
	typed[len] = '\0';
	/* In lower case it is one letter, to UTS 46, and so to Postfix, it is "ss": another
	 * domain. Of all letters that IDNA 2008 has in lower case it is the only such one. */
	if (strstr((char *)typed, "\u1e9e"))
		return capital_sharp_s;
	lower = u8_tolower(typed, len + 1, NULL, UNINORM_NFC, NULL, &n);
	if (lower && idn2_lookup_u8(lower, &ascii, IDN2_NO_TR46) == IDN2_OK)
		reason = domain_read_ascii((char *)ascii, strlen((char *)ascii), out);
	idn2_free(ascii);
	free(lower);
	return reason;
}

/* RFC 5321 section 4.1.3; general literals have no registered tag but IPv6. */
static const char *domain_read_literal(const char *text, size_t len, char out[DOMAIN_MAX + 1])
{
	static const char tag[] = "[ipv6:";
	const size_t tag_len = sizeof(tag) - 1;
	bool tagged = len > tag_len && ascii_equal_nocase(text, tag, tag_len);
	int family = tagged ? AF_INET6 : AF_INET;
	size_t start = tagged ? tag_len : 1;
	size_t inner_len = len - start - 1;
	char inner[INET6_ADDRSTRLEN];
	struct in6_addr octets; /* room for either family */

	if (len < start + 1 || text[len - 1] != ']' || inner_len >= sizeof(inner))
		return bad_literal;
	memcpy(inner, text + start, inner_len);
	inner[inner_len] = '\0';
	if (inet_pton(family, inner, &octets) != 1)
		return bad_literal;
	inet_ntop(family, &octets, inner, sizeof(inner));
	snprintf(out, DOMAIN_MAX + 1, "%.*s%s]", (int)start, tag, inner);
	return NULL;
}

const char *domain_read(const char *text, size_t len, char out[DOMAIN_MAX + 1])
{
	const char *reason;

	if (len == 0)
		return "domain is empty";
	if (text[0] == '[')
		return domain_read_literal(text, len, out);
	reason = domain_read_ascii(text, len, out);
	if (reason && ascii_has_8bit(text, len))
		return domain_read_idn(text, len, out);
	return reason;
}

bool domain_normalise(const char *text, char out[DOMAIN_MAX + 1])
{
	char domain[DOMAIN_MAX + 1];
	size_t len = strlen(text);

	if (len > 1 && text[len - 1] == '.')
		len--;
	if (domain_read(text, len, domain))
		return false;
	memcpy(out, domain, strlen(domain) + 1);
	return true;
}

static bool shows_controls(const char *text)
{
	size_t len = strlen(text), n;

	for (size_t i = 0; i < len; i += n) {
		uint32_t code_point;

		n = utf8_sequence(text + i, len - i, &code_point);
		if (n == 0 || utf8_is_control(code_point))
			return true;
	}
	return false;
}

bool domain_is_shown_as(const char *domain, const char *text)
{
	char *shown = NULL;
	bool same = idn2_to_unicode_8z8z(domain, &shown, 0) == IDN2_OK &&
		    strcmp(shown, text) == 0 && !shows_controls(text);

	idn2_free(shown);
	return same;
}

bool domain_is_showable(const char *domain)
{
	char again[DOMAIN_MAX + 1];
	char *shown = NULL;
	bool good = true;

	/* Labels that are none are shown as they are. */
	if (!strstr(domain, "xn--"))
		return true;
	if (idn2_to_unicode_8z8z(domain, &shown, 0) == IDN2_OK)
		good = domain_normalise(shown, again) ? strcmp(again, domain) == 0 :
							!shows_controls(shown);
	idn2_free(shown);
	return good;
}
