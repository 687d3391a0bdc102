/*
 * What the store asks of Redis: every command, what for, and for each a try
 * that does no harm: whatever it is answered, nothing is changed by it. A new
 * command in store/ is a new row here; tests/control runs everything with
 * these rights and no others.
 *
 * Source: "ACL" in Redis' documentation. Rights are tested by the server before
 * anything else but the number of arguments.
 */
#ifndef SENDWARD_RIGHTS_H
#define SENDWARD_RIGHTS_H

#include "base/config.h"
#include "store/key.h"

/* Words of a try. */
#define RIGHT_WORDS_MAX 8

enum right_when {
	RIGHT_ALWAYS,
	RIGHT_DATABASE, /* with redis.database */
	RIGHT_CLUSTER,	/* with redis.cluster */
	RIGHT_LEASES,	/* with redis.lease_share */
};

struct right {
	const char *command; /* as in an ACL rule; several rows in a row may have the same */
	enum right_when when;
	/* It ends what the connection is used for else: the last one to be
	 * tried, on a connection of its own. */
	bool last;
	const char *purpose; /* "heartbeats of the daemons" */
	/* "@" at the beginning stands for the prefix. words[0] NULL: no
	 * connection is usable without it. */
	const char *words[RIGHT_WORDS_MAX];
};

/* The rows, until one without a command. */
const struct right *rights(void);

/* Is it needed with these settings? */
bool right_is_needed(const struct right *right, const struct redis_settings *settings);

/* The words to send; returns how many. room holds what words point to. */
struct right_room {
	char texts[RIGHT_WORDS_MAX][KEY_MAX];
};
size_t right_words(const struct right *right, const struct redis_settings *settings,
		   const char *words[RIGHT_WORDS_MAX], struct right_room *room);

/* "ACL SETUSER NAME reset on >PASSWORD ~sendward:* &sendward:* +..." with all
 * that is needed and nothing else; the name is sendward when none is set. And
 * the one for the sentinels. */
#define RIGHTS_LINE_MAX 2048
void rights_line(const struct redis_settings *settings, char out[RIGHTS_LINE_MAX]);
void rights_sentinel_line(const struct redis_settings *settings, char out[RIGHTS_LINE_MAX]);

#endif
