#include "control/alias.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/domain.h"
#include "control/need.h"

#define NODES_MAX (ALIAS_EXPANSION_MAX + 1)

/* An address on the way, and which one led to it. */
struct node {
	struct address address;
	size_t parent; /* itself: the first */
};

struct expansion {
	struct alias *alias;
	struct origin origin;
	char text[ADDRESS_TEXT_MAX]; /* where it began */
	void (*each)(struct owner *owner, void *arg);
	void *arg;
	struct remarks *remarks;
	struct node *nodes;
	size_t n, room;
	bool ended; /* after a remark */
};

static void give_up(struct expansion *e, const char *text, const char *why)
{
	remarks_add(e->remarks, REMARK_FAULT, e->origin, e->text, "%s%s", text, why);
	e->ended = true;
}

/* ---- logins -------------------------------------------------------------- */

static void reach(struct expansion *e, struct owner *owner)
{
	if (owner->mark == e->alias->mark)
		return;
	owner->mark = e->alias->mark;
	e->each(owner, e->arg);
}

/* The text that a login of that address has. */
static void login_text(const struct address *address, char out[ADDRESS_TEXT_MAX])
{
	snprintf(out, ADDRESS_TEXT_MAX, "%s@%s", address->local, address->domain);
}

static struct owner *login_of(const struct alias *alias, const struct address *address)
{
	char text[ADDRESS_TEXT_MAX];
	struct owner *owner;

	login_text(address, text);
	owner = owners_find(alias->owners, text);
	if (!owner && alias->domain && strcmp(address->domain, alias->domain) == 0)
		owner = owners_find(alias->owners, address->local);
	return owner;
}

/* An address that is no alias. */
static void deliver(struct expansion *e, const struct address *address)
{
	struct address without = *address;
	char text[ADDRESS_TEXT_MAX], login[LOGIN_MAX + 1];
	struct owner *owner = login_of(e->alias, address);

	if (!owner && map_without_extension(e->alias->map, address, &without))
		owner = login_of(e->alias, &without);
	if (!owner && e->alias->target_is_login) {
		login_text(&without, text);
		if (config_login(e->alias->config, text, login))
			owner = owners_get(e->alias->owners, login);
	}
	if (owner)
		reach(e, owner);
}

/* ---- the way there ------------------------------------------------------- */

static bool same(const struct address *a, const struct address *b)
{
	return address_equal(a, b, false);
}

/* Is the address one of those that led to node i? */
static bool is_ancestor(const struct expansion *e, size_t i, const struct address *address)
{
	for (;; i = e->nodes[i].parent) {
		if (same(&e->nodes[i].address, address))
			return true;
		if (e->nodes[i].parent == i)
			return false;
	}
}

static bool is_there(const struct expansion *e, const struct address *address)
{
	for (size_t i = 0; i < e->n; i++)
		if (same(&e->nodes[i].address, address))
			return true;
	return false;
}

static void add_node(struct expansion *e, size_t parent, const struct address *address)
{
	if (e->n == NODES_MAX) {
		give_up(e, "", "leads to more than 1000 addresses; Postfix expands no such alias");
		return;
	}
	if (e->n == e->room) {
		e->room = e->room ? 2 * e->room : 8;
		e->nodes = need_room(e->nodes, e->room, sizeof(*e->nodes));
	}
	e->nodes[e->n++] = (struct node){ *address, parent };
}

/* Reads one of the values that stand for node i. False: it is no address. */
static bool read_target(struct expansion *e, size_t i, const char *text, struct address *out)
{
	char whole[ADDRESS_TEXT_MAX];
	const char *reason;

	if (*text == '@') {
		*out = e->nodes[i].address;
		return domain_normalise(text + 1, out->domain);
	}
	if (!strchr(text, '@')) {
		if (!e->alias->domain || snprintf(whole, sizeof(whole), "%s@%s", text,
						  e->alias->domain) >= (int)sizeof(whole))
			return false;
		text = whole;
	}
	return address_parse(text, ADDRESS_SMTP, out, &reason) == ADDRESS_OK;
}

static void follow(struct expansion *e, size_t i, const char *text)
{
	struct owner *owner = strchr(text, '@') ? NULL : owners_find(e->alias->owners, text);
	struct address target;

	if (owner) {
		reach(e, owner);
		return;
	}
	if (!read_target(e, i, text, &target)) {
		remarks_add(e->remarks, REMARK_FAULT, e->origin, e->text,
			    "%s is neither an address nor a login", text);
		return;
	}
	/* An alias to itself ends there. */
	if (same(&e->nodes[i].address, &target))
		deliver(e, &target);
	else if (is_ancestor(e, i, &target))
		give_up(e, text, " leads to itself: a loop");
	else if (!is_there(e, &target))
		add_node(e, i, &target);
}

static void expand(struct expansion *e, size_t i)
{
	const struct map_entry *entry = map_look_up(e->alias->map, &e->nodes[i].address);

	if (!entry) {
		deliver(e, &e->nodes[i].address);
		return;
	}
	for (size_t j = 0; j < entry->n_values && !e->ended; j++)
		follow(e, i, entry->values[j]);
}

bool alias_logins(struct alias *alias, const struct address *address, struct origin origin,
		    void (*each)(struct owner *owner, void *arg), void *arg,
		    struct remarks *remarks)
{
	struct expansion e = {
		.alias = alias,
		.origin = origin,
		.each = each,
		.arg = arg,
		.remarks = remarks,
	};

	alias->mark++;
	login_text(address, e.text);
	add_node(&e, 0, address);
	for (size_t i = 0; i < e.n && !e.ended; i++)
		expand(&e, i);
	free(e.nodes);
	return !e.ended;
}
