#include "store/sentinel.h"

#include <errno.h>
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "store/scout.h"

/* What a primary that has been replaced accepts until then is lost. */
#define ASK_EVERY_MS 500

struct sentinel {
	struct nodes *nodes;
	struct redis_settings own; /* as the sentinels themselves are spoken to */
	enum endpoint_kind kind;   /* of the primary, too */
	struct scout *scout;
	struct node *primary;	/* NULL none */
	struct node *candidate; /* named by a sentinel, not connected yet; NULL none */
	char *name, *what;
};

/* ---- the primary -------------------------------------------------------- */

static void promote(struct sentinel *s, struct node *node)
{
	char address[ENDPOINT_TEXT_MAX];

	endpoint_format(&node->address, address);
	log_info("redis %s: the primary is %s", s->what, address);
	if (s->primary)
		node_drop(s->primary);
	s->primary = node;
	s->primary->owner = true;
	s->candidate = NULL;
}

static void forget_candidate(struct sentinel *s)
{
	if (s->candidate)
		node_drop(s->candidate);
	s->candidate = NULL;
}

static void named(struct sentinel *s, const struct endpoint *address)
{
	if (!s->candidate || !endpoint_equal(&s->candidate->address, address))
		forget_candidate(s);
	if (!s->candidate &&
	    (!s->primary || !endpoint_equal(&s->primary->address, address)))
		s->candidate = node_at(s->nodes, address);
	scout_worry(s->scout, s->candidate || !s->primary || !link_is_up(s->primary->link));
}

void sentinel_changed(struct sentinel *s, struct node *node, bool up)
{
	if (up && node == s->candidate)
		promote(s, node);
	else if (!up && node == s->primary)
		scout_hurry(s->scout);
}

struct node *sentinel_primary(const struct sentinel *s)
{
	return s->primary;
}

/* ---- asking ------------------------------------------------------------- */

/* Two texts, address and port; nothing when the name is not known there. */
static bool on_answer(const struct redisReply *reply, const struct endpoint *from,
		      const char **why, void *arg)
{
	struct sentinel *s = arg;
	struct endpoint address = { .kind = s->kind };
	unsigned long port;

	(void)from;
	*why = "does not know the master's name";
	if (reply->type == REDIS_REPLY_NIL)
		return false;
	*why = "an answer that makes no sense";
	if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2 ||
	    reply->element[0]->type != REDIS_REPLY_STRING ||
	    reply->element[1]->type != REDIS_REPLY_STRING)
		return false;
	port = strtoul(reply->element[1]->str, NULL, 10);
	if (!reply->element[0]->str[0] || reply->element[0]->len > ENDPOINT_HOST_MAX ||
	    port == 0 || port > UINT16_MAX)
		return false;
	snprintf(address.host, sizeof(address.host), "%s", reply->element[0]->str);
	address.port = (uint16_t)port;
	named(s, &address);
	return true;
}

void sentinel_hurry(struct sentinel *s)
{
	scout_hurry(s->scout);
}

const char *sentinel_error(const struct sentinel *s)
{
	return scout_error(s->scout);
}

/* ---- life --------------------------------------------------------------- */

static void set_own(struct sentinel *s, const struct redis_settings *settings)
{
	s->own = *settings;
	s->own.username = settings->sentinel_username;
	s->own.password_file = settings->sentinel_password_file;
	s->own.database = 0;
}

struct sentinel *sentinel_new(struct nodes *nodes, const struct redis_settings *settings)
{
	struct sentinel *s = memory_zero(sizeof(*s));
	size_t size = strlen(settings->sentinel_master) + sizeof("sentinel ");
	struct scout_task task = { .n_question = 3,
				   .every_ms = ASK_EVERY_MS,
				   .answer = on_answer,
				   .arg = s };

	s->nodes = nodes;
	s->kind = settings->sentinels[0].kind;
	s->name = memory_strdup(settings->sentinel_master);
	s->what = memory_alloc(size);
	snprintf(s->what, size, "sentinel %s", s->name);
	set_own(s, settings);
	task.what = s->what;
	task.question[0] = "SENTINEL";
	task.question[1] = "GET-MASTER-ADDR-BY-NAME";
	task.question[2] = s->name;
	s->scout = scout_new(nodes->base, &task, settings->sentinels, settings->n_sentinels,
			     &s->own, nodes->tls);
	return s;
}

void sentinel_configure(struct sentinel *s, const struct redis_settings *settings)
{
	set_own(s, settings);
	scout_configure(s->scout, &s->own, s->nodes->tls);
}

void sentinel_free(struct sentinel **sentinel)
{
	struct sentinel *s = *sentinel;

	if (!s)
		return;
	scout_free(&s->scout);
	free(s->name);
	free(s->what);
	free(s);
	*sentinel = NULL;
}
