#include "control/doctor_ask.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "control/need.h"
#include "store/ask.h"

static void on_answer(enum store_result result, const char *record, size_t len, const char *error,
		      void *arg)
{
	struct doctor_reply *reply = arg;

	reply->done = true;
	reply->result = result;
	reply->text = need_copy(record ? record : "", len);
	reply->error = memory_strdup(error ? error : "");
}

enum store_result doctor_ask(struct wait *wait, unsigned server, const char *const *words,
			     size_t n, struct doctor_reply *reply)
{
	*reply = (struct doctor_reply){ 0 };
	ask_server(wait_store(wait), server, words, n, on_answer, reply);
	wait_until(wait, &reply->done);
	return reply->result;
}

void doctor_reply_fini(struct doctor_reply *reply)
{
	free(reply->text);
	free(reply->error);
	*reply = (struct doctor_reply){ 0 };
}

bool doctor_is_forbidden(const struct doctor_reply *reply)
{
	return reply->result == STORE_BAD && strncmp(reply->error, "NOPERM", 6) == 0;
}

/* "ERR unknown command 'x'", or 'subcommand'. */
bool doctor_is_missing(const struct doctor_reply *reply)
{
	return reply->result == STORE_BAD && strncmp(reply->error, "ERR unknown ", 12) == 0;
}

bool doctor_setting(struct wait *wait, unsigned server, const char *name, char *out, size_t size)
{
	struct doctor_reply reply;
	const char *value = NULL;

	if (doctor_ask(wait, server, (const char *const[]){ "CONFIG", "GET", name }, 3, &reply) ==
	    STORE_OK)
		value = strchr(reply.text, '\n');
	if (value)
		snprintf(out, size, "%s", value + 1);
	doctor_reply_fini(&reply);
	return value != NULL;
}
