#include "policy/session_internal.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <sys/socket.h>
#include <time.h>

#include "base/log.h"
#include "policy/stage.h"

int64_t session_now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* ---- writing --------------------------------------------------------------- */

/* n octets of the answer were taken, or it is -errno. */
static void went_out(struct session *s, ssize_t n)
{
	static const struct timeval timeout = { .tv_sec = SESSION_WRITE_TIMEOUT_S };

	if (n < 0 && n != -EAGAIN && n != -EINTR) {
		session_enter(s, SESSION_CLOSED);
		return;
	}
	if (n > 0)
		s->answer_sent += (size_t)n;
	if (s->answer_sent == s->answer.len)
		session_enter(s, SESSION_READING);
	else
		event_add(&s->writable, &timeout);
}

void session_on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct session *s = arg;
	ssize_t n;

	if (what & EV_TIMEOUT) {
		log_warning("a policy client took no answer for %d s: connection closed",
			    SESSION_WRITE_TIMEOUT_S);
		session_enter(s, SESSION_CLOSED);
	} else {
		n = send(fd, s->answer.text + s->answer_sent, s->answer.len - s->answer_sent,
			 MSG_NOSIGNAL);
		went_out(s, n < 0 ? -errno : n);
	}
	session_run(s);
}

static bool fill_parcel(void *owner, struct parcel *parcel)
{
	const struct session *s = owner;

	parcel->fd = s->fd;
	parcel->bytes = s->answer.text;
	parcel->len = s->answer.len;
	return true;
}

static void on_sent(void *owner, ssize_t n)
{
	went_out(owner, n);
	session_run(owner);
}

const struct outbox_kind session_answers = { .fill = fill_parcel, .sent = on_sent };

/* The last that is done with a request. Of what it needed nothing is needed any more,
 * as a rule, and the next session of the pass takes it while it is near. */
static void answer(struct session *s, struct stage_answer answer)
{
	session_enter(s, SESSION_WRITING);
	s->answer = answer;
	s->answer_sent = 0;
	if (answer.text != s->exchange->answer && protocol_at_end(&s->exchange->protocol))
		exchange_give(&s->host->exchanges, &s->exchange);
	outbox_add(&s->host->outbox, &s->outgoing);
}

/* ---- requests and verdicts ------------------------------------------------- */

/* A RCPT or DATA that passes tells where in the transaction we are. */
static void note_pass(struct session *s, const struct verdict *verdict)
{
	const struct stage_question *q = &s->exchange->question;
	enum stage stage = q->request.stage;

	s->transaction.identified |= verdict->identified;
	if (stage == STAGE_END_OF_MESSAGE && !q->request.final)
		wiring_left(&s->host->wiring);
	if (stage == STAGE_RCPT)
		transaction_add(&s->transaction, q->recipient, verdict->recipient_free,
				verdict->recipient_listed);
	if (s->transaction.passed || (stage != STAGE_RCPT && stage != STAGE_DATA))
		return;
	s->transaction.passed = true;
	wiring_passed(&s->host->wiring, config_charge_by(s->config->config));
}

static void on_verdict(const struct verdict *verdict, void *arg)
{
	struct session *s = arg;
	struct session_host *host = s->host;
	struct stage_answer said;

	assert(s->state == SESSION_DECIDING);
	host->report(host->ctx, s->config->config, &s->exchange->question.request, verdict,
		     session_now_us() - s->asked_us);
	if (verdict->action == ACTION_ACCEPT && !s->transaction.relay)
		note_pass(s, verdict);
	said = stage_answer(verdict, s->transaction.relay, s->exchange->answer);
	/* The verdict borrows from it. */
	config_use_give(&s->config);
	answer(s, said);
}

static void note_end(struct session *s)
{
	wiring_ended(&s->host->wiring);
	if (s->transaction.n == 0)
		wiring_unseen(&s->host->wiring, s->config->config);
	if (s->exchange->question.request.before_queue)
		wiring_before_queue(config_charge_by(s->config->config));
}

static void decide(struct session *s)
{
	const struct request *request = &s->exchange->question.request;

	session_enter(s, SESSION_DECIDING);
	s->host->n_decisions++;
	s->config = config_use_take(s->host->config);
	if (request->stage == STAGE_END_OF_MESSAGE)
		note_end(s);
	decision_start(s->host->env, s->config->config, request, on_verdict, s);
}

static void cannot(struct session *s, const char *why)
{
	const struct request *request = &s->exchange->question.request;
	const struct config *config = s->host->config->config;
	struct fields fields;

	fields_init(&fields, LOG_LINE_MAX);
	fields_add(&fields, "node", config->node);
	fields_add(&fields, "stage", stage_name(request->stage));
	fields_add(&fields, "qid", request->queue_id);
	fields_add(&fields, "login", request->login);
	fields_add(&fields, "client", request->client_address);
	log_warning("%s: answered that we cannot tell: %s", why, fields.line);
	answer(s, stage_answer_cannot(config, request->login, s->exchange->answer));
}

void session_handle(struct session *s, const struct policy_request *asked)
{
	const char *why, *state = asked->values[ATTRIBUTE_PROTOCOL_STATE].text;
	struct session_host *host = s->host;
	const struct config *config = host->config->config;
	struct stage_question *question = &s->exchange->question;
	enum stage_task task;

	host->n_requests++;
	s->asked_us = session_now_us();
	task = stage_map(asked, config, host->identities, &s->transaction, question, &why);
	/* Postfix repeats a request on a new connection only (SMTPD_POLICY_README). */
	question->request.may_be_repeated = !s->asked;
	s->asked = true;
	switch (task) {
	case STAGE_DECIDE:
		if (question->request.stage == STAGE_END_OF_MESSAGE &&
		    !asked->values[ATTRIBUTE_SIZE].given)
			wiring_no_size();
		decide(s);
		return;
	case STAGE_CANNOT:
		cannot(s, why);
		return;
	case STAGE_UNDECIDED:
	case STAGE_UNKNOWN:
		wiring_undecided(state, task == STAGE_UNKNOWN);
		break;
	case STAGE_UNSURE:
		answer(s, stage_answer_unsure(config, s->exchange->answer));
		return;
	case STAGE_NO_LOGIN:
		break;
	}
	answer(s, stage_answer_pass());
}
