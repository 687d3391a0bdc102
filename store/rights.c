#include "store/rights.h"

#include <stdio.h>
#include <string.h>

/* No login and no domain has such a key: there "%" is followed by two digits. */
#define ACCOUNT "@{%doctor}:a"
#define COUNTERS "@{%doctor}:u"
#define MESSAGE "@{%doctor}:m:doctor"
#define SECRET "@{%doctor}:p"
#define LENT "@{%doctor}:l:0r"
#define LENT_INDEX "@{%doctor}:l:0i0"
#define SENT "@{%doctor}:h"
#define ATTEMPTS "@{%doctor}:r"
#define DELETED "@{%doctor}:x"
#define GUESSES "@{%doctor}:g"
#define LAST_USE "@{%doctor}:d"
#define SENDERS "@{@%doctor}:s:doctor"
#define NODE "@node:%doctor"

#define NO_HASH "0000000000000000000000000000000000000000"

/* In the order of the ACL line. XX: only what exists is written; an entry 0-0, a
 * time to live of "none", a field without a value are errors; "doctor" is not what
 * daemons are told; LTRIM takes away what LPUSH has put there, DEL
 * what APPEND has. */
static const struct right table[] = {
	{ "append", RIGHT_LEASES, false, "messages that leases have charged", { "APPEND", LENT_INDEX, "" } },
	{ "asking", RIGHT_CLUSTER, false, "slots that are just being moved", { "ASKING" } },
	{ "cluster|slots", RIGHT_CLUSTER, false, "who has which slot", { "CLUSTER", "SLOTS" } },
	{ "del", RIGHT_ALWAYS, false, "refunds, reset, user delete", { "DEL", COUNTERS } },
	{ "del", RIGHT_LEASES, false, "messages that leases have charged", { "DEL", LENT_INDEX } },
	{ "del", RIGHT_ALWAYS, false, "revoking the password of an SMTP user", { "DEL", SECRET } },
	{ "eval", RIGHT_ALWAYS, false, "scripts that the server has not got yet",
	  { "EVAL", "return 0", "3", ACCOUNT, COUNTERS, MESSAGE } },
	{ "evalsha", RIGHT_ALWAYS, false, "counting, refunds, writing accounts",
	  { "EVALSHA", NO_HASH, "3", ACCOUNT, COUNTERS, MESSAGE } },
	{ "expire", RIGHT_ALWAYS, false, "that events go after 90 days",
	  { "EXPIRE", "@events", "none" } },
	{ "get", RIGHT_ALWAYS, false, "accounts and counters", { "GET", ACCOUNT } },
	{ "get", RIGHT_ALWAYS, false, "passwords of SMTP users", { "GET", SECRET } },
	{ "get", RIGHT_ALWAYS, false, "failed logins", { "GET", GUESSES } },
	{ "get", RIGHT_ALWAYS, false, "last logins", { "GET", LAST_USE } },
	{ "get", RIGHT_ALWAYS, false, "refusals", { "GET", ATTEMPTS } },
	{ "get", RIGHT_ALWAYS, false, "deleted logins", { "GET", DELETED } },
	{ "get", RIGHT_ALWAYS, false, "status of the daemons", { "GET", NODE } },
	{ "get", RIGHT_ALWAYS, false, "whether the index of senders is complete",
	  { "GET", "@senders" } },
	{ "get", RIGHT_ALWAYS, false, "the secret for unknown users", { "GET", "@strangers" } },
	{ "getrange", RIGHT_ALWAYS, false, "whether an account has changed",
	  { "GETRANGE", ACCOUNT, "0", "15" } },
	{ "hget", RIGHT_LEASES, false, "messages that leases have charged", { "HGET", LENT, "" } },
	{ "hset", RIGHT_LEASES, false, "messages that leases have charged", { "HSET", LENT, "a", "b", "odd" } },
	{ "info", RIGHT_ALWAYS, false, "status, doctor", { "INFO", "server" } },
	{ "lpush", RIGHT_ALWAYS, false, "keeping what logins send", { "LPUSH", SENT, "doctor" } },
	{ "lpushx", RIGHT_ALWAYS, false, "keeping what logins send", { "LPUSHX", SENT, "" } },
	{ "lrange", RIGHT_ALWAYS, false, "what a login has sent", { "LRANGE", SENT, "0", "0" } },
	{ "ltrim", RIGHT_ALWAYS, false, "keeping what logins send", { "LTRIM", SENT, "1", "0" } },
	{ "mget", RIGHT_ALWAYS, false, "counters", { "MGET", COUNTERS } },
	{ "ping", RIGHT_ALWAYS, false, "whether the server answers", { NULL } },
	{ "publish", RIGHT_ALWAYS, false, "telling the daemons of changed accounts",
	  { "PUBLISH", "@accounts", "doctor" } },
	{ "role", RIGHT_ALWAYS, false, "not to use a replica", { "ROLE" } },
	{ "scan", RIGHT_ALWAYS, false, "user list, export, status",
	  { "SCAN", "0", "MATCH", "@{%doctor}:a", "COUNT", "1" } },
	{ "select", RIGHT_DATABASE, false, "redis.database", { NULL } },
	{ "set", RIGHT_ALWAYS, false, "accounts", { "SET", ACCOUNT, "", "XX" } },
	{ "set", RIGHT_ALWAYS, false, "counters", { "SET", COUNTERS, "", "XX" } },
	{ "set", RIGHT_ALWAYS, false, "messages that were charged", { "SET", MESSAGE, "", "XX" } },
	{ "set", RIGHT_ALWAYS, false, "heartbeats of the daemons", { "SET", NODE, "", "XX" } },
	{ "set", RIGHT_ALWAYS, false, "passwords of SMTP users", { "SET", SECRET, "", "XX" } },
	{ "set", RIGHT_ALWAYS, false, "failed logins", { "SET", GUESSES, "", "XX" } },
	{ "set", RIGHT_ALWAYS, false, "last logins", { "SET", LAST_USE, "", "XX" } },
	{ "set", RIGHT_ALWAYS, false, "refusals", { "SET", ATTEMPTS, "", "XX" } },
	{ "set", RIGHT_ALWAYS, false, "deleted logins", { "SET", DELETED, "", "XX" } },
	{ "set", RIGHT_ALWAYS, false, "reindex", { "SET", "@senders", "1", "XX" } },
	{ "setrange", RIGHT_ALWAYS, false, "counting", { "SETRANGE", COUNTERS, "0", "" } },
	{ "strlen", RIGHT_ALWAYS, false, "writing accounts", { "STRLEN", COUNTERS } },
	{ "strlen", RIGHT_LEASES, false, "messages that leases have charged", { "STRLEN", LENT_INDEX } },
	{ "subscribe", RIGHT_ALWAYS, true, "hearing of changed accounts",
	  { "SUBSCRIBE", "@accounts" } },
	{ "time", RIGHT_ALWAYS, false, "the one clock of all servers", { "TIME" } },
	{ "xadd", RIGHT_ALWAYS, false, "writing events", { "XADD", "@events", "0-0", "event", "{}" } },
	{ "xread", RIGHT_ALWAYS, false, "reading events",
	  { "XREAD", "COUNT", "1", "STREAMS", "@events", "$" } },
	{ "zadd", RIGHT_ALWAYS, false, "the index of senders", { "ZADD", SENDERS, "XX", "1", "doctor" } },
	{ "zrange", RIGHT_ALWAYS, false, "the index of senders", { "ZRANGE", SENDERS, "0", "0" } },
	{ "zrange", RIGHT_ALWAYS, false, "the list of identities", { "ZRANGE", "@identities", "0", "0" } },
	{ "zremrangebyscore", RIGHT_ALWAYS, false, "the index of senders",
	  { "ZREMRANGEBYSCORE", SENDERS, "1", "1" } },
	{ "zscore", RIGHT_ALWAYS, false, "the index of senders", { "ZSCORE", SENDERS, "doctor" } },
	{ 0 },
};

const struct right *rights(void)
{
	return table;
}

bool right_is_needed(const struct right *right, const struct redis_settings *settings)
{
	switch (right->when) {
	case RIGHT_DATABASE:
		return settings->database != 0;
	case RIGHT_CLUSTER:
		return settings->n_cluster > 0;
	case RIGHT_LEASES:
		return settings->lease_share_permille > 0;
	case RIGHT_ALWAYS:
		break;
	}
	return true;
}

size_t right_words(const struct right *right, const struct redis_settings *settings,
		   const char *words[RIGHT_WORDS_MAX], struct right_room *room)
{
	size_t n = 0;

	for (; n < RIGHT_WORDS_MAX && right->words[n]; n++) {
		const char *word = right->words[n];

		words[n] = word;
		if (*word != '@')
			continue;
		snprintf(room->texts[n], sizeof(room->texts[n]), "%s%s", settings->prefix, word + 1);
		words[n] = room->texts[n];
	}
	return n;
}

/* A prefix has no character that means something in a pattern. */
static size_t begin_line(const char *name, char out[RIGHTS_LINE_MAX])
{
	return (size_t)snprintf(out, RIGHTS_LINE_MAX, "ACL SETUSER %s reset on >PASSWORD",
				name ? name : "sendward");
}

static void add_word(char out[RIGHTS_LINE_MAX], size_t *used, const char *before, const char *text,
		     const char *after)
{
	if (*used < RIGHTS_LINE_MAX)
		*used += (size_t)snprintf(out + *used, RIGHTS_LINE_MAX - *used, " %s%s%s", before,
					  text, after);
}

void rights_line(const struct redis_settings *settings, char out[RIGHTS_LINE_MAX])
{
	size_t used = begin_line(settings->username, out);
	const char *before = "";

	add_word(out, &used, "~", settings->prefix, "*");
	add_word(out, &used, "&", settings->prefix, "*");
	for (const struct right *right = table; right->command; right++) {
		if (right_is_needed(right, settings) && strcmp(right->command, before) != 0)
			add_word(out, &used, "+", right->command, "");
		before = right->command;
	}
}

void rights_sentinel_line(const struct redis_settings *settings, char out[RIGHTS_LINE_MAX])
{
	size_t used = begin_line(settings->sentinel_username, out);

	add_word(out, &used, "+", "ping", "");
	add_word(out, &used, "+", "sentinel|get-master-addr-by-name", "");
}
