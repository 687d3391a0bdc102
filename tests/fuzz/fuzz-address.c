/*
 * Addresses, the first octet choosing the form: what is read keeps the limits,
 * its texts in all three forms are read as the same address, the reader of
 * header fields finds it and nothing else in them, and with its domain in
 * capitals it is still the same.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/address.h"
#include "base/address_list.h"
#include "tests/fuzz/target.h"

static void expect_again(const char *text, enum address_form form, const struct address *address)
{
	const char *reason = NULL;
	struct address again;

	if (address_parse(text, form, &again, &reason) != ADDRESS_OK ||
	    strcmp(again.local, address->local) != 0 || strcmp(again.domain, address->domain) != 0)
		abort();
}

static const char *on_address(const struct address *address, const char *display, void *arg)
{
	struct address *found = arg;

	if (!address || *display || found->local[0])
		abort();
	*found = *address;
	return NULL;
}

/* text is ADDRESS_HEADER. What might be an encoded word, or another address, is
 * refused there. */
static void expect_listed(const char *text, const struct address *address)
{
	static const char within[] = "an address within the local part of another";
	char field[ADDRESS_TEXT_MAX + 2];
	struct address found = { .local = "" };
	const char *reason;

	snprintf(field, sizeof(field), "<%s>", text);
	reason = address_list_read(field, strlen(field), on_address, &found);
	if (reason) {
		if (!strstr(text, "=?") && strcmp(reason, within) != 0)
			abort();
	} else if (!address_equal(&found, address, true)) {
		abort();
	}
}

static void expect_same_in_capitals(const struct address *address)
{
	char text[ADDRESS_TEXT_MAX];

	snprintf(text, sizeof(text), "%s@%s", address->local, address->domain);
	for (char *p = strrchr(text, '@'); *p; p++)
		if (*p >= 'a' && *p <= 'z')
			*p = (char)(*p - 'a' + 'A');
	expect_again(text, ADDRESS_INTERNAL, address);
}

static void check(const char *text, enum address_form form)
{
	char again[ADDRESS_TEXT_MAX];
	const char *reason = NULL;
	struct address address;

	switch (address_parse(text, form, &address, &reason)) {
	case ADDRESS_NULL:
		return;
	case ADDRESS_BAD:
		if (!reason)
			abort();
		return;
	case ADDRESS_OK:
		break;
	}
	if (address.local[0] == '\0' || address.domain[0] == '\0' ||
	    !address_equal(&address, &address, true) || !address_equal(&address, &address, false))
		abort();
	address_format(&address, again);
	expect_again(again, ADDRESS_HEADER, &address);
	expect_again(again, ADDRESS_SMTP, &address);
	expect_listed(again, &address);
	expect_same_in_capitals(&address);
	snprintf(again, sizeof(again), "%s@%s", address.local, address.domain);
	expect_again(again, ADDRESS_INTERNAL, &address);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char domain[DOMAIN_MAX + 1], again[DOMAIN_MAX + 1];
	char *text;

	if (size == 0)
		return 0;
	text = target_text(data + 1, size - 1);
	check(text, (enum address_form)(data[0] % 3));
	if (domain_normalise(text, domain) &&
	    (!domain_normalise(domain, again) || strcmp(domain, again) != 0))
		abort();
	free(text);
	return 0;
}
