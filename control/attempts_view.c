#include "control/attempts_view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/need.h"
#include "control/table.h"
#include "control/text.h"
#include "store/attempts.h"

bool attempts_look(struct wait *wait, const char *login, int64_t now_ms, struct attempts_seen *out,
		   char error[WAIT_ERROR_MAX])
{
	struct answer answer;
	bool ok;

	memset(out, 0, sizeof(*out));
	answer_init(&answer, wait);
	store_attempts_get(wait_store(wait), login, answer_record, &answer);
	wait_until(wait, &answer.done);
	if (answer.result == STORE_OK)
		attempts_read(answer.text, answer.len, now_ms / 1000, out);
	ok = answer.result == STORE_OK || answer.result == STORE_NOT_FOUND;
	snprintf(error, WAIT_ERROR_MAX, "%s", answer.error);
	answer_fini(&answer);
	return ok;
}

int attempts_mostly(const struct attempts_seen *seen)
{
	const int64_t *by_check = seen->refused.day;
	int most = -1;

	if (attempts_total(by_check) == 0)
		by_check = seen->monitored.day;
	for (int check = 0; check < CHECKS; check++)
		if (by_check[check] > 0 && (most < 0 || by_check[check] > by_check[most]))
			most = check;
	return most;
}

/* ---- for people ---------------------------------------------------------- */

static void add_rows(struct table *table, const struct attempts_late *late, const char *how)
{
	for (int check = 0; check < CHECKS; check++) {
		if (late->day[check] == 0)
			continue;
		table_cellf(table, "%s%s", check_name((enum check)check), how);
		table_cellf(table, "%lld", (long long)late->hour[check]);
		table_cellf(table, "%lld", (long long)late->day[check]);
	}
}

static void print_last(const struct attempts_seen *seen, int64_t now_ms)
{
	char *client = text_printable(seen->last_client[0] ? seen->last_client : "not known");
	char ago[TEXT_AGO_MAX], time[TEXT_TIME_MAX];

	text_ago(seen->last_s * 1000, now_ms, ago);
	text_time(seen->last_s, time);
	printf("last refused %s, %s, by %s (%s), client %s\n", ago, time,
	       check_name(seen->last_check), action_name(seen->last_action), client);
	free(client);
}

void attempts_print(const struct attempts_seen *seen, int64_t now_ms)
{
	static const char *const head[] = { "REFUSED BY", "LAST HOUR", "LAST DAY" };
	struct table *table;

	if (attempts_mostly(seen) >= 0) {
		putchar('\n');
		table = table_new(sizeof(head) / sizeof(head[0]));
		table_row(table, head);
		add_rows(table, &seen->refused, "");
		add_rows(table, &seen->monitored, " (monitored)");
		table_print(table, stdout);
		table_free(&table);
	}
	if (seen->has_last) {
		putchar('\n');
		print_last(seen, now_ms);
	}
}

/* ---- JSON ---------------------------------------------------------------- */

static json_t *late_json(int64_t hour, int64_t day)
{
	json_t *json = need(json_object());

	json_object_set_new(json, "hour", need(json_integer(hour)));
	json_object_set_new(json, "day", need(json_integer(day)));
	return json;
}

static json_t *checks_json(const struct attempts_late *late)
{
	json_t *json = need(json_object());

	for (int check = 0; check < CHECKS; check++)
		if (late->day[check] > 0)
			json_object_set_new(json, check_name((enum check)check),
					    late_json(late->hour[check], late->day[check]));
	return json;
}

static json_t *last_json(const struct attempts_seen *seen)
{
	json_t *json;

	if (!seen->has_last)
		return json_null();
	json = need(json_object());
	json_object_set_new(json, "time", need(json_integer(seen->last_s)));
	json_object_set_new(json, "verdict", text_json(action_name(seen->last_action)));
	json_object_set_new(json, "check", text_json(check_name(seen->last_check)));
	json_object_set_new(json, "client", text_json(seen->last_client));
	return json;
}

json_t *attempts_json(const struct attempts_seen *seen)
{
	json_t *json =
		late_json(attempts_total(seen->refused.hour), attempts_total(seen->refused.day));

	json_object_set_new(json, "checks", checks_json(&seen->refused));
	json_object_set_new(json, "monitored", checks_json(&seen->monitored));
	json_object_set_new(json, "last", last_json(seen));
	return json;
}
