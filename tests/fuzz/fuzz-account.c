/*
 * Account records: what is read keeps its bounds, and what is not says why.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/units.h"
#include "engine/account.h"
#include "tests/fuzz/target.h"

static void check_quotas(const struct account *a)
{
	const char *reason;
	struct quota again;

	must(a->n_quotas <= QUOTAS_MAX);
	for (size_t i = 0; i < a->n_quotas; i++) {
		char text[QUOTA_TEXT_MAX];

		quota_format(&a->quotas[i], text);
		must(quota_parse(text, &again, &reason));
	}
}

static void check_senders(const struct account *a)
{
	const char *reason;
	struct pattern again;

	must(a->n_senders <= SENDERS_MAX);
	for (size_t i = 0; i < a->n_senders; i++) {
		char text[PATTERN_TEXT_MAX];

		pattern_format(&a->senders[i], text);
		must(pattern_parse(text, &again, &reason));
	}
}

static void check_networks(const struct account *a)
{
	const char *reason;
	struct network again;

	must(a->n_networks <= NETWORKS_MAX);
	for (size_t i = 0; i < a->n_networks; i++) {
		char text[NETWORK_TEXT_MAX];

		network_format(&a->networks[i], text);
		must(network_parse(text, &again, &reason));
	}
}

static void check_account(const struct account *a)
{
	must(strspn(a->version, "0123456789") == ACCOUNT_VERSION_DIGITS);
	must(strlen(a->version) == ACCOUNT_VERSION_DIGITS);
	must(account_state_name(a->state) != NULL);
	must(a->since_s >= 0 && a->until_s >= 0);
	must(a->reason && a->actor && a->description);
	must(a->max_recipients >= ACCOUNT_UNSET && a->max_recipients <= AMOUNT_MAX);
	must(a->max_size_bytes >= ACCOUNT_UNSET && a->max_size_bytes <= AMOUNT_MAX);
	must(account_state_at(a, INT64_MAX) == ACCOUNT_ALLOWED || a->until_s == 0);
	check_quotas(a);
	check_senders(a);
	check_networks(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *reason = NULL;
	struct account *account = account_decode((const char *)data, size, &reason);

	if (account)
		check_account(account);
	else
		must(reason && *reason);
	account_unref(&account);
	return 0;
}
