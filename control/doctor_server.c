/*
 * doctor: what one Redis server is, and what of its settings matters to us.
 */
#define _POSIX_C_SOURCE 200809L
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "control/doctor.h"
#include "control/doctor_ask.h"
#include "control/server_info.h"

/* Of a setting or a value of INFO. */
#define VALUE_MAX 256

/* Percent of what there is, from which on it is said. */
#define NEARLY_FULL 90

#define CLOCK_WARNING_MS 2000

/* Questions that the latency is taken from. */
#define LATENCY_QUESTIONS 20

/* Octets of answers that a server must be able to keep for a client. */
#define BUFFER_MIN (1024 * 1024)

/* The oldest that the tests run with. */
#define VERSION_TRIED 7

static int64_t clock_us(clockid_t which)
{
	struct timespec t;

	clock_gettime(which, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static bool setting(const struct patient *p, const char *name, char out[VALUE_MAX])
{
	return doctor_setting(p->doctor->control->wait, p->number, name, out, VALUE_MAX);
}

static int64_t number(const struct patient *p, const char *name)
{
	return server_info_number(p->info, name);
}

static bool is(const struct patient *p, const char *name, const char *value)
{
	char text[VALUE_MAX];

	server_info(p->info, name, text, sizeof(text));
	return strcmp(text, value) == 0;
}

/* ---- what it is ---------------------------------------------------------- */

static void look_at_version(const struct patient *p)
{
	const struct redis_settings *settings = &p->doctor->control->config->redis;
	char version[SERVER_VERSION_MAX], mode[VALUE_MAX], role[VALUE_MAX];
	const char *space;

	server_info_version(p->info, version);
	server_info(p->info, "redis_mode", mode, sizeof(mode));
	if (!mode[0]) /* Valkey's name for it */
		server_info(p->info, "server_mode", mode, sizeof(mode));
	server_info(p->info, "role", role, sizeof(role));
	space = strchr(version, ' ');
	if (space && strtol(space, NULL, 10) < VERSION_TRIED)
		doctor_say(p->doctor, DOCTOR_WARNING, "use Redis 7 or newer, or Valkey",
			   "%s is older than what Sendward is tested with", version);
	else
		doctor_say(p->doctor, DOCTOR_OK, NULL, "%s, %s%s, %s, %" PRId64 " replicas",
			   version, mode, settings->n_sentinels > 0 ? " behind sentinels" : "",
			   strcmp(role, "master") == 0 ? "primary" : role,
			   number(p, "connected_slaves"));
	if (strcmp(role, "master") != 0)
		doctor_say(p->doctor, DOCTOR_ERROR,
			   "redis.address must be the primary; or let redis.sentinels name it",
			   "this server is a replica: it cannot count");
	if (strcmp(mode, "cluster") == 0 && settings->n_cluster == 0)
		doctor_say(p->doctor, DOCTOR_ERROR, "name some of its nodes in redis.cluster",
			   "this is a node of a cluster, and configured as a single server");
}

/* ---- what survives ------------------------------------------------------- */

static void look_at_log(const struct patient *p)
{
	bool ok = is(p, "aof_last_write_status", "ok");

	doctor_say(p->doctor, ok ? DOCTOR_OK : DOCTOR_ERROR,
		   ok ? NULL : "look at the server's log, and at the room on its disk",
		   ok ? "appendonly is on" : "the last write to the append only file failed");
}

static void look_at_snapshots(const struct patient *p)
{
	char save[VALUE_MAX];

	if (!is(p, "rdb_last_bgsave_status", "ok"))
		doctor_say(p->doctor, DOCTOR_ERROR,
			   "look at the server's log, and at the room on its disk",
			   "the last snapshot failed: the server refuses to write until one is made");
	else if (!setting(p, "save", save))
		doctor_say(p->doctor, DOCTOR_UNKNOWN, "give the user +config|get to have it looked at",
			   "appendonly is off, and whether snapshots are made cannot be seen");
	else if (!save[0])
		doctor_say(p->doctor, DOCTOR_WARNING, "set appendonly yes",
			   "persistence is off: accounts, states and counters are gone when the "
			   "server is restarted");
	else
		doctor_say(p->doctor, DOCTOR_OK, NULL,
			   "snapshots (save %s); appendonly yes would keep what was changed since the "
			   "last one", save);
}

static void look_at_persistence(const struct patient *p)
{
	if (number(p, "aof_enabled") == 1)
		look_at_log(p);
	else
		look_at_snapshots(p);
}

/* ---- memory -------------------------------------------------------------- */

static void look_at_eviction(const struct patient *p)
{
	char policy[VALUE_MAX];

	server_info(p->info, "maxmemory_policy", policy, sizeof(policy));
	if (number(p, "maxmemory") == 0)
		doctor_say(p->doctor, DOCTOR_OK, NULL, "nothing is evicted: there is no maxmemory");
	else if (strcmp(policy, "noeviction") == 0)
		doctor_say(p->doctor, DOCTOR_OK, NULL, "nothing is evicted");
	else if (strncmp(policy, "volatile-", 9) == 0)
		doctor_say(p->doctor, DOCTOR_ERROR, "set maxmemory-policy noeviction",
			   "maxmemory-policy %s evicts counters: quotas would not be kept", policy);
	else
		doctor_say(p->doctor, DOCTOR_ERROR, "set maxmemory-policy noeviction",
			   "maxmemory-policy %s evicts accounts and counters: who is blocked could "
			   "send again", policy);
}

static void look_at_memory(const struct patient *p)
{
	int64_t max = number(p, "maxmemory"), used = number(p, "used_memory");

	if (max > 0 && used / NEARLY_FULL >= max / 100)
		doctor_say(p->doctor, used >= max ? DOCTOR_ERROR : DOCTOR_WARNING,
			   "raise maxmemory: a full server refuses to count",
			   "%" PRId64 " of maxmemory %" PRId64 " octets are used", used, max);
	else
		doctor_say(p->doctor, DOCTOR_OK, NULL, "%" PRId64 " octets are used", used);
}

/* ---- connections --------------------------------------------------------- */

static void look_at_clients(const struct patient *p)
{
	int64_t max = number(p, "maxclients"), used = number(p, "connected_clients");

	if (max > 0 && used * 100 >= max * NEARLY_FULL)
		doctor_say(p->doctor, DOCTOR_WARNING, "raise maxclients",
			   "%" PRId64 " of maxclients %" PRId64 " are connected", used, max);
	else
		doctor_say(p->doctor, DOCTOR_OK, NULL, "connected clients: %" PRId64, used);
}

static void look_at_timeout(const struct patient *p)
{
	char timeout[VALUE_MAX];

	if (!setting(p, "timeout", timeout))
		doctor_say(p->doctor, DOCTOR_UNKNOWN, "give the user +config|get to have it looked at",
			   "the setting timeout cannot be seen");
	else if (strcmp(timeout, "0") != 0)
		doctor_say(p->doctor, DOCTOR_WARNING, "set timeout 0",
			   "the server closes connections that are quiet for %s s: each time is an "
			   "outage to a daemon, and in its log", timeout);
	else
		doctor_say(p->doctor, DOCTOR_OK, NULL, "quiet connections stay open");
}

/* The hard limit of a class in "normal 0 0 0 slave 268435456 ..."; 0: none. */
static int64_t hard_limit(const char *limits, const char *class)
{
	const char *found = strstr(limits, class);

	return found ? strtoll(found + strlen(class), NULL, 10) : 0;
}

static void look_at_buffers(const struct patient *p)
{
	static const char *const classes[] = { "normal ", "pubsub " };
	char limits[VALUE_MAX];
	bool ok = true;

	if (!setting(p, "client-output-buffer-limit", limits)) {
		doctor_say(p->doctor, DOCTOR_UNKNOWN, "give the user +config|get to have it looked at",
			   "the setting client-output-buffer-limit cannot be seen");
		return;
	}
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
		int64_t limit = hard_limit(limits, classes[i]);

		if (limit == 0 || limit >= BUFFER_MIN)
			continue;
		ok = false;
		doctor_say(p->doctor, DOCTOR_WARNING, "allow at least 1mb",
			   "client-output-buffer-limit of class %s is %" PRId64
			   " octets: daemons would be thrown out under load", classes[i], limit);
	}
	if (ok)
		doctor_say(p->doctor, DOCTOR_OK, NULL, "there is room for answers");
}

/* ---- time ---------------------------------------------------------------- */

static void say_clocks(struct doctor *doctor, int64_t ahead_ms)
{
	bool far = llabs(ahead_ms) > CLOCK_WARNING_MS;

	doctor_say(doctor, far ? DOCTOR_WARNING : DOCTOR_OK,
		   far ? "let NTP set both clocks" : NULL,
		   "the server's clock, which counts, is %lld ms %s this host's",
		   llabs(ahead_ms), ahead_ms < 0 ? "behind" : "ahead of");
}

/* TIME: seconds, microseconds. */
static void look_at_clock(const struct patient *p)
{
	int64_t before_us = clock_us(CLOCK_REALTIME), here_ms, there_ms;
	struct doctor_reply reply;
	bool known = doctor_ask(p->doctor->control->wait, p->number,
				(const char *const[]){ "TIME" }, 1, &reply) == STORE_OK;
	char *end;

	here_ms = (before_us + clock_us(CLOCK_REALTIME)) / 2000;
	if (known) {
		there_ms = strtoll(reply.text, &end, 10) * 1000;
		there_ms += strtoll(end, NULL, 10) / 1000;
		say_clocks(p->doctor, there_ms - here_ms);
	} else {
		doctor_say(p->doctor, DOCTOR_UNKNOWN, NULL, "TIME: %s", reply.error);
	}
	doctor_reply_fini(&reply);
}

static int by_size(const void *a, const void *b)
{
	const int64_t *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

static void look_at_latency(const struct patient *p)
{
	int64_t deadline_us = p->doctor->control->config->redis.deadline_ms * 1000;
	int64_t us[LATENCY_QUESTIONS], usual, worst;
	enum doctor_level level = DOCTOR_OK;

	for (size_t i = 0; i < LATENCY_QUESTIONS; i++) {
		int64_t start = clock_us(CLOCK_MONOTONIC);
		struct doctor_reply reply;

		doctor_ask(p->doctor->control->wait, p->number, (const char *const[]){ "PING" }, 1,
			   &reply);
		us[i] = clock_us(CLOCK_MONOTONIC) - start;
		doctor_reply_fini(&reply);
	}
	qsort(us, LATENCY_QUESTIONS, sizeof(us[0]), by_size);
	usual = us[LATENCY_QUESTIONS / 2];
	worst = us[LATENCY_QUESTIONS - 1];
	if (usual > deadline_us / 4)
		level = DOCTOR_ERROR;
	else if (worst > deadline_us / 2)
		level = DOCTOR_WARNING;
	doctor_say(p->doctor, level,
		   level == DOCTOR_OK ? NULL : "use a nearer server, or raise redis.deadline",
		   "an answer takes %" PRId64 " us, the slowest of %d took %" PRId64
		   "; redis.deadline is %" PRId64 " ms",
		   usual, LATENCY_QUESTIONS, worst, deadline_us / 1000);
}

/* ---- the table ----------------------------------------------------------- */

static const struct row {
	const char *check;
	bool from_info;
	void (*look)(const struct patient *patient);
} rows[] = {
	{ "server", true, look_at_version },
	{ "persistence", true, look_at_persistence },
	{ "eviction", true, look_at_eviction },
	{ "memory", true, look_at_memory },
	{ "clients", true, look_at_clients },
	{ "timeout", false, look_at_timeout },
	{ "buffers", false, look_at_buffers },
	{ "clock", false, look_at_clock },
	{ "latency", false, look_at_latency },
};

void doctor_server(const struct patient *patient)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		patient->doctor->check = rows[i].check;
		if (!rows[i].from_info || patient->info[0])
			rows[i].look(patient);
		else
			doctor_say(patient->doctor, DOCTOR_UNKNOWN, NULL,
				   "cannot be seen without INFO");
	}
}
