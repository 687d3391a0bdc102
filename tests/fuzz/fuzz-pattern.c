/*
 * Patterns, from lines "PATTERN", "ADDRESS", "LOGIN": what is read is written
 * as a text that is read as the same pattern, both decide alike, and an
 * exclusion in a list always wins. An address is covered by itself and by its
 * whole domain, nothing in another domain by a pattern that names one, and
 * what is covered when case matters is covered when it does not.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/pattern.h"
#include "tests/fuzz/target.h"

static const struct pattern shared[] = {
	{ .kind = PATTERN_DOMAIN, .address = { .domain = "example.com" } },
	{ .kind = PATTERN_LOGIN, .exclude = true },
};
static const struct pattern_group groups[] = {
	{ .name = "sales", .patterns = shared, .n = 2 },
};

static const struct pattern_rules rules[] = {
	{ .delimiters = "+", .groups = groups, .n_groups = 1 },
	{ .delimiters = "" },
	{ .delimiters = "+-" },
	{ .delimiters = "+", .local_case_sensitive = true },
};

#define CASE_SENSITIVE 3 /* the row that differs from the first in that only */

static void check_own(const struct address *addr, const char *login)
{
	const struct pattern exact = { .kind = PATTERN_EXACT, .address = *addr };
	struct pattern domain = { .kind = PATTERN_DOMAIN, .address = *addr };

	domain.address.local[0] = '\0';
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (!pattern_covers(&exact, addr, login, &rules[i]) ||
		    !pattern_covers(&domain, addr, login, &rules[i]))
			abort();
}

static void check_kind(const struct pattern *a, const struct address *addr, const char *login)
{
	bool names_domain = a->kind == PATTERN_EXACT || a->kind == PATTERN_TAGGED ||
			    a->kind == PATTERN_DOMAIN;

	for (size_t i = 0; names_domain && i < sizeof(rules) / sizeof(rules[0]); i++)
		if (pattern_covers(a, addr, login, &rules[i]) &&
		    strcmp(a->address.domain, addr->domain) != 0)
			abort();
	if (pattern_covers(a, addr, login, &rules[CASE_SENSITIVE]) &&
	    !pattern_covers(a, addr, login, &rules[0]))
		abort();
}

static void check_address(const struct pattern *a, const struct pattern *b, const char *text,
			  const char *login)
{
	struct pattern list[2] = { *a, *a };
	struct address addr;
	const char *reason;

	if (address_parse(text, ADDRESS_INTERNAL, &addr, &reason) != ADDRESS_OK)
		return;
	check_own(&addr, login);
	check_kind(a, &addr, login);
	list[0].exclude = false;
	list[1].exclude = true;
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		bool covers = pattern_covers(a, &addr, login, &rules[i]);
		bool excludes = covers || pattern_group_missing(a, &rules[i]);
		int rule;

		if (covers != pattern_covers(b, &addr, login, &rules[i]) ||
		    covers != pattern_list_owns(list, 1, &addr, login, &rules[i], &rule) ||
		    rule != (covers ? 0 : -1) ||
		    pattern_list_owns(list, 2, &addr, login, &rules[i], &rule) ||
		    rule != (excludes ? 1 : -1))
			abort();
	}
}

static void check(const char *text, const char *address, const char *login)
{
	char formatted[PATTERN_TEXT_MAX];
	const char *reason = NULL;
	struct pattern a, b;

	if (!pattern_parse(text, &a, &reason)) {
		if (!reason)
			abort();
		return;
	}
	pattern_format(&a, formatted);
	if (!pattern_parse(formatted, &b, &reason) || a.kind != b.kind || a.exclude != b.exclude ||
	    a.delimiter != b.delimiter || strcmp(a.address.local, b.address.local) != 0 ||
	    strcmp(a.address.domain, b.address.domain) != 0)
		abort();
	check_address(&a, &b, address, login);
}

/* Ends the line at *text, moves *text behind it and returns it. */
static const char *line(char **text)
{
	char *start = *text, *end = strchr(start, '\n');

	if (!end)
		end = start + strlen(start);
	*text = *end == '\0' ? end : end + 1;
	*end = '\0';
	return start;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = target_text(data, size), *rest = text;
	const char *pattern, *address;

	pattern = line(&rest);
	address = line(&rest);
	check(pattern, address, line(&rest));
	free(text);
	return 0;
}
