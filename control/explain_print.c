/* What `explain` has found, for people. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/explain_view.h"
#include "control/table.h"
#include "control/text.h"

static void add_check(struct table *table, const struct explained *e, enum check check)
{
	const struct finding *f = &e->verdict.findings[check];
	bool asked = f->result != FINDING_SKIPPED;
	char *place = owner_place(e->config, f->line);

	table_cell(table, check_name(check));
	table_cell(table, check_mode_name(f->mode));
	table_cell(table, explain_result(f));
	if (f->limit >= 0 && asked && check == CHECK_QUOTAS)
		table_cellf(table, "%s: %lld used", f->rule, (long long)f->used);
	else if (f->limit >= 0 && asked)
		table_cellf(table, "%s: %lld asked", f->rule, (long long)f->asked);
	else if (check == CHECK_HEADER_FROM && !e->header_seen)
		table_cell(table, "no --header-from, no --message");
	else
		table_cell(table, f->rule);
	if (place)
		table_cellf(table, "%s (%s)", f->origin ? f->origin : "", place);
	else
		table_cell(table, f->origin);
	free(place);
}

static void print_checks(const struct explained *e)
{
	static const char *const head[] = { "CHECK", "MODE", "RESULT", "RULE", "ORIGIN" };
	struct table *table = table_new(sizeof(head) / sizeof(head[0]));

	table_row(table, head);
	for (int i = 0; i < CHECKS; i++)
		add_check(table, e, (enum check)i);
	table_print(table, stdout);
	table_free(&table);
}

/* "accept", "refuse by networks", "redirect to x@y" */
static void print_headline(const struct verdict *v)
{
	char *redirect = v->redirect ? text_printable(v->redirect) : NULL;

	printf("%s", action_name(v->action));
	if (v->has_check)
		printf(" by %s", check_name(v->check));
	if (v->dropped > 0)
		printf(", for %" PRId64 " of the recipients only", v->dropped);
	if (redirect)
		printf(", to %s", redirect);
	if (v->rewrite.fields)
		printf(", header From rewritten to %s", v->rewrite.address);
	if (v->monitored)
		printf(" (without monitor mode: %s by %s)", action_name(v->monitor_action),
		       check_name(v->monitor_check));
	putchar('\n');
	free(redirect);
}

/* In the client's own eyes. */
static void print_reply(const struct verdict *v)
{
	static const char *const accepted[] = {
		[ACTION_ACCEPT] = "no objection",
		[ACTION_HOLD] = "accepted; the message is held, and the client is not told",
		[ACTION_DISCARD] = "accepted; the message is thrown away, and the client is not "
				   "told",
		[ACTION_REDIRECT] = "accepted; the message goes elsewhere, and the client is not "
				    "told",
	};
	static const char dropped[] = "accepted; the others get the message, and the client is not "
				      "told";
	const char *fate = v->dropped > 0 ? dropped : accepted[v->action];
	char *reply = explain_reply(v);
	char *shown = text_printable(reply ? reply : fate);

	printf("reply: %s\n", shown);
	free(shown);
	free(reply);
}

static void print_login(const struct explained *e)
{
	const struct effective *effective = &e->effective;
	char *login = text_printable(e->request.login);

	printf("login: %s, %s", login, e->request.by_identity ? "an identity, " : "");
	if (request_credential(&e->request)[0])
		printf("credential %s, ", e->request.credential);
	printf("%s, plan %s",
	       e->quotas.account ? account_state_name(effective->state) : "no account",
	       effective->plan->name);
	if (effective->plan_missing)
		printf(" (the account's own is not configured)");
	putchar('\n');
	free(login);
}

static void print_message(const struct explained *e)
{
	char *name, *sender;

	if (!e->message)
		return;
	name = text_printable(e->message_name);
	sender = text_printable(e->sender);
	printf("message: %s, %" PRId64 " octets%s; envelope sender <%s>, from %s%s\n", name,
	       e->request.size_bytes, e->size_from_file ? "" : " (--size)", sender,
	       strcmp(e->sender_from, "--from") == 0 ? "" : "its ", e->sender_from);
	free(sender);
	free(name);
}

static void print_unseen(const struct explained *e)
{
	if (e->header_seen && !e->config->milter_configured)
		printf("%s has no section milter: no daemon looks at the header\n",
		       e->config->path);
}

/* Whether they are own addresses. */
static void print_shown(const struct explained *e)
{
	const struct originators *header = &e->header->originators;
	const char *foreign = e->config->display_name_address_rejected ?
				      "which display_name_address = reject refuses" :
				      "which is flagged";

	for (size_t i = 0; i < header->n_shown; i++) {
		char *text = text_printable(header->shown[i].text);

		printf("a display name or comment of %s shows %s, %s\n",
		       originator_name(header->shown[i].field), text,
		       explain_owns_shown(e, &header->shown[i]) ? "an own address" : foreign);
		free(text);
	}
}

/* True: a way to allow it was told. */
static bool print_sender(const struct explained *e, const struct owner_view *view)
{
	const struct finding *f = &e->verdict.findings[CHECK_ENVELOPE_SENDER];
	struct address sender;
	const char *reason;
	char *shown;

	switch (explain_sender(e, &sender, &reason)) {
	case ADDRESS_OK:
		return owner_print(view, "Envelope sender", &sender);
	case ADDRESS_NULL:
		printf("Envelope sender: <>  - %s\n", f->rule);
		break;
	case ADDRESS_BAD:
		shown = text_printable(e->sender);
		printf("Envelope sender: %s  - not an address: %s\n", shown, reason);
		free(shown);
		break;
	}
	return false;
}

void explain_print(const struct explained *e)
{
	const struct owner_view view = explain_owner(e);
	bool advised;

	print_headline(&e->verdict);
	print_reply(&e->verdict);
	print_login(e);
	print_message(e);
	print_unseen(e);
	putchar('\n');
	print_checks(e);
	putchar('\n');
	if (e->header_seen) {
		header_view_print(e->header);
		print_shown(e);
		putchar('\n');
	}
	advised = print_sender(e, &view);
	for (size_t i = 0; i < e->header->n_items; i++)
		advised |= owner_print(&view, originator_name(e->header->items[i].field),
				       &e->header->items[i].address);
	if (advised)
		owner_print_note(&view);
	putchar('\n');
	look_print(&e->quotas, "THIS FITS");
}
