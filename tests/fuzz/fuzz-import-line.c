/*
 * A line for `sendward import`: what is taken of it can be stored, is read as
 * the same again, and belongs to a login that may have an account.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "control/import_line.h"
#include "control/import_source.h"
#include "control/record.h"
#include "tests/fuzz/target.h"

static const struct config *config(void)
{
	static const char text[] = "login_case = insensitive\n"
				   "plan default { quotas = { \"5 messages / 1h\" } }\n"
				   "plan gold { }\n"
				   "domain \"dom.example\" { plan = \"gold\" }\n"
				   "group \"resellers\" { quotas = { \"9 messages / 1d\" } }\n"
				   "sender_group \"sales\" { senders = { \"sales@dom.example\" } }\n";
	static struct config *loaded;
	char error[300];

	if (!loaded)
		loaded = config_load_text(text, "fuzz", error, sizeof(error));
	must(loaded != NULL);
	return loaded;
}

/* A store puts the version in front. */
static void check(const json_t *record, const char *login)
{
	const char *reason = NULL;
	char *text = record_encode(record);
	char *stored = malloc(16 + strlen(text) + 1);
	struct account *account;
	json_t *again;

	must(login[0] && strlen(login) <= LOGIN_MAX && stored != NULL);
	memset(stored, '7', 16);
	strcpy(stored + 16, text);
	again = record_decode(stored, 16 + strlen(text), &reason);
	must(again != NULL && json_equal(again, (json_t *)record));
	account = record_account(again, &reason);
	must(account != NULL);
	account_unref(&account);
	json_decref(again);
	free(stored);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct import_source source = { .format = size ? data[0] % 4 : IMPORT_GUESS };
	struct import_account account = { 0 };
	char why[1024] = "", *text = target_text(data, size), *rest = text, *next;
	json_t *line;

	/* Of csv the first line is the names of the columns. */
	for (; rest; rest = next) {
		size_t left = size - (size_t)(rest - text), len;

		next = memchr(rest, '\n', left);
		len = next ? (size_t)(next - rest) : left;
		rest[len] = '\0';
		next = next ? next + 1 : NULL;
		line = NULL;
		if (import_source_read(&source, rest, len, &line, why, sizeof(why)) != IMPORT_LINE)
			continue;
		why[0] = '\0';
		if (import_line_take(line, config(), &account, why, sizeof(why)))
			check(account.record, account.login);
		else
			must(why[0]);
		import_account_fini(&account);
		json_decref(line);
	}
	free(text);
	return 0;
}
