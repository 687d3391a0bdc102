/*
 * Addresses and networks: what is read is written as a text that is read as
 * the same value, and a network holds its own base address.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/network.h"
#include "tests/fuzz/target.h"

static void check_ip(const char *text)
{
	char again[IP_TEXT_MAX];
	struct ip a, b;

	if (!ip_parse(text, &a))
		return;
	ip_format(&a, again);
	if (!ip_parse(again, &b) || memcmp(&a, &b, sizeof(a)) != 0)
		abort();
}

static void check_network(const char *text)
{
	char again[NETWORK_TEXT_MAX];
	const char *reason = NULL;
	struct network a, b;

	if (!network_parse(text, &a, &reason)) {
		if (!reason)
			abort();
		return;
	}
	network_format(&a, again);
	if (!network_parse(again, &b, &reason) || memcmp(&a.base, &b.base, sizeof(a.base)) != 0 ||
	    a.prefix != b.prefix || a.deny != b.deny)
		abort();
	if (!network_contains(&a, &a.base))
		abort();
	if (network_list_admits(&a, 1, &a.base, NULL) == a.deny)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = target_text(data, size);

	check_ip(text);
	check_network(text);
	free(text);
	return 0;
}
