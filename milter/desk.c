#include "milter/desk.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/memory.h"
#include "engine/decision.h"
#include "store/report.h"

/* In the log. */
#define WHY_LATE "no answer in time"
#define WHY_NO_ROOM "too many questions at once"

struct desk {
	struct bridge *bridge;
	struct store *store;	   /* the loop's */
	struct desk_counts counts; /* the loop's */
};

/* What a job carries: all it needs, owned. */
struct question {
	struct desk *desk;
	struct bridge_job *job;
	struct config *config;		 /* a reference */
	struct request request;		 /* borrows from texts and originators */
	struct originators *originators; /* owned, or NULL */
	int64_t began_us;
	char identity[LOGIN_MAX + 1]; /* the login of one that the session is of */
	struct answer answer; /* the loop's until the job is finished */
	char texts[];	      /* those of the request, each with its NUL */
};

static int64_t monotonic_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* ---- questions ------------------------------------------------------------- */

static const char *copy_text(char **at, const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = memcpy(*at, text, size);

	*at += size;
	return copy;
}

static struct question *question_new(struct desk *desk, struct config *config,
				     const struct request *request, struct originators *originators)
{
	const char *credential = request_credential(request);
	size_t size = strlen(request->login) + strlen(credential) + strlen(request->client_address) +
		      strlen(request->sender) + strlen(request->queue_id) +
		      strlen(request->recipient) + (request->token ? strlen(request->token) : 0) +
		      7;
	struct question *question = memory_alloc(sizeof(*question) + size);
	char *at = question->texts;

	question->desk = desk;
	question->job = NULL;
	question->config = config_ref(config);
	question->request = *request;
	question->request.login = copy_text(&at, request->login);
	question->request.credential = copy_text(&at, credential);
	question->request.client_address = copy_text(&at, request->client_address);
	question->request.sender = copy_text(&at, request->sender);
	question->request.queue_id = copy_text(&at, request->queue_id);
	question->request.recipient = copy_text(&at, request->recipient);
	if (request->token)
		question->request.token = copy_text(&at, request->token);
	question->request.originators = originators;
	question->originators = originators;
	question->began_us = monotonic_us();
	question->answer.charges.n = 0; /* the rest is the verdict's */
	return question;
}

static void question_free(void *arg)
{
	struct question *question = arg;

	config_unref(&question->config);
	free(question->originators);
	free(question);
}

/* ---- the loop's side ------------------------------------------------------- */

static void count(struct desk_counts *counts, const struct request *request, enum action action)
{
	if (request->stage != STAGE_END_OF_MESSAGE)
		return;
	counts->messages++;
	switch (action) {
	case ACTION_ACCEPT:
		counts->accepted++;
		break;
	case ACTION_REFUSE:
		counts->refused++;
		break;
	case ACTION_DEFER:
		counts->deferred++;
		break;
	case ACTION_HOLD:
	case ACTION_DISCARD:
	case ACTION_REDIRECT:
		counts->sandboxed++;
		break;
	}
}

static void report(const struct question *question, const struct verdict *verdict)
{
	struct desk *desk = question->desk;

	count(&desk->counts, &question->request, verdict->action);
	report_verdict(desk->store, question->config, "milter", &question->request, verdict,
		       monotonic_us() - question->began_us);
}

/* Everything that the answer says was charged. */
static void refund(const struct question *question)
{
	decision_refund(store_env(question->desk->store), question->config, &question->request,
			&question->answer.charges);
}

/* The client was told what a missing answer means; that is reported too, and
 * what it was told to be accepted stays charged. */
static void too_late(const struct question *question)
{
	struct verdict verdict;

	question->desk->counts.late++;
	answer_missing(question->config, &question->request, WHY_LATE, &verdict);
	if (verdict.action != ACTION_ACCEPT)
		refund(question);
	report(question, &verdict);
}

static void on_verdict(const struct verdict *verdict, void *arg)
{
	struct question *question = arg;

	answer_from(verdict, &question->answer);
	if (bridge_finish(question->job))
		report(question, verdict);
	else
		too_late(question);
	bridge_release(question->job);
}

/* Without a SASL user name: it may be an identity's. */
static void identify(struct question *question)
{
	struct request *request = &question->request;
	const char *login;

	if (request->login[0] ||
	    !identities_find(store_identities(question->desk->store), request, &login))
		return;
	memcpy(question->identity, login, strlen(login) + 1);
	request->login = question->identity;
	request->by_identity = true;
}

static void begin_question(struct bridge_job *job, void *arg)
{
	struct question *question = arg;

	question->job = job;
	identify(question);
	if (bridge_awaited(job)) {
		decision_start(store_env(question->desk->store), question->config,
			       &question->request, on_verdict, question);
		return;
	}
	bridge_finish(job);
	too_late(question);
	bridge_release(job);
}

static void begin_refund(struct bridge_job *job, void *arg)
{
	refund(arg);
	bridge_finish(job);
	bridge_release(job);
}

/* ---- the waiting side ------------------------------------------------------ */

void desk_log(const struct config *config, const struct request *request,
	      const struct verdict *verdict)
{
	char line[LOG_LINE_MAX];

	verdict_format_log(verdict, request, config->node, 0, line, sizeof(line));
	log_fields(LEVEL_WARNING, line);
}

bool desk_knows_identities(const struct desk *desk)
{
	return identities_count(store_identities(desk->store)) > 0;
}

static bool plan_shares(const struct config *config)
{
	for (size_t i = 0; i < config->n_plans; i++)
		if (config->plans[i].n_shared_quotas > 0)
			return true;
	return false;
}

/* At most so many waits follow each other. Cheap, as it is asked for each
 * question: whether one of many domains really shares is not looked at. */
static int64_t patience_ms(const struct config *config)
{
	int scopes = 1 + (config->n_domains > 0) + plan_shares(config) + (config->n_groups > 0);

	return (scopes + 1) * config->redis.deadline_ms + DESK_MARGIN_MS;
}

void desk_ask(struct desk *desk, struct config *config, const struct request *request,
	      struct originators *originators, struct answer *out)
{
	struct question *question = question_new(desk, config, request, originators);
	const struct bridge_task task = {
		.lane = BRIDGE_QUESTIONS,
		.begin = begin_question,
		.free = question_free,
		.arg = question,
	};
	struct bridge_job *job;
	struct verdict verdict;

	switch (bridge_call(desk->bridge, &task, patience_ms(config), &job)) {
	case BRIDGE_DONE:
		*out = question->answer;
		bridge_release(job);
		return;
	case BRIDGE_LATE:
		answer_missing(config, request, WHY_LATE, &verdict);
		break;
	case BRIDGE_NO_ROOM:
		question_free(question);
		answer_cannot_tell(config, request, WHY_NO_ROOM, &verdict);
		desk_log(config, request, &verdict);
		break;
	}
	answer_from(&verdict, out);
}

static void log_undone(const struct config *config, const struct request *request, const char *what)
{
	char line[LOG_LINE_MAX];
	struct fields fields;

	fields_init(&fields, line, sizeof(line));
	fields_add(&fields, "node", config->node);
	fields_add(&fields, "qid", request->queue_id);
	fields_add(&fields, "login", request->login);
	fields_add(&fields, "client", request->client_address);
	log_warning("%s: the mail server did not take the answer, %s", line, what);
}

void desk_undo(struct desk *desk, struct config *config, const struct request *request,
	       const struct answer *answer)
{
	struct question *question;
	struct bridge_task task = { .lane = BRIDGE_REFUNDS, .begin = begin_refund };

	if (answer->charges.n == 0) {
		log_undone(config, request, "nothing was charged");
		return;
	}
	question = question_new(desk, config, request, NULL);
	question->answer.charges = answer->charges;
	task.free = question_free;
	task.arg = question;
	if (bridge_post(desk->bridge, &task)) {
		log_undone(config, request, "its charge is taken back");
		return;
	}
	question_free(question);
	log_undone(config, request, "its charge stays");
}

/* ---- life ------------------------------------------------------------------ */

struct desk *desk_new(struct bridge *bridge, struct store *store)
{
	struct desk *desk = memory_zero(sizeof(*desk));

	desk->bridge = bridge;
	desk->store = store;
	return desk;
}

const struct desk_counts *desk_counts(const struct desk *desk)
{
	return &desk->counts;
}
