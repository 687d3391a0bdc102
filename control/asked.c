#define _GNU_SOURCE
#include "control/asked.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"

static const struct {
	const char *name, *state;
} lists[ASKED_LISTS] = {
	[LIST_CLIENT] = { "smtpd_client_restrictions", "CONNECT" },
	[LIST_HELO] = { "smtpd_helo_restrictions", "EHLO" },
	[LIST_SENDER] = { "smtpd_sender_restrictions", "MAIL" },
	[LIST_RELAY] = { "smtpd_relay_restrictions", "RCPT" },
	[LIST_RECIPIENT] = { "smtpd_recipient_restrictions", "RCPT" },
	[LIST_DATA] = { "smtpd_data_restrictions", "DATA" },
	[LIST_END_OF_DATA] = { "smtpd_end_of_data_restrictions", "END-OF-MESSAGE" },
};

/* What ends a list for some sessions or for all that have logged in, so that nothing
 * behind it is asked; what refuses does not behind warn_if_reject. */
static const struct {
	const char *restriction;
	bool for_all, refuses;
} ends[] = {
	{ "permit_sasl_authenticated", true, false },
	{ "permit", true, false },
	{ "reject", true, true },
	{ "defer", true, true },
	{ "check_relay_domains", true, true },
	{ "permit_mynetworks", false, false },
	{ "permit_inet_interfaces", false, false },
	{ "permit_auth_destination", false, false },
	{ "permit_dnswl_client", false, false },
	{ "permit_mx_backup", false, false },
	{ "permit_naked_ip_address", false, false },
	{ "permit_rhswl_client", false, false },
	{ "permit_tls_clientcerts", false, false },
	{ "permit_tls_all_clientcerts", false, false },
};

/* What asks smtpd_sender_login_maps (postconf(5)); seen on servers: where there is no AUTH
 * all of them are ignored. */
static const struct {
	const char *restriction;
	bool logins, others;
} mismatches[] = {
	{ "reject_sender_login_mismatch", true, true },
	{ "reject_known_sender_login_mismatch", true, true },
	{ "reject_authenticated_sender_login_mismatch", true, false },
	{ "reject_unauthenticated_sender_login_mismatch", false, true },
};

const char *asked_list_name(enum asked_list list)
{
	return lists[list].name;
}

/* smtpd_delay_reject: what could be asked earlier is asked at RCPT. */
const char *asked_state(const struct asked *asked, enum asked_list list)
{
	if (list <= LIST_RECIPIENT && setup_yes(&asked->service->force, "smtpd_delay_reject"))
		return "RCPT";
	return lists[list].state;
}

/* ---- policy services -------------------------------------------------------- */

/* Where in a list one is. */
struct walk {
	struct asked *asked;
	enum asked_list list;
	const char *ender, *skipper;
	int depth;
	bool warns; /* all of a class is behind warn_if_reject */
};

static void pass(struct walk *walk, const char *restriction, bool warns)
{
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		const char **first = ends[i].for_all ? &walk->ender : &walk->skipper;

		if (strcasecmp(restriction, ends[i].restriction) == 0 && !*first &&
		    !(warns && ends[i].refuses))
			*first = ends[i].restriction;
	}
}

static void note_mismatch(struct walk *walk, const char *restriction, bool warns)
{
	struct asked_map *map = &walk->asked->map;

	for (size_t i = 0; i < sizeof(mismatches) / sizeof(mismatches[0]); i++) {
		if (strcasecmp(restriction, mismatches[i].restriction) != 0)
			continue;
		map->others = map->others || (mismatches[i].others && !warns);
		if (!mismatches[i].logins)
			continue;
		if (!walk->ender) {
			map->logins = true;
		} else if (!map->unreached) {
			map->unreached = mismatches[i].restriction;
			map->ender = walk->ender;
			map->list = walk->list;
		}
	}
}

/* Is it written as a server is, not as a restriction or a table? */
static bool looks_like_server(const char *item)
{
	return strncmp(item, "unix:", 5) == 0 || strncmp(item, "inet:", 5) == 0 || item[0] == '{';
}

/* smtpd reads the names of restrictions without case. */
static bool is_word(const struct postfix_list *list, size_t i, const char *word)
{
	return strcasecmp(list->items[i], word) == 0;
}

static const char asks[] = "check_policy_service";

/* "{ check_policy_service unix:path, timeout=5s }": what is behind the word, with a brace
 * before it, owned; NULL: it is not so. Postfix takes it for a table, and refuses all mail. */
static char *inside_out(const char *item)
{
	const char *word = item + 1 + strspn(item + 1, " \t"), *rest = word + strlen(asks);
	char *server;

	if (item[0] != '{' || strncasecmp(word, asks, strlen(asks)) != 0)
		return NULL;
	rest += strspn(rest, " \t");
	if (asprintf(&server, "%s%s", rest[0] == '{' ? "" : "{ ", rest) < 0)
		memory_exhausted();
	return server;
}

/* The word before item i, where that is not check_policy_service. */
static void set_instead(struct asked_policy *policy, const struct postfix_list *list, size_t i,
			bool is_inside_out)
{
	if (is_inside_out)
		snprintf(policy->instead, ASKED_WORD_MAX, "{ %s", asks);
	else
		snprintf(policy->instead, ASKED_WORD_MAX, "%s", i > 0 ? list->items[i - 1] : "-");
}

/* Item i, which is behind check_policy_service, or was meant to be. */
static void meet(struct walk *walk, const struct postfix_list *list, size_t i)
{
	bool right = i > 0 && is_word(list, i - 1, asks);
	struct asked *asked = walk->asked;
	struct asked_policy *policy = &asked->policies[asked->n_policies];
	const char *context;
	char *server;

	if (asked->n_policies == ASKED_POLICIES_MAX)
		return;
	*policy = (struct asked_policy){ .list = walk->list,
					 .ender = walk->ender,
					 .skipper = walk->skipper,
					 .warn_only = walk->warns ||
						      (right && postfix_list_warns(list, i - 1)) };
	server = right ? NULL : inside_out(list->items[i]);
	if (!right)
		set_instead(policy, list, i, server != NULL);
	if (list->items[i][0] != '{' && i + 1 < list->n && strchr(list->items[i + 1], '='))
		snprintf(policy->unbraced, ASKED_WORD_MAX, "%s", list->items[i + 1]);
	postfix_server_init(&policy->server, server ? server : list->items[i]);
	free(server);
	setup_find_server(asked->setup, asked->service->chrooted, policy->server.endpoint,
			  &policy->target);
	context = postfix_server_value(&policy->server, "policy_context", "");
	policy->relay = strcmp(context, "relay") == 0 || strncmp(context, "relay:", 6) == 0;
	if (policy->target.place == PLACE_FOREIGN)
		postfix_server_fini(&policy->server);
	else
		asked->n_policies++;
}

static void go_through(struct walk *walk, const char *text)
{
	const struct setup_settings *force = &walk->asked->service->force;
	bool all_warns = walk->warns;
	struct postfix_list list;

	if (walk->depth == ASKED_DEPTH_MAX)
		return;
	walk->depth++;
	postfix_list_init(&list, text);
	for (size_t i = 0; i < list.n; i++) {
		const char *item = list.items[i];
		bool warns = all_warns || postfix_list_warns(&list, i);

		if (looks_like_server(item) || (i > 0 && is_word(&list, i - 1, asks))) {
			meet(walk, &list, i);
		} else if (setup_lists(force, "smtpd_restriction_classes", item)) {
			walk->warns = warns;
			go_through(walk, setup_value(force, item));
			walk->warns = all_warns;
		} else {
			note_mismatch(walk, item, warns);
			pass(walk, item, warns);
		}
	}
	postfix_list_fini(&list);
	walk->depth--;
}

/* ---- milters ---------------------------------------------------------------- */

static void read_milters(struct asked *asked)
{
	struct postfix_list list;

	postfix_list_init(&list, setup_value(&asked->service->force, "smtpd_milters"));
	for (size_t i = 0; i < list.n && i < ASKED_MILTERS_MAX; i++) {
		struct asked_milter *milter = &asked->milters[asked->n_milters++];

		postfix_server_init(&milter->server, list.items[i]);
		setup_find_server(asked->setup, asked->service->chrooted, milter->server.endpoint,
				  &milter->target);
	}
	postfix_list_fini(&list);
}

/* ---- whole ------------------------------------------------------------------ */

void asked_init(struct asked *asked, const struct setup *setup, const struct setup_service *service)
{
	memset(asked, 0, sizeof(*asked));
	asked->setup = setup;
	asked->service = service;
	for (enum asked_list list = 0; list < ASKED_LISTS; list++) {
		struct walk walk = { .asked = asked, .list = list };

		go_through(&walk, setup_value(&service->force, lists[list].name));
	}
	read_milters(asked);
	asked_senders_init(asked);
}

void asked_fini(struct asked *asked)
{
	for (size_t i = 0; i < asked->n_policies; i++)
		postfix_server_fini(&asked->policies[i].server);
	for (size_t i = 0; i < asked->n_milters; i++)
		postfix_server_fini(&asked->milters[i].server);
	asked->n_policies = asked->n_milters = 0;
	asked_senders_fini(asked);
}

static bool is_ours(const struct setup_target *target, enum setup_part part)
{
	return target->place == PLACE_OURS && target->part == part;
}

bool asked_is_ours(const struct asked_policy *policy)
{
	return is_ours(&policy->target, PART_POLICYD) && !policy->instead[0];
}

bool asked_in(const struct asked *asked, enum asked_list list)
{
	for (size_t i = 0; i < asked->n_policies; i++) {
		const struct asked_policy *policy = &asked->policies[i];

		if (policy->list == list && !policy->relay && !policy->ender &&
		    asked_is_ours(policy))
			return true;
	}
	return false;
}

size_t asked_milter(const struct asked *asked)
{
	size_t i = 0;

	while (i < asked->n_milters && !is_ours(&asked->milters[i].target, PART_MILTER))
		i++;
	return i;
}

const char *asked_protocol(const struct asked *asked, size_t i)
{
	return postfix_server_value(&asked->milters[i].server, "protocol",
				    setup_value(&asked->service->force, "milter_protocol"));
}

/* There are extensions behind it: "6, no_header_reply". */
bool asked_too_old(const struct asked *asked, size_t i)
{
	const char *version = asked_protocol(asked, i);

	return *version >= '1' && *version < '6';
}

bool asked_by_milter(const struct asked *asked)
{
	const struct setup_settings *force = &asked->service->force;
	size_t ours = asked_milter(asked);

	return ours < asked->n_milters && !asked_too_old(asked, ours) &&
	       !*setup_value(force, "smtpd_proxy_filter") &&
	       !setup_lists(force, "receive_override_options", "no_milters");
}
