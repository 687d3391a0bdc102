#include "milter/desk.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <event2/event.h>

#include "base/log.h"
#include "base/memory.h"
#include "engine/decision.h"
#include "store/report.h"

/* In the log. */
#define WHY_LATE "no answer in time"

struct desk {
	struct event_base *base;
	struct store *store;
	struct desk_counts counts;
	struct spares questions, originators;
	bool closed;
};

/* All that a question needs, owned. */
struct question {
	struct desk *desk;
	struct config *config;		 /* a reference */
	struct request request;		 /* borrows from texts and originators */
	struct originators *originators; /* owned, or NULL */
	desk_answered *answered;
	void *arg;
	bool starting; /* decision_start() is on the stack */
	bool decided;
	bool late; /* answered without a decision */
	struct event *deadline;
	int64_t began_us;
	char identity[LOGIN_MAX + 1]; /* the login of one that the session is of */
	struct answer answer;
	char *texts; /* those of the request, each with its NUL; owned */
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
	size_t size = strlen(request->login) + strlen(credential) +
		      strlen(request->client_address) + strlen(request->sender) +
		      strlen(request->queue_id) + strlen(request->recipient) +
		      (request->token ? strlen(request->token) : 0) + 7;
	struct question *question = spares_take(&desk->questions, sizeof(*question));
	char *at = memory_alloc(size);

	question->texts = at;
	question->desk = desk;
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
	question->starting = question->decided = question->late = false;
	question->deadline = NULL;
	desk->counts.under_way++;
	return question;
}

static void question_free(struct question *question)
{
	question->desk->counts.under_way--;
	if (question->deadline)
		event_free(question->deadline);
	config_unref(&question->config);
	if (question->originators)
		spares_give(&question->desk->originators, question->originators);
	free(question->texts);
	spares_give(&question->desk->questions, question);
}

/* ---- answers --------------------------------------------------------------- */

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
	if (verdict.action != ACTION_ACCEPT && !question->desk->closed)
		refund(question);
	report(question, &verdict);
	log_flush(); /* no answer follows the line */
}

static void on_verdict(const struct verdict *verdict, void *arg)
{
	struct question *question = arg;

	answer_from(verdict, &question->answer);
	if (question->late) {
		too_late(question);
	} else {
		question->answered(&question->answer, &question->request, question->arg);
		report(question, verdict);
	}
	question->decided = true;
	if (!question->starting)
		question_free(question);
}

static void on_deadline(evutil_socket_t fd, short what, void *arg)
{
	struct question *question = arg;
	struct verdict verdict;
	struct answer answer;

	(void)fd;
	(void)what;
	question->late = true;
	answer_missing(question->config, &question->request, WHY_LATE, &verdict);
	answer_from(&verdict, &answer);
	question->answered(&answer, &question->request, question->arg);
}

/* ---- questions under way ---------------------------------------------------- */

struct spares *desk_originators(struct desk *desk)
{
	return &desk->originators;
}

bool desk_knows_identities(const struct desk *desk)
{
	return identities_count(store_identities(desk->store)) > 0;
}

/* At most so many waits follow each other. */
static int64_t patience_ms(const struct config *config)
{
	return (config_scopes(config) + 1) * config->redis.deadline_ms + DESK_MARGIN_MS;
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

static void wait_for(struct question *question)
{
	int64_t ms = patience_ms(question->config);
	const struct timeval after = { .tv_sec = (time_t)(ms / 1000),
				       .tv_usec = (suseconds_t)(ms % 1000 * 1000) };

	question->deadline = evtimer_new(question->desk->base, on_deadline, question);
	if (!question->deadline || evtimer_add(question->deadline, &after) != 0)
		log_warning("no memory for the deadline of a question");
}

void desk_ask(struct desk *desk, struct config *config, const struct request *request,
	      struct originators *originators, desk_answered *answered, void *arg)
{
	struct question *question = question_new(desk, config, request, originators);

	question->answered = answered;
	question->arg = arg;
	question->starting = true;
	identify(question);
	decision_start(store_env(desk->store), question->config, &question->request, on_verdict,
		       question);
	question->starting = false;
	if (question->decided)
		question_free(question);
	else
		wait_for(question);
}

static void log_undone(const struct config *config, const struct request *request, const char *what)
{
	struct fields fields;

	fields_init(&fields, LOG_LINE_MAX);
	fields_add(&fields, "node", config->node);
	fields_add(&fields, "qid", request->queue_id);
	fields_add(&fields, "login", request->login);
	fields_add(&fields, "client", request->client_address);
	log_warning("%s: the mail server did not take the answer, %s", fields.line, what);
}

void desk_undo(struct desk *desk, const struct config *config, const struct request *request,
	       const struct answer *answer)
{
	if (answer->charges.n == 0) {
		log_undone(config, request, "nothing was charged");
		return;
	}
	if (!desk->closed)
		decision_refund(store_env(desk->store), config, request, &answer->charges);
	log_undone(config, request, desk->closed ? "its charge stays" : "its charge is taken back");
}

/* ---- life ------------------------------------------------------------------ */

struct desk *desk_new(struct event_base *base, struct store *store)
{
	struct desk *desk = memory_zero(sizeof(*desk));

	desk->base = base;
	desk->store = store;
	spares_init(&desk->questions, DESK_SPARE_MAX);
	spares_init(&desk->originators, DESK_SPARE_MAX);
	return desk;
}

void desk_close(struct desk *desk)
{
	desk->closed = true;
}

void desk_free(struct desk **desk)
{
	spares_fini(&(*desk)->questions);
	spares_fini(&(*desk)->originators);
	free(*desk);
	*desk = NULL;
}

const struct desk_counts *desk_counts(const struct desk *desk)
{
	return &desk->counts;
}
