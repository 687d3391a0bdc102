#include "control/differ.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/memory.h"
#include "control/names.h"
#include "control/need.h"
#include "control/text.h"
#include "engine/ownership.h"
#include "engine/place.h"

/* Who may own what is at a place (engine/place.h). */
struct spot {
	char *key;
	const struct owner **owners;
	size_t n, room;
	UT_hash_handle hh;
};

/* An address to compare, or a domain (.local empty). */
struct subject {
	char *key;
	struct address address;
	UT_hash_handle hh;
};

struct differ {
	const struct config *config;
	const struct map *map;
	const struct owners *owners;
	int64_t now_s;
	struct spot *spots;
	struct subject *subjects;
};

/* An address of a domain that stands for those nobody names. */
static const char anybody[] = "sendward.any.address.of.this.domain";

#define KEY_TEXT_MAX (LOCAL_PART_MAX + 1 + DOMAIN_MAX + 1)

/* ---- what is in force when all is done ------------------------------------ */

static void resolve(const struct differ *d, const struct owner *owner, struct effective *out)
{
	struct account after = { .max_recipients = ACCOUNT_UNSET,
				 .max_size_bytes = ACCOUNT_UNSET,
				 .require_tls = ACCOUNT_UNSET };
	const struct account *account = owner->account;

	if (owner->after) {
		if (account)
			after = *account;
		after.senders = owner->after;
		after.n_senders = owner->n_after;
		account = &after;
	}
	effective_resolve(d->config, account, owner->login, d->now_s, out);
}

static bool owns(const struct differ *d, const struct owner *owner, const struct address *address)
{
	struct ownership ownership;
	struct effective effective;

	resolve(d, owner, &effective);
	ownership_of(d->config, &effective, owner->login, address, &ownership);
	return ownership.owned;
}

/* ---- the index ------------------------------------------------------------ */

static struct spot *find_spot(const struct differ *d, const struct place *place, bool make,
			      struct spot **spots)
{
	char key[KEY_TEXT_MAX];
	struct spot *spot;

	snprintf(key, sizeof(key), "%s@%s", place->local, place->domain);
	HASH_FIND_STR(d->spots, key, spot);
	if (spot || !make)
		return spot;
	spot = memory_zero(sizeof(*spot));
	spot->key = memory_strdup(key);
	HASH_ADD_KEYPTR(hh, *spots, spot->key, strlen(spot->key), spot);
	return spot;
}

static void add_to_spot(struct differ *d, const struct place *place, const struct owner *owner)
{
	struct spot *spot = find_spot(d, place, true, &d->spots);

	if (spot->n > 0 && spot->owners[spot->n - 1] == owner)
		return;
	if (spot->n == spot->room) {
		spot->room = spot->room ? 2 * spot->room : 1;
		spot->owners = need_room(spot->owners, spot->room, sizeof(*spot->owners));
	}
	spot->owners[spot->n++] = owner;
}

static void add_subject(struct differ *d, const struct address *address)
{
	char key[KEY_TEXT_MAX];
	struct subject *subject;

	snprintf(key, sizeof(key), "%s@%s", address->local, address->domain);
	HASH_FIND_STR(d->subjects, key, subject);
	if (subject)
		return;
	subject = memory_zero(sizeof(*subject));
	subject->key = memory_strdup(key);
	subject->address = *address;
	HASH_ADD_KEYPTR(hh, d->subjects, subject->key, strlen(subject->key), subject);
}

static void add_pattern(struct differ *d, const struct pattern *pattern, const struct owner *owner)
{
	struct address own;
	struct place place;
	const char *reason;

	if (place_of_pattern(pattern, owner->login, &place))
		add_to_spot(d, &place, owner);
	if (pattern->kind == PATTERN_EXACT || pattern->kind == PATTERN_DOMAIN)
		add_subject(d, &pattern->address);
	else if (pattern->kind == PATTERN_LOGIN &&
		 address_parse(owner->login, ADDRESS_INTERNAL, &own, &reason) == ADDRESS_OK)
		add_subject(d, &own);
}

static void add_owner(struct differ *d, const struct owner *owner)
{
	const struct pattern *beside;
	struct effective effective;
	struct place own;

	/* A group of senders may have %login in it. */
	if (place_of_login(owner->login, &own))
		add_to_spot(d, &own, owner);
	resolve(d, owner, &effective);
	for (size_t i = 0; i < effective.n_senders; i++)
		add_pattern(d, &effective.senders[i], owner);
	beside = ownership_beside(&effective);
	if (beside)
		add_pattern(d, beside, owner);
}

/* What the groups of senders name. */
static void add_groups(struct differ *d)
{
	for (size_t i = 0; i < d->config->n_sender_groups; i++) {
		const struct pattern_group *group = &d->config->sender_groups[i];

		for (size_t j = 0; j < group->n; j++)
			if (group->patterns[j].kind == PATTERN_EXACT ||
			    group->patterns[j].kind == PATTERN_DOMAIN)
				add_subject(d, &group->patterns[j].address);
	}
}

/* ---- comparing -------------------------------------------------------------- */

static bool same(const struct names *a, const struct names *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (strcmp(a->list[i], b->list[i]) != 0)
			return false;
	return true;
}

static void ask_postfix(const struct differ *d, const struct address *address, struct names *out)
{
	const struct map_entry *entry = map_look_up(d->map, address);

	for (size_t i = 0; entry && i < entry->n_values; i++) {
		const struct owner *owner = owners_find(d->owners, entry->values[i]);

		names_add(out, owner ? owner->login : entry->values[i]);
	}
	names_sort(out);
}

struct asking {
	const struct differ *d;
	const struct address *address;
	struct names *out;
};

static void at_place(const struct place *place, void *arg)
{
	const struct asking *asking = arg;
	const struct spot *spot = find_spot(asking->d, place, false, NULL);

	for (size_t i = 0; spot && i < spot->n; i++)
		if (owns(asking->d, spot->owners[i], asking->address))
			names_add(asking->out, spot->owners[i]->login);
}

static void ask_sendward(const struct differ *d, const struct address *address, struct names *out)
{
	struct asking asking = { d, address, out };

	place_of_address(d->config, address, at_place, &asking);
	names_sort(out);
}

static json_t *names_json(const struct names *names)
{
	json_t *array = need(json_array());

	for (size_t i = 0; i < names->n; i++)
		json_array_append_new(array, text_json(names->list[i]));
	return array;
}

/* Those that are identities. */
static json_t *identities_json(const struct differ *d, const struct names *names)
{
	json_t *array = need(json_array());

	for (size_t i = 0; i < names->n; i++) {
		const struct owner *owner = owners_find(d->owners, names->list[i]);

		if (owner && owner->account && owner->account->identity)
			json_array_append_new(array, text_json(names->list[i]));
	}
	return array;
}

static void compare(const struct differ *d, const struct subject *subject, json_t *out)
{
	struct address address = subject->address;
	struct names postfix = { 0 }, sendward = { 0 };
	bool domain = address.local[0] == '\0';
	char text[ADDRESS_TEXT_MAX];

	if (domain)
		memcpy(address.local, anybody, sizeof(anybody));
	ask_postfix(d, &address, &postfix);
	ask_sendward(d, &address, &sendward);
	if (!same(&postfix, &sendward)) {
		if (domain)
			snprintf(text, sizeof(text), "*@%s", address.domain);
		else
			address_format(&address, text);
		json_array_append_new(out, need(json_pack("{s:o, s:o, s:o, s:o}", "address",
							  text_json(text), "postfix",
							  names_json(&postfix), "sendward",
							  names_json(&sendward), "identities",
							  identities_json(d, &sendward))));
	}
	names_fini(&postfix);
	names_fini(&sendward);
}

static int by_key(const struct subject *a, const struct subject *b)
{
	return strcmp(a->key, b->key);
}

static void clear(struct differ *d)
{
	struct spot *spot, *next_spot;
	struct subject *subject, *next;

	HASH_ITER(hh, d->spots, spot, next_spot)
	{
		HASH_DEL(d->spots, spot);
		free(spot->owners);
		free(spot->key);
		free(spot);
	}
	HASH_ITER(hh, d->subjects, subject, next)
	{
		HASH_DEL(d->subjects, subject);
		free(subject->key);
		free(subject);
	}
}

json_t *differ(const struct config *config, const struct map *map, const struct owners *owners,
	       int64_t now_s)
{
	struct differ d = {
		.config = config,
		.map = map,
		.owners = owners,
		.now_s = now_s,
	};
	json_t *out = need(json_array());

	for (size_t i = 0; i < owners_count(owners); i++)
		add_owner(&d, owners_at(owners, i));
	add_groups(&d);
	for (size_t i = 0; i < map_count(map); i++)
		add_subject(&d, &map_at(map, i)->address);
	HASH_SORT(d.subjects, by_key);
	for (const struct subject *s = d.subjects; s; s = s->hh.next)
		compare(&d, s, out);
	clear(&d);
	return out;
}
