#include "tests/unit/fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void die(const char *what, const char *why)
{
	fprintf(stderr, "fixture: %s: %s\n", what, why);
	exit(99);
}

struct config *fixture_config(const char *text)
{
	char whole[8192], error[1024] = "";
	struct config *config;

	snprintf(whole, sizeof(whole), "node = \"mx1\"\n%s", text);
	config = config_load_text(whole, "test.conf", error, sizeof(error));
	if (!config)
		die("configuration", error);
	return config;
}

struct account *fixture_account(const char *json)
{
	char record[4096];
	struct account *account;
	const char *reason = "";

	snprintf(record, sizeof(record), FIXTURE_VERSION "%s", json);
	account = account_decode(record, strlen(record), &reason);
	if (!account)
		die(json, reason);
	return account;
}

struct address fixture_address(const char *text)
{
	struct address address;
	const char *reason = "null";

	if (address_parse(text, ADDRESS_HEADER, &address, &reason) != ADDRESS_OK)
		die(text, reason);
	return address;
}
