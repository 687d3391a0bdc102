#include "base/builder.h"
#include "engine/checks.h"

static const enum action over_quota_actions[] = {
	[OVER_QUOTA_DEFER] = ACTION_DEFER,
	[OVER_QUOTA_REJECT] = ACTION_REFUSE,
	[OVER_QUOTA_HOLD] = ACTION_HOLD,
	[OVER_QUOTA_SANDBOX] = ACTION_HOLD, /* or REDIRECT, see over_quota_action() */
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
		return f->retry_after_ms < 0 ? REPLY_QUOTAS_NEVER_REJECT : REPLY_QUOTAS_REJECT;
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

/* Of two rows that are over, or that are not. */
static bool tells_more(const struct judge_input *in, bool over, size_t a, size_t b)
{
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

	*over = row_is_over(in, 0);
	for (size_t i = 1; i < in->n_rows; i++) {
		bool is_over = row_is_over(in, i);

		if (is_over == *over ? tells_more(in, is_over, i, best) : is_over) {
			best = i;
			*over = is_over;
		}
	}
	return best;
}

/* With the limit that is in force, which is not the quota's own where a ramp grows. */
static void add_quota(struct builder *rule, const struct quota *quota, int64_t limit)
{
	char text[QUOTA_TEXT_MAX];
	struct quota grown;

	if (quota->text && limit == quota->limit) {
		builder_add(rule, quota->text);
		return;
	}
	grown = *quota;
	grown.limit = limit;
	quota_format(&grown, text);
	builder_add(rule, text);
}

/* "500 recipients / 1h", "500 recipients / 1h (domain example.com)". */
static void describe_row(const struct judge_input *in, size_t row, char out[RULE_MAX])
{
	struct builder rule;

	builder_init(&rule, out, RULE_MAX);
	add_quota(&rule, &in->rows[row].quota, in->answers[row].limit);
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
	if (in->rows[row].quota.null_sender) {
		f->origin = "configuration";
		f->line = in->config->null_sender.line;
	} else if (in->scope) {
		f->origin = take_scope_name(in->scope->scope);
		f->line = in->scope->line;
	} else {
		finding_by_plan(f, in->effective, in->rows[row].ramp ? PLAN_RAMP : PLAN_QUOTAS);
	}
}

void check_quotas(const struct judge_input *in, struct finding *f)
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

bool check_quotas_tells_more(const struct finding *b, const struct finding *a)
{
	if (a->result == FINDING_REFUSE || b->result == FINDING_SKIPPED)
		return false;
	if (a->result == FINDING_SKIPPED || b->result == FINDING_REFUSE)
		return true;
	return b->limit > 0 && (a->limit <= 0 || (double)b->used / (double)b->limit >
							 (double)a->used / (double)a->limit);
}

void check_quotas_warnings(const struct judge_input *in, struct verdict *verdict)
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
