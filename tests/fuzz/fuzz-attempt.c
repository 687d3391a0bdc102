/*
 * What was refused of a login, as it stands in Redis: whatever it is, what is read of it is
 * in its bounds. And what a daemon writes of the last attempt is read as the same one.
 *
 * Input: the record, which is the client of an attempt, too.
 */
#include "store/attempt.h"
#include "tests/fuzz/target.h"

#define NOW_S INT64_C(1800000000)

static void check_record(const char *record, size_t len)
{
	struct attempts_seen seen;

	attempts_read(record, len, NOW_S, &seen);
	must(seen.any && seen.last_s >= 0);
	must(strlen(seen.last_client) < ATTEMPT_CLIENT_MAX);
	for (int check = 0; check < CHECKS; check++) {
		must(seen.refused.hour[check] >= 0 && seen.monitored.hour[check] >= 0);
		must(seen.refused.day[check] >= seen.refused.hour[check]);
		must(seen.monitored.day[check] >= seen.monitored.hour[check]);
	}
}

static void check_last(const char *client)
{
	const struct attempt attempt = {
		.check = CHECK_CAPS, .action = ACTION_DEFER, .time_s = NOW_S, .client = client
	};
	char line[ATTEMPT_LAST_MAX];
	struct attempts_seen seen;

	attempt_format_last(&attempt, line);
	must(!strchr(line, '\n'));
	attempts_read(line, strlen(line), NOW_S, &seen);
	must(seen.has_last && seen.last_s == NOW_S && seen.last_check == CHECK_CAPS);
	must(seen.last_action == ACTION_DEFER && strlen(seen.last_client) <= strlen(client));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *record = target_text(data, size);

	check_record(record, size);
	check_last(record);
	free(record);
	return 0;
}
