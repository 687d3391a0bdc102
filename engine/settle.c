#include <string.h>

#include "base/builder.h"
#include "engine/deciding.h"

bool decision_key_fits(const char *id)
{
	size_t len = strcspn(id, "#");

	return len > 0 && len <= QUEUE_ID_MAX && !id[len];
}

bool decision_message_key(const struct config *config, const struct request *request,
			  char out[MESSAGE_KEY_MAX + 1])
{
	const char *token = request->token ? request->token : "";
	const char *id = decision_key_fits(request->queue_id) ? request->queue_id : token;
	struct builder key;

	builder_init(&key, out, MESSAGE_KEY_MAX + 1);
	if (*id) {
		builder_add(&key, config->node);
		builder_add_char(&key, '/');
		builder_add(&key, id);
		builder_add(&key, *token ? "#" : "");
		builder_add(&key, token);
	}
	if (key.cut)
		out[0] = '\0';
	return out[0] != '\0';
}

/* Of a scope; NULL: of the login. One for each scope at most, so there is room. */
static void add_charge(const struct decision *d, const struct effective_scope *scope,
		       struct charges *charges)
{
	struct charge *c = &charges->items[charges->n++];
	struct builder name;

	c->scope = scope ? scope->scope : SCOPE_LOGIN;
	builder_init(&name, c->name, sizeof(c->name));
	builder_add(&name, scope ? scope->name : d->request->login);
}

void settle_remember(const struct decision *d, struct charges *charges)
{
	if (d->message_key[0] && d->n_rows > 0 && charges->n < TAKE_SCOPES)
		add_charge(d, decision_scope(d), charges);
}

static void take_back(const struct decision *d, const struct charges *charges, bool forget)
{
	for (size_t i = 0; i < charges->n; i++)
		d->env->refund(d->env->ctx, &charges->items[i], d->message_key, forget);
}

static bool is_over(const struct verdict *verdict)
{
	const struct finding *quotas = &verdict->findings[CHECK_QUOTAS];

	return quotas->result == FINDING_REFUSE && quotas->mode == MODE_ENFORCE;
}

bool settle_is_charged(const struct verdict *verdict)
{
	return verdict->action != ACTION_DEFER && verdict->action != ACTION_REFUSE &&
	       !is_over(verdict);
}

/* One for each scope at most, so there is room. */
static void add_charges(struct charges *to, const struct charges *from)
{
	for (size_t i = 0; i < from->n; i++)
		to->items[to->n++] = from->items[i];
}

/* Of the login and of all that it shares, charged or not. */
static void forget_charges(const struct decision *d)
{
	struct charges charges = { .n = 0 };

	add_charge(d, NULL, &charges);
	for (size_t i = 0; i < d->effective.n_scopes; i++)
		add_charge(d, &d->effective.scopes[i], &charges);
	take_back(d, &charges, true);
}

/* The gate refuses at the last stage. Should it be a repeated request, the
 * login blocked since the first was charged, that charge goes back. Of all others
 * nothing was charged. */
static bool may_be_charged(const struct decision *d)
{
	return d->refused && d->message_key[0] && d->request->may_be_repeated;
}

/* The policy daemon has charged what is not accepted after all. It is remembered with a token
 * of that daemon's own. */
static void forget_charged_before(struct decision *d)
{
	struct request request = *d->request;

	request.token = NULL;
	if (request.login[0] && decision_message_key(d->config, &request, d->message_key))
		forget_charges(d);
}

/* What one scope refuses is charged to none; what is not accepted neither. */
void settle_charges(struct decision *d)
{
	struct verdict *v = &d->verdict;

	if (may_be_charged(d))
		forget_charges(d);
	else if (d->request->charged_before && !settle_is_charged(v))
		forget_charged_before(d);
	if (!settle_is_charged(v)) {
		take_back(d, &v->charges, is_over(v));
		take_back(d, &d->in_doubt, false);
		v->charges.n = 0;
		v->n_warnings = 0;
		v->charged = false;
		return;
	}
	v->charged = v->charges.n > 0;
	/* A charge that may still arrive is one that may have to go back. */
	add_charges(&v->charges, &d->in_doubt);
}

void decision_refund(const struct decision_env *env, const struct config *config,
		     const struct request *request, const struct charges *charges)
{
	char key[MESSAGE_KEY_MAX + 1];

	if (!decision_message_key(config, request, key))
		return;
	for (size_t i = 0; i < charges->n; i++)
		env->refund(env->ctx, &charges->items[i], key, false);
}
