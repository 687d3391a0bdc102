/*
 * doctor: is everything allowed that the store asks? Each command is tried in a
 * way that does no harm (store/rights.h).
 */
#include <stdio.h>
#include <string.h>

#include "control/doctor.h"
#include "control/doctor_ask.h"
#include "store/ask.h"
#include "store/rights.h"

struct trial {
	const struct patient *patient;
	struct wait *wait;
	unsigned server;
	size_t tried, failed;
};

static const char allow[] =
	"give the user the rights of the ACL line below, and no narrower patterns";
static const char restore[] =
	"take rename-command for it out of redis.conf, and restart the server: an ACL user with few "
	"rights does more";

static const char clear[] =
	"that key is not Sendward's: rename or delete it, then run sendward reindex and reload the "
	"daemons";

/* Of the keys there is one of: somebody else's under our name. */
static bool is_of_another_type(const struct doctor_reply *reply)
{
	return reply->result == STORE_BAD && strncmp(reply->error, "WRONGTYPE", 9) == 0;
}

static const char *key_of(const struct right *right, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (right->words[i][0] == '@')
			return words[i];
	return "";
}

static void try(struct trial *trial, const struct right *right)
{
	struct doctor *doctor = trial->patient->doctor;
	const struct redis_settings *settings = &doctor->control->config->redis;
	const char *words[RIGHT_WORDS_MAX];
	struct right_room room;
	struct doctor_reply reply;
	size_t n = right_words(right, settings, words, &room);

	if (n == 0)
		return;
	trial->tried++;
	doctor_ask(trial->wait, trial->server, words, n, &reply);
	trial->failed += reply.result != STORE_OK;
	if (doctor_is_forbidden(&reply))
		doctor_say(doctor, DOCTOR_ERROR, allow, "%s is refused, needed for: %s (%s)",
			   right->command, right->purpose, reply.error);
	else if (doctor_is_missing(&reply))
		doctor_say(doctor, DOCTOR_ERROR, restore,
			   "the server has no command %s, needed for: %s (%s)", right->command,
			   right->purpose, reply.error);
	else if (is_of_another_type(&reply))
		doctor_say(doctor, DOCTOR_ERROR, clear, "the key %s is of another type, needed for: %s",
			   key_of(right, words, n), right->purpose);
	else if (reply.result == STORE_UNAVAILABLE || reply.result == STORE_UNCERTAIN)
		doctor_say(doctor, DOCTOR_UNKNOWN, NULL, "%s: %s", right->command, reply.error);
	else
		trial->failed -= reply.result != STORE_OK;
	doctor_reply_fini(&reply);
}

static void try_all(struct trial *trial, bool last)
{
	const struct redis_settings *settings = &trial->patient->doctor->control->config->redis;

	for (const struct right *right = rights(); right->command; right++)
		if (right->last == last && right_is_needed(right, settings))
			try(trial, right);
}

/* The same server, by another store. */
static unsigned find(struct wait *wait, const char *name)
{
	unsigned server = ask_next(wait_store(wait), 0);

	while (server && strcmp(ask_name(wait_store(wait), server), name) != 0)
		server = ask_next(wait_store(wait), server);
	return server;
}

static void try_last(struct trial *trial)
{
	struct control *control = trial->patient->doctor->control;
	const char *name = ask_name(wait_store(control->wait), trial->patient->number);
	char error[WAIT_ERROR_MAX];

	if (!wait_open(control->config, &trial->wait, error)) {
		doctor_say(trial->patient->doctor, DOCTOR_UNKNOWN, NULL, "%s", error);
		trial->failed++;
		return;
	}
	trial->server = find(trial->wait, name);
	try_all(trial, true);
	wait_close(&trial->wait);
}

/* And as whom. */
static void say_all_is_well(const struct trial *trial)
{
	struct doctor *doctor = trial->patient->doctor;
	struct wait *wait = doctor->control->wait;
	const char *name = doctor->control->config->redis.username;
	struct doctor_reply reply;
	char ignored[16];

	doctor_ask(wait, trial->patient->number, (const char *const[]){ "ACL", "WHOAMI" }, 2, &reply);
	if (reply.result == STORE_OK)
		name = reply.text;
	doctor_say(doctor, DOCTOR_OK, NULL, "user %s may do all that is needed%s",
		   name ? name : "default",
		   doctor_setting(wait, trial->patient->number, "save", ignored, sizeof(ignored)) ?
			   ", and more: the ACL line below would be enough" :
			   "");
	doctor_reply_fini(&reply);
}

void doctor_rights(const struct patient *patient)
{
	struct trial trial = { .patient = patient,
			       .wait = patient->doctor->control->wait,
			       .server = patient->number };

	patient->doctor->check = "rights";
	try_all(&trial, false);
	try_last(&trial);
	if (trial.failed == 0)
		say_all_is_well(&trial);
}
