#include "engine/judge.h"

#include <stdio.h>
#include <string.h>

#include "base/builder.h"
#include "base/units.h"
#include "engine/gate.h"
#include "engine/rewrite.h"

static const enum action over_quota_actions[] = {
	[OVER_QUOTA_DEFER] = ACTION_DEFER,
	[OVER_QUOTA_REJECT] = ACTION_REFUSE,
	[OVER_QUOTA_HOLD] = ACTION_HOLD,
	[OVER_QUOTA_SANDBOX] = ACTION_HOLD, /* or REDIRECT, see over_quota_action() */
};

static const enum action sandbox_actions[] = {
	[SANDBOX_DISCARD] = ACTION_DISCARD,
	[SANDBOX_HOLD] = ACTION_HOLD,
	[SANDBOX_REDIRECT] = ACTION_REDIRECT,
};

/* A quota never discards: where the sandbox would, the message is held. */
static enum action over_quota_action(const struct effective *effective)
{
	if (effective->over_quota == OVER_QUOTA_SANDBOX && effective->sandbox == SANDBOX_REDIRECT)
		return ACTION_REDIRECT;
	return over_quota_actions[effective->over_quota];
}

static bool row_is_over(const struct judge_input *in, size_t i)
{
	int64_t limit = in->answers[i].limit, amount = in->rows[i].amount;

	return limit != QUOTA_UNLIMITED && amount > 0 && in->answers[i].used + amount > limit;
}

/* Others of this message were accepted, this recipient is one too many. */
static bool is_one_too_many(const struct judge_input *in, size_t row)
{
	return in->request->stage == STAGE_RCPT && in->request->recipients > 1 &&
	       in->rows[row].quota.unit == QUOTA_RECIPIENTS &&
	       in->effective->over_quota_at_rcpt == AT_RCPT_TOO_MANY;
}

static enum reply quota_reply(const struct judge_input *in, size_t row, const struct finding *f)
{
	if (is_one_too_many(in, row))
		return REPLY_QUOTAS_RCPT;
	if (f->action == ACTION_REFUSE)
		return REPLY_QUOTAS_REJECT;
	return f->retry_after_ms < 0 ? REPLY_QUOTAS_NEVER : REPLY_QUOTAS;
}

/* -1 is never. */
static bool waits_longer(int64_t a_ms, int64_t b_ms)
{
	return b_ms >= 0 && (a_ms < 0 || a_ms > b_ms);
}

/* How much of its limit is used; an unlimited row is the emptiest. */
static double fullness(const struct judge_input *in, size_t i)
{
	int64_t limit = in->answers[i].limit;

	return limit > 0 ? (double)in->answers[i].used / (double)limit : -1;
}

static bool tells_more(const struct judge_input *in, size_t a, size_t b)
{
	bool over = row_is_over(in, a);

	if (over != row_is_over(in, b))
		return over;
	if (over)
		return waits_longer(in->answers[a].retry_after_ms, in->answers[b].retry_after_ms);
	return fullness(in, a) > fullness(in, b);
}

/* The row that decides: of those beyond their limit the one that stays so
 * longest, so that the client is not told to come too early. For a message
 * that fits, the one nearest to its limit, for the log. */
static size_t telling_row(const struct judge_input *in, bool *over)
{
	size_t best = 0;

	for (size_t i = 1; i < in->n_rows; i++) {
		if (tells_more(in, i, best))
			best = i;
	}
	*over = row_is_over(in, best);
	return best;
}

/* "500 recipients / 1h", "500 recipients / 1h (domain example.com)". */
static void describe_row(const struct judge_input *in, size_t row, char out[RULE_MAX])
{
	struct quota quota = in->rows[row].quota;
	char text[QUOTA_TEXT_MAX];
	struct builder rule;

	quota.limit = in->answers[row].limit;
	quota_format(&quota, text);
	builder_init(&rule, out, RULE_MAX);
	builder_add(&rule, text);
	if (in->rows[row].ramp) {
		builder_add(&rule, " (ramp)");
	} else if (in->scope) {
		builder_add(&rule, " (");
		builder_add(&rule, take_scope_name(in->scope->scope));
		builder_add_char(&rule, ' ');
		builder_add(&rule, in->scope->name);
		builder_add_char(&rule, ')');
	}
}

static void set_origin(const struct judge_input *in, size_t row, struct finding *f)
{
	enum plan_setting setting = in->rows[row].ramp ? PLAN_RAMP : PLAN_QUOTAS;

	if (in->rows[row].quota.null_sender) {
		f->origin = "configuration";
		f->line = in->config->null_sender.line;
	} else if (in->scope) {
		f->origin = take_scope_name(in->scope->scope);
		f->line = in->scope->line;
	} else {
		f->origin = in->effective->origins[setting];
		f->line = in->effective->lines[setting];
	}
}

void judge_quotas(const struct judge_input *in, struct finding *f)
{
	bool over;
	size_t row;

	finding_init(f, in->effective->plan->modes[CHECK_QUOTAS]);
	if (in->n_rows == 0)
		return;
	row = telling_row(in, &over);
	describe_row(in, row, f->rule);
	set_origin(in, row, f);
	f->used = in->answers[row].used;
	f->limit = in->answers[row].limit;
	f->asked = in->rows[row].amount;
	f->retry_after_ms = in->answers[row].retry_after_ms;
	f->result = over ? FINDING_REFUSE : FINDING_PASS;
	if (over) {
		f->action = over_quota_action(in->effective);
		f->reply = quota_reply(in, row, f);
		if (f->reply == REPLY_QUOTAS_RCPT)
			f->action = ACTION_DEFER;
	}
}

bool judge_tells_more(const struct finding *b, const struct finding *a)
{
	if (a->result == FINDING_REFUSE || b->result == FINDING_SKIPPED)
		return false;
	if (a->result == FINDING_SKIPPED || b->result == FINDING_REFUSE)
		return true;
	return b->limit > 0 &&
	       (a->limit <= 0 || (double)b->used / (double)b->limit >
					 (double)a->used / (double)a->limit);
}

void judge_warnings(const struct judge_input *in, struct verdict *verdict)
{
	for (size_t i = 0; i < in->n_rows && verdict->n_warnings < WARNINGS_MAX; i++) {
		struct warning *w = &verdict->warnings[verdict->n_warnings];

		if (in->answers[i].mark == 0)
			continue;
		describe_row(in, i, w->quota);
		w->percent = in->answers[i].mark;
		w->used = in->answers[i].used + in->rows[i].amount;
		w->limit = in->answers[i].limit;
		verdict->n_warnings++;
	}
}

/* Check 7. Only the front end that sees the message last carries it out. */
static void judge_sandbox(const struct judge_input *in, struct finding findings[CHECKS])
{
	struct finding *f = &findings[CHECK_SANDBOX];

	finding_init(f, in->effective->plan->modes[CHECK_SANDBOX]);
	if (f->mode == MODE_OFF)
		return;
	f->origin = in->effective->origins[PLAN_SANDBOX];
	f->line = in->effective->lines[PLAN_SANDBOX];
	f->result = FINDING_PASS;
	if (in->effective->state != ACCOUNT_SANDBOXED)
		return;
	snprintf(f->rule, sizeof(f->rule), "sandboxed");
	if (in->request->final) {
		f->result = FINDING_REFUSE;
		f->action = sandbox_actions[in->effective->sandbox];
	}
}

/* Holding and redirecting are for the last stage; before it there is nothing
 * to say to the client. */
static bool acts_now(const struct judge_input *in, const struct finding *f)
{
	if (f->result != FINDING_REFUSE && f->result != FINDING_UNKNOWN)
		return false;
	return in->request->final || f->action == ACTION_REFUSE || f->action == ACTION_DEFER;
}

static bool is_monitored(const struct finding *f)
{
	return f->mode == MODE_MONITOR;
}

static int first_of(const struct judge_input *in, const struct verdict *verdict,
		    bool (*which)(const struct finding *f))
{
	for (int i = 0; i < CHECKS; i++) {
		if (which(&verdict->findings[i]) && acts_now(in, &verdict->findings[i]))
			return i;
	}
	return -1;
}

static void number_text(int64_t n, char out[AMOUNT_TEXT_MAX])
{
	snprintf(out, AMOUNT_TEXT_MAX, "%lld", (long long)n);
}

static const char *given_reason(const struct account *account)
{
	return account && account->reason[0] ? account->reason : "no reason given";
}

static const char *given_credential(const struct request *request)
{
	const char *name = request_credential(request);

	return *name ? name : "main";
}

static void fill_reply(const struct judge_input *in, const struct finding *f,
		       struct verdict *verdict)
{
	enum reply reply = f->result == FINDING_UNKNOWN ? REPLY_CANNOT_TELL : f->reply;
	const struct reply_line *line = &in->config->replies[reply];
	char used[AMOUNT_TEXT_MAX], limit[AMOUNT_TEXT_MAX], asked[AMOUNT_TEXT_MAX];
	char retry[DURATION_TEXT_MAX] = "never";

	number_text(f->used, used);
	number_text(f->limit, limit);
	number_text(f->asked, asked);
	if (f->retry_after_ms >= 0)
		duration_format_human(f->retry_after_ms, retry);
	memcpy(verdict->code, line->code, sizeof(verdict->code));
	memcpy(verdict->xcode, line->xcode, sizeof(verdict->xcode));
	reply_expand(line,
		     &(struct reply_values){
			     .login = in->request->login,
			     .sender = in->request->sender,
			     .client = in->request->client_address,
			     .rule = f->rule,
			     .address = f->subject,
			     .quota = f->rule,
			     .used = used,
			     .limit = limit,
			     .asked = asked,
			     .retry = retry,
			     .reason = given_reason(in->account),
			     .credential = given_credential(in->request),
		     },
		     verdict->text, sizeof(verdict->text));
}

/* Why a message is held, discarded or redirected: for Postfix's log. */
static void fill_reason(const struct judge_input *in, enum check check, const struct finding *f,
			struct verdict *verdict)
{
	struct reply_line line = {.text = "%{rule}"};

	snprintf(line.text, sizeof(line.text), "Sendward %s: %%{rule} (%%{login})",
		 check_name(check));
	reply_expand(&line,
		     &(struct reply_values){.rule = f->rule, .login = in->request->login},
		     verdict->text, sizeof(verdict->text));
}

static bool diverts(enum action action)
{
	return action == ACTION_HOLD || action == ACTION_DISCARD || action == ACTION_REDIRECT;
}

static void decide_by(const struct judge_input *in, enum check check, struct verdict *verdict)
{
	struct finding *f = &verdict->findings[check];

	/* Postfix would deliver it. */
	if (diverts(f->action) && in->request->before_queue) {
		f->action = ACTION_DEFER;
		f->result = FINDING_UNKNOWN;
	}

	verdict->has_check = true;
	verdict->check = check;
	verdict->action = f->action;
	verdict->sandboxed = check == CHECK_SANDBOX;
	if (f->action == ACTION_REFUSE || f->action == ACTION_DEFER)
		fill_reply(in, f, verdict);
	else
		fill_reason(in, check, f, verdict);
	if (f->action == ACTION_REDIRECT)
		verdict->redirect = in->effective->sandbox_redirect;
}

/* Check 4 in mode rewrite: of a message that will be delivered. */
static void judge_rewrite(const struct judge_input *in, struct verdict *verdict)
{
	const struct finding *f = &verdict->findings[CHECK_HEADER_FROM];
	enum action action = verdict->action;

	if (f->mode != MODE_REWRITE || f->result != FINDING_REFUSE)
		return;
	if (action == ACTION_ACCEPT || action == ACTION_HOLD || action == ACTION_REDIRECT)
		rewrite_plan(in->config, in->effective, in->request, &verdict->rewrite);
}

void judge(const struct judge_input *in, struct verdict *verdict)
{
	int enforced, monitored;

	judge_sandbox(in, verdict->findings);
	finding_init(&verdict->findings[CHECK_SERVICES], MODE_OFF);
	enforced = first_of(in, verdict, finding_is_enforced);
	monitored = first_of(in, verdict, is_monitored);
	verdict->action = ACTION_ACCEPT;
	if (enforced >= 0)
		decide_by(in, (enum check)enforced, verdict);
	if (monitored >= 0) {
		verdict->monitored = true;
		verdict->monitor_check = (enum check)monitored;
		verdict->monitor_action = verdict->findings[monitored].action;
	}
	judge_rewrite(in, verdict);
}

void judge_cannot_tell(const struct judge_input *in, const char *why, struct verdict *verdict)
{
	struct finding f;

	finding_init(&f, MODE_ENFORCE);
	snprintf(f.rule, sizeof(f.rule), "%s", why);
	verdict->action = ACTION_DEFER;
	verdict->has_check = false;
	if (!verdict->store_error)
		verdict->store_error = why;
	fill_reply(in, &f, verdict);
}
