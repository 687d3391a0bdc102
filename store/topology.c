#include "store/topology.h"

#include "store/sentinel.h"

static void on_change(struct node *node, bool up, void *arg)
{
	struct topology *t = arg;

	if (t->sentinel)
		sentinel_changed(t->sentinel, node, up);
	t->change(node, up, t->arg);
}

void topology_init(struct topology *t, struct event_base *base,
		   const struct redis_settings *settings, nodes_change *change, void *arg)
{
	*t = (struct topology){ .change = change, .arg = arg };
	nodes_init(&t->nodes, base, settings,
		   settings->n_sentinels > 0 ? LINK_PRIMARY : LINK_ANY_ROLE, on_change, t);
	if (settings->n_sentinels > 0)
		t->sentinel = sentinel_new(&t->nodes, settings);
	else
		node_at(&t->nodes, &settings->address)->owner = true;
}

void topology_configure(struct topology *t, const struct redis_settings *settings)
{
	struct tls *old = nodes_configure(&t->nodes, settings);

	if (t->sentinel)
		sentinel_configure(t->sentinel, settings);
	tls_free(&old);
}

void topology_fini(struct topology *t)
{
	t->ending = true;
	nodes_fini(&t->nodes);
	sentinel_free(&t->sentinel);
	tls_free(&t->nodes.tls);
}

struct node *topology_route(const struct topology *t, const char *key, size_t len)
{
	(void)key;
	(void)len;
	if (t->ending)
		return NULL;
	return t->sentinel ? sentinel_primary(t->sentinel) : TAILQ_FIRST(&t->nodes.list);
}

void topology_hurry(struct topology *t)
{
	if (t->sentinel)
		sentinel_hurry(t->sentinel);
}

const char *topology_error(const struct topology *t)
{
	return t->sentinel ? sentinel_error(t->sentinel) : "";
}
