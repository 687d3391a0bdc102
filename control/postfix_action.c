#include "control/postfix_action.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "control/postfix_list.h"

static const char passes[] = "passes unchecked, and uncharged";
static const char is_refused[] = "is refused for good";

struct action {
	const char *word;
	const char *effect; /* NULL: the mail comes again later */
};

/* By their first word. Those that add something let it pass. */
static const struct action actions[] = {
	{ "bcc", passes },
	{ "defer", NULL },
	{ "defer_if_permit", NULL },
	{ "defer_if_reject", passes },
	{ "discard", "is thrown away" },
	{ "dunno", passes },
	{ "filter", passes },
	{ "hold", "is held" },
	{ "info", passes },
	{ "ok", passes },
	{ "prepend", passes },
	{ "redirect", "goes to another address, uncharged" },
	{ "reject", is_refused },
	{ "relay", passes },
	{ "warn", passes },
};

/* What is none of these is a list of restrictions; of users, and recipients elsewhere,
 * these decide. */
static const struct action restrictions[] = {
	{ "check_relay_domains", is_refused },
	{ "defer", NULL },
	{ "defer_if_permit", NULL },
	{ "defer_unauth_destination", NULL },
	{ "permit", passes },
	{ "permit_sasl_authenticated", passes },
	{ "reject", is_refused },
	{ "reject_unauth_destination", is_refused },
};

/* Else a milter that is away is asked for later, also by what is none. */
static const struct action milter_actions[] = {
	{ "accept", passes },
	{ "quarantine", "is held, uncharged" },
	{ "reject", is_refused },
};

static const struct action *find(const struct action *table, size_t n, const char *text, size_t len)
{
	for (size_t i = 0; i < n; i++)
		if (strlen(table[i].word) == len && strncasecmp(table[i].word, text, len) == 0)
			return &table[i];
	return NULL;
}

#define FIND(table, text, len) find(table, sizeof(table) / sizeof((table)[0]), text, len)

static bool is_number(const char *text)
{
	return *text && text[strspn(text, "0123456789")] == '\0';
}

/* ---- a list of restrictions ----------------------------------------------------- */

/* Some may decide, by what is not known here. */
static bool may_be_restriction(const char *item)
{
	static const char *const beginnings[] = { "permit_", "reject_", "check_" };

	for (size_t i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]); i++)
		if (strncasecmp(item, beginnings[i], strlen(beginnings[i])) == 0)
			return true;
	return strcasecmp(item, "defer_if_reject") == 0 || strcasecmp(item, "sleep") == 0;
}

/* Of permit_dnswl_client and its like, and of sleep. */
static bool is_argument(const char *item)
{
	return strchr(item, '.') || is_number(item);
}

struct walk {
	const struct setup_settings *force;
	int depth;
	bool warns; /* behind warn_if_reject: nothing is refused */
};

/* True when it is decided. */
static bool go_through(const struct walk *walk, const char *text, const char **effect)
{
	struct postfix_list list;
	bool decided = false;

	postfix_list_init(&list, text);
	for (size_t i = 0; i < list.n && !decided; i++) {
		const char *item = list.items[i];
		const struct action *restriction = FIND(restrictions, item, strlen(item));
		const struct walk inner = { walk->force, walk->depth + 1,
					    walk->warns || postfix_list_warns(&list, i) };

		if (strcasecmp(item, POSTFIX_WARNS) == 0)
			continue;
		if (restriction) {
			decided = !inner.warns || restriction->effect == passes;
			*effect = decided ? restriction->effect : *effect;
		} else if (setup_lists(walk->force, "smtpd_restriction_classes", item)) {
			decided = inner.depth <= ACTION_DEPTH_MAX &&
				  go_through(&inner, setup_value(walk->force, item), effect);
		} else if (!may_be_restriction(item) && !is_argument(item)) {
			/* "451 4.3.5 Server configuration error" */
			*effect = NULL;
			decided = true;
		}
	}
	postfix_list_fini(&list);
	return decided;
}

/* ---- one action ------------------------------------------------------------------ */

/* "451 4.3.0 Later"; a number alone lets mail pass. */
static bool is_reply(const char *text)
{
	return (text[0] == '4' || text[0] == '5') && isdigit((unsigned char)text[1]) &&
	       isdigit((unsigned char)text[2]) && (text[3] == ' ' || text[3] == '\t');
}

const char *postfix_policy_action(const struct setup_settings *force, const char *action)
{
	const struct action *found = FIND(actions, action, strcspn(action, " \t"));
	const char *effect = passes;

	if (found)
		return found->effect;
	if (is_number(action))
		return "passes unchecked, and uncharged, as a number without a text does not refuse";
	if (is_reply(action))
		return action[0] == '5' ? is_refused : NULL;
	/* A table is not read there: "451 4.3.5 Server configuration error". */
	if (strchr(action, ':'))
		return NULL;
	go_through(&(struct walk){ .force = force }, action, &effect);
	return effect;
}

const char *postfix_milter_action(const char *action)
{
	const struct action *found = FIND(milter_actions, action, strlen(action));

	return found ? found->effect : NULL;
}
