#include "control/owner_view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/need.h"
#include "control/table.h"
#include "control/text.h"

/* Octets of a command for a shell. */
#define ADVICE_MAX 4096

/* Octets of "group NAME", "plan NAME", "domain NAME". */
#define ORIGIN_MAX (DOMAIN_MAX + 16)

char *owner_place(const struct config *config, int line)
{
	size_t size = strlen(config->path) + 16;
	char *place;

	if (line <= 0)
		return NULL;
	place = need_room(NULL, size, 1);
	snprintf(place, size, "%s:%d", config->path, line);
	return place;
}

/* ---- what would help -------------------------------------------------------- */

/* The text as one word of a POSIX shell; false when it does not fit or is not
 * fit to be seen. The address may come from anybody. */
static bool shell_word(const char *text, char *out, size_t size)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789@._+-=:/,";
	char *printable = text_printable(text);
	bool same = strcmp(printable, text) == 0;
	size_t used = 0;

	free(printable);
	if (!same || 4 * strlen(text) + 3 > size)
		return false;
	if (*text && !text[strspn(text, plain)])
		return snprintf(out, size, "%s", text) > 0;
	out[used++] = '\'';
	for (; *text; text++) {
		if (*text == '\'')
			used += (size_t)snprintf(out + used, size - used, "'\\''");
		else
			out[used++] = *text;
	}
	out[used++] = '\'';
	out[used] = '\0';
	return true;
}

/* The address as a pattern that covers it and its tags, and nothing else. */
static bool pattern_word(const struct address *address, char *out, size_t size)
{
	const struct pattern exact = { .kind = PATTERN_EXACT, .address = *address };
	char text[PATTERN_TEXT_MAX];
	struct pattern again;
	const char *reason;

	pattern_format(&exact, text);
	return pattern_parse(text, &again, &reason) && again.kind == PATTERN_EXACT &&
	       !again.exclude && address_equal(&again.address, address, true) &&
	       shell_word(text, out, size);
}

#define WORD_MAX (4 * PATTERN_TEXT_MAX + 3)

struct advice {
	const struct owner_view *view;
	struct effective effective; /* as it would become */
	struct pattern *senders;
	char *text; /* of ADVICE_MAX octets */
	size_t len;
};

static bool add(struct advice *a, const char *before, const char *word)
{
	int n = snprintf(a->text + a->len, ADVICE_MAX - a->len, "%s%s", before, word);

	a->len += (size_t)n;
	return a->len < ADVICE_MAX;
}

static bool add_word(struct advice *a, const char *before, const char *text)
{
	char word[WORD_MAX];

	return shell_word(text, word, sizeof(word)) && add(a, before, word);
}

static bool add_command(struct advice *a, const char *command)
{
	const char *config = a->view->config_option;

	/* It would be read as an option. */
	if (a->view->login[0] == '-')
		return false;
	return add(a, "sendward", "") && (!config || add_word(a, " -c ", config)) &&
	       add_word(a, command, a->view->login);
}

/* Takes an exclusion out of the list; false when it is not one of the list. */
static bool remove_rule(struct advice *a, const struct pattern *rule)
{
	char text[PATTERN_TEXT_MAX];
	size_t i = 0;

	while (i < a->effective.n_senders && &a->senders[i] != rule)
		i++;
	if (i == a->effective.n_senders)
		return false;
	pattern_format(rule, text);
	memmove(&a->senders[i], &a->senders[i + 1],
		(--a->effective.n_senders - i) * sizeof(*a->senders));
	return add_word(a, " --remove-sender ", text);
}

static bool add_changes(struct advice *a, const struct address *address)
{
	const struct owner_view *view = a->view;
	char word[WORD_MAX];
	struct ownership o;

	for (;;) {
		ownership_of(view->config, &a->effective, view->login, address, &o);
		if (o.owned)
			return true;
		if (!o.rule)
			break;
		if (!remove_rule(a, o.rule))
			return false;
	}
	return pattern_word(address, word, sizeof(word)) && add(a, " --add-sender ", word);
}

/* The command that makes the address an own one; false: there is none. */
static bool advise(const struct owner_view *view, const struct address *address,
		   char text[ADVICE_MAX])
{
	const struct effective *now = view->effective;
	struct advice a = { .view = view, .effective = *now, .text = text };
	bool ok;

	a.senders = need_room(NULL, now->n_senders + 1, sizeof(*a.senders));
	if (now->n_senders > 0)
		memcpy(a.senders, now->senders, now->n_senders * sizeof(*a.senders));
	a.effective.senders = a.senders;
	ok = (view->account || (add_command(&a, " user add ") && add(&a, " && ", ""))) &&
	     add_command(&a, " user set ") && add_changes(&a, address);
	free(a.senders);
	return ok;
}

/* ---- for people ------------------------------------------------------------- */

struct printing {
	const struct owner_view *view;
	struct table *table;
};

/* "group sales", or where the list comes from. */
static void origin_text(const struct ownership_try *tried, char *out, size_t size)
{
	if (tried->group)
		snprintf(out, size, "group %s", tried->group);
	else
		snprintf(out, size, "%s", tried->origin);
}

static const char *answer_text(const struct ownership_try *tried)
{
	if (tried->missing)
		return tried->covers ? "excludes all: not configured" : "not configured";
	if (!tried->covers)
		return "does not cover it";
	return tried->pattern->exclude ? "excludes it" : "covers it";
}

static void add_row(const struct ownership_try *tried, void *arg)
{
	const struct printing *p = arg;
	char pattern[PATTERN_TEXT_MAX], origin[ORIGIN_MAX];
	char *place = owner_place(p->view->config, tried->line);

	pattern_format(tried->pattern, pattern);
	origin_text(tried, origin, sizeof(origin));
	table_cell(p->table, tried->covers ? "  =>" : "   -");
	table_cellf(p->table, "%s%s", tried->group ? "  " : "", pattern);
	table_cell(p->table, answer_text(tried));
	if (place)
		table_cellf(p->table, "%s (%s)", origin, place);
	else
		table_cell(p->table, origin);
	free(place);
}

/* The domain or plan gives the address, and the account's own list has taken the
 * place of that. */
static void print_replaced(const struct owner_view *view, const struct address *address)
{
	const struct plan *plan = view->effective->replaced_senders;
	const struct pattern_rules rules = config_pattern_rules(view->config);
	char text[PATTERN_TEXT_MAX];
	char *place;
	int rule;

	if (!plan || !pattern_list_owns(plan->senders, plan->n_senders, address, view->login,
					&rules, &rule))
		return;
	pattern_format(&plan->senders[rule], text);
	place = owner_place(view->config, plan->lines[PLAN_SENDERS]);
	printf("  %s%s%s%s has %s, which covers it; the account's own list is in its place\n",
	       plan->origins[PLAN_SENDERS], place ? " (" : "", place ? place : "", place ? ")" : "",
	       text);
	free(place);
}

bool owner_print(const struct owner_view *view, const char *what, const struct address *address)
{
	struct printing p = { .view = view, .table = table_new(4) };
	size_t all = ownership_patterns(view->effective);
	char text[ADDRESS_TEXT_MAX], advice[ADVICE_MAX];
	struct ownership o;
	bool advised;
	char *shown;

	ownership_trace(view->config, view->effective, view->login, address, add_row, &p, &o);
	address_format(address, text);
	shown = text_printable(text);
	printf("%s: %s  - %s\n", what, shown, o.owned ? "owned" : "not owned");
	table_print(p.table, stdout);
	table_free(&p.table);
	free(shown);
	if (o.tried == 0)
		printf("   -  no pattern in the list of %s\n", o.origin);
	if (o.tried < all)
		printf("      %zu more not asked\n", all - o.tried);
	if (!o.owned)
		print_replaced(view, address);
	advised = !o.owned && advise(view, address, advice);
	if (advised)
		printf("  to allow it: %s\n", advice);
	return advised;
}

void owner_print_note(const struct owner_view *view)
{
	const char *origin = view->effective->origins[PLAN_SENDERS];
	bool built_in = strcmp(origin, "built-in") == 0;

	if (view->account && view->account->senders)
		return;
	printf("A list that is changed is the login's own from then on, begun as a copy of the list %s\n"
	       "%s, and no longer follows it.\n",
	       built_in ? "that is" : "of", origin);
}

/* ---- as JSON ---------------------------------------------------------------- */

struct listing {
	const struct owner_view *view;
	json_t *array;
};

static json_t *place_json(const struct config *config, int line)
{
	char *place = owner_place(config, line);
	json_t *json = place ? text_json(place) : json_null();

	free(place);
	return json;
}

static void add_object(const struct ownership_try *tried, void *arg)
{
	const struct listing *l = arg;
	char text[PATTERN_TEXT_MAX], origin[ORIGIN_MAX];

	pattern_format(tried->pattern, text);
	origin_text(tried, origin, sizeof(origin));
	json_array_append_new(l->array,
			      need(json_pack("{s:o, s:b, s:b, s:s, s:o}", "pattern",
					     text_json(text), "covers", tried->covers, "exclude",
					     tried->pattern->exclude, "origin", origin, "place",
					     place_json(l->view->config, tried->line))));
}

static json_t *advice_json(const struct owner_view *view, const struct address *address, bool owned)
{
	char text[ADVICE_MAX];

	return !owned && advise(view, address, text) ? text_json(text) : json_null();
}

json_t *owner_json(const struct owner_view *view, const char *field, const struct address *address)
{
	struct listing l = { .view = view, .array = need(json_array()) };
	char text[ADDRESS_TEXT_MAX], rule[PATTERN_TEXT_MAX];
	struct ownership o;

	ownership_trace(view->config, view->effective, view->login, address, add_object, &l, &o);
	address_format(address, text);
	if (o.rule)
		pattern_format(o.rule, rule);
	return need(json_pack("{s:s, s:o, s:b, s:o, s:s, s:o, s:o, s:o}", "field", field, "address",
			      text_json(text), "owned", o.owned, "rule",
			      o.rule ? text_json(rule) : json_null(), "origin", o.origin, "place",
			      place_json(view->config, o.line), "tried", l.array, "advice",
			      advice_json(view, address, o.owned)));
}
