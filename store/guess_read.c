/* Whose failed logins are remembered, and what of them. */
#include <hiredis/hiredis.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "store/guess.h"
#include "store/internal.h"
#include "store/scan.h"

/* ---- one record ----------------------------------------------------------- */

struct guess_reading {
	void (*each)(const struct guess_place *place, void *arg);
	store_done *done;
	void *arg;
};

/* Of a time or a count: nothing that is ours has more. */
#define DIGITS_MAX 12

/* " 12" and more; false when there is none. */
static bool take_number(char **at, int64_t *out)
{
	size_t digits = **at == ' ' ? strspn(*at + 1, "0123456789") : 0;

	if (digits == 0 || digits > DIGITS_MAX)
		return false;
	*out = strtoll(*at + 1, at, 10);
	return true;
}

/* "FROM COUNT LAST UNTIL", see store/guess.lua. */
static bool parse(char *line, struct guess_place *out)
{
	char *numbers = strchr(line, ' ');

	if (!numbers || numbers == line)
		return false;
	out->network = line;
	line = numbers;
	if (!take_number(&numbers, &out->count) || !take_number(&numbers, &out->last_s) ||
	    !take_number(&numbers, &out->until_s) || *numbers)
		return false;
	*line = '\0';
	return true;
}

static void read_record(const struct guess_reading *r, char *text)
{
	struct guess_place place;
	char *end;

	for (; (end = strchr(text, '\n')); text = end + 1) {
		*end = '\0';
		if (parse(text, &place))
			r->each(&place, r->arg);
	}
}

static void on_record(enum link_result result, struct redisReply *reply, const char *error,
		      void *arg)
{
	enum store_result outcome = store_result_of(result, reply, REDIS_REPLY_STRING, &error);
	struct guess_reading *r = arg;

	if (outcome == STORE_OK)
		read_record(r, reply->str);
	r->done(outcome, error, r->arg);
	free(r);
}

void store_guess_read(struct store *store, bool network, const char *name,
		      void (*each)(const struct guess_place *place, void *arg), store_done *done,
		      void *arg)
{
	struct guess_reading *r;
	struct command command;
	char key[KEY_MAX];

	if (!(network ? key_guess_network : key_guess)(store_prefix(store), name, key)) {
		done(STORE_BAD, "a user name has 1 to 255 octets", arg);
		return;
	}
	r = memory_alloc(sizeof(*r));
	*r = (struct guess_reading){ each, done, arg };
	command_init(&command);
	command_add(&command, "GET");
	command_add_key(&command, key);
	command.repeatable = true;
	store_send(store, &command, on_record, r);
}

/* ---- all of them ------------------------------------------------------------ */

struct guess_listing {
	struct store *store;
	void (*each)(bool network, const char *name, void *arg);
	store_done *done;
	void *arg;
};

static void on_key(const char *key, void *arg)
{
	const struct guess_listing *l = arg;
	char name[LOGIN_MAX + 1];
	bool network;

	if (key_guesses_name(store_prefix(l->store), key, &network, name))
		l->each(network, name, l->arg);
}

static void on_listed(enum store_result result, const char *error, void *arg)
{
	struct guess_listing *l = arg;

	l->done(result, error, l->arg);
	free(l);
}

void store_guess_each(struct store *store, void (*each)(bool network, const char *name, void *arg),
		      store_done *done, void *arg)
{
	struct guess_listing *l = memory_alloc(sizeof(*l));
	char pattern[KEY_MAX];

	*l = (struct guess_listing){ store, each, done, arg };
	key_guesses_pattern(store_prefix(store), pattern);
	scan_keys(store, pattern, on_key, on_listed, l);
}
