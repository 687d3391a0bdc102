#include "store/guess.h"

#include <hiredis/hiredis.h>
#include <stdlib.h>

#include "base/memory.h"
#include "store/internal.h"

struct guessing {
	guess_done *done;
	void *arg;
};

static bool read_state(const struct redisReply *reply, struct guess_state *out)
{
	if (reply->elements != 3)
		return false;
	for (size_t i = 0; i < 3; i++)
		if (reply->element[i]->type != REDIS_REPLY_INTEGER)
			return false;
	out->count = reply->element[0]->integer;
	out->refused_s = reply->element[1]->integer;
	out->begun = reply->element[2]->integer != 0;
	return true;
}

static void on_answer(enum link_result result, struct redisReply *reply, const char *error,
		      void *arg)
{
	struct guessing *g = arg;
	enum store_result outcome = store_result_of(result, reply, REDIS_REPLY_ARRAY, &error);
	struct guess_state state;

	if (outcome == STORE_OK && !read_state(reply, &state)) {
		outcome = STORE_BAD;
		error = "the server answered with another type";
	}
	g->done(outcome, outcome == STORE_OK ? &state : NULL, error, g->arg);
	free(g);
}

static void ask(struct store *store, const char *key, enum guess_what what, const char *from,
		const struct guess_limits *limits, guess_done *done, void *arg)
{
	static const char *const words[] = {
		[GUESS_LOOK] = "look",
		[GUESS_FAIL] = "fail",
		[GUESS_PASS] = "pass",
		[GUESS_FORGET] = "forget",
	};
	struct guessing *g = memory_alloc(sizeof(*g));
	struct command command;

	*g = (struct guessing){ done, arg };
	script_command(&command, SCRIPT_GUESS, 1);
	command_add_key(&command, key);
	command_add(&command, words[what]);
	command_add(&command, from);
	command_add_int(&command, limits->window_s);
	command_add_int(&command, limits->limit);
	command_add_int(&command, limits->refuse_s);
	command_add_int(&command, GUESS_NETWORKS_MAX);
	command.repeatable = what != GUESS_FAIL;
	store_send(store, &command, on_answer, g);
}

static const char bad_name[] = "a user name has 1 to 255 octets";

void store_guess_username(struct store *store, enum guess_what what, const char *username,
			  const char *network, const struct guess_limits *limits, guess_done *done,
			  void *arg)
{
	char key[KEY_MAX];

	if (key_guess(store_prefix(store), username, key))
		ask(store, key, what, network, limits, done, arg);
	else
		done(STORE_BAD, NULL, bad_name, arg);
}

void store_guess_network(struct store *store, enum guess_what what, const char *network,
			 const struct guess_limits *limits, guess_done *done, void *arg)
{
	char key[KEY_MAX];

	if (key_guess_network(store_prefix(store), network, key))
		ask(store, key, what, "-", limits, done, arg);
	else
		done(STORE_BAD, NULL, bad_name, arg);
}
