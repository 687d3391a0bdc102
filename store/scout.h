/*
 * One question, asked again and again of one of several servers that all know
 * the answer (sentinels, nodes of a cluster): the next one in turn when one
 * does not answer, or not usefully. One connection at a time.
 */
#ifndef SENDWARD_SCOUT_H
#define SENDWARD_SCOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/config.h"

struct event_base;
struct redisReply;
struct scout;
struct tls;

/* Servers known at a time; more are left out. */
#define SCOUT_SERVERS_MAX 64

/* Words of a question. */
#define SCOUT_WORDS_MAX 4

struct scout_task {
	const char *what; /* for the log: "sentinel mymaster" */
	const char *question[SCOUT_WORDS_MAX];
	int n_question;
	int64_t every_ms; /* how often it is asked while all is well */
	/* False with the reason in *why when the answer is of no use. reply is
	 * borrowed, no error; from is who said it. The scout may be hurried
	 * inside, not freed. */
	bool (*answer)(const struct redisReply *reply, const struct endpoint *from,
		       const char **why, void *arg);
	void *arg;
};

/* Borrows the texts of task until scout_free(), settings (name, password,
 * deadline) and tls until scout_configure(). servers are copied, at least one. */
struct scout *scout_new(struct event_base *base, const struct scout_task *task,
			const struct endpoint *servers, size_t n,
			const struct redis_settings *settings, struct tls *tls);
void scout_configure(struct scout *scout, const struct redis_settings *settings, struct tls *tls);
void scout_free(struct scout **scout);

/* Others know it too: asked after those that scout_new() was given. */
void scout_more(struct scout *scout, const struct endpoint *servers, size_t n);

/* The last answer seems not to be true any more: asks the next one in turn
 * now, at most every 100 ms. */
void scout_hurry(struct scout *scout);

/* While it is worried, it asks the next one in turn every 500 ms. */
void scout_worry(struct scout *scout, bool worried);

/* Why there is no answer; "" when there is one. */
const char *scout_error(const struct scout *scout);

#endif
