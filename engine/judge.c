#include "engine/judge.h"

#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "engine/checks.h"
#include "engine/rewrite.h"

/* Holding and redirecting are for the last stage; before it there is nothing
 * to say to the client. */
static bool acts_now(const struct judge_input *in, const struct finding *f)
{
	return finding_stops(f) &&
	       (in->request->final || f->action == ACTION_REFUSE || f->action == ACTION_DEFER);
}

/* The first that decides, or -1: none. Those that would in monitor mode are noted. */
static int find_first(const struct judge_input *in, struct verdict *verdict)
{
	int enforced = -1;

	verdict->monitored = 0;
	for (int i = 0; i < CHECKS; i++) {
		const struct finding *f = &verdict->findings[i];

		if (!acts_now(in, f))
			continue;
		if (enforced < 0 && finding_is_enforced(f))
			enforced = i;
		if (f->mode != MODE_MONITOR)
			continue;
		if (!verdict->monitored) {
			verdict->monitor_check = (enum check)i;
			verdict->monitor_action = f->action;
		}
		verdict->monitored |= 1U << i;
	}
	return enforced;
}

static void number_text(int64_t n, char out[AMOUNT_TEXT_MAX])
{
	snprintf(out, AMOUNT_TEXT_MAX, "%lld", (long long)n);
}

static const char *given_reason(const struct account *account)
{
	return account && account->reason[0] ? account->reason : "no reason given";
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
			     .credential = request_credential_shown(in->request),
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

/* Postfix would deliver it. */
static void prevent_delivery(const struct judge_input *in, struct finding *f)
{
	if (f->action == ACTION_REDIRECT && in->request->recipients_stay) {
		size_t len = strlen(f->rule);

		f->action = ACTION_HOLD;
		snprintf(f->rule + len, sizeof(f->rule) - len,
			 "; held, as a recipient cannot be redirected");
	}
	if (diverts(f->action) && in->request->before_queue) {
		f->action = ACTION_DEFER;
		f->result = FINDING_UNKNOWN;
	}
}

/* Of a message that is discarded; 0: all of them. The list may be gone since RCPT. */
static int64_t dropped_recipients(const struct judge_input *in)
{
	const struct request *request = in->request;

	if (in->effective->n_sandbox_recipients == 0 || request->listed_recipients == 0 ||
	    request->recipients_stay)
		return 0;
	return request->recipients - request->listed_recipients;
}

static void decide_by(const struct judge_input *in, enum check check, struct verdict *verdict)
{
	struct finding *f = &verdict->findings[check];

	prevent_delivery(in, f);
	verdict->has_check = true;
	verdict->check = check;
	verdict->action = f->action;
	verdict->sandboxed = check == CHECK_SANDBOX;
	if (f->action == ACTION_REFUSE || f->action == ACTION_DEFER)
		fill_reply(in, f, verdict);
	else
		fill_reason(in, check, f, verdict);
	if (f->action == ACTION_DISCARD)
		verdict->dropped = dropped_recipients(in);
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
	if (action == ACTION_ACCEPT || action == ACTION_HOLD || action == ACTION_REDIRECT ||
	    verdict->dropped > 0)
		rewrite_plan(in->config, in->effective, in->request, &verdict->rewrite);
}

void judge(const struct judge_input *in, struct verdict *verdict)
{
	const struct finding *sandbox = &verdict->findings[CHECK_SANDBOX];
	int enforced;

	check_sandbox(in, &verdict->findings[CHECK_SANDBOX]);
	verdict->recipient_listed = check_sandbox_lists(in);
	finding_init(&verdict->findings[CHECK_SERVICES], MODE_OFF);
	enforced = find_first(in, verdict);
	verdict->action = ACTION_ACCEPT;
	if (enforced >= 0)
		decide_by(in, (enum check)enforced, verdict);
	verdict->let_out = verdict->action == ACTION_ACCEPT && sandbox->flagged &&
			   sandbox->mode == MODE_ENFORCE;
	judge_rewrite(in, verdict);
}

void judge_cannot_tell(const struct judge_input *in, const char *why, struct verdict *verdict)
{
	struct finding f;

	finding_init(&verdict->findings[CHECK_SANDBOX], MODE_OFF);
	finding_init(&verdict->findings[CHECK_SERVICES], MODE_OFF);
	finding_init(&f, MODE_ENFORCE);
	snprintf(f.rule, sizeof(f.rule), "%s", why);
	verdict->action = ACTION_DEFER;
	verdict->has_check = false;
	if (!verdict->store_error)
		verdict->store_error = why;
	fill_reply(in, &f, verdict);
}
