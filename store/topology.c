#include "store/topology.h"

#include "store/cluster.h"
#include "store/sentinel.h"

static void on_change(struct node *node, bool up, void *arg)
{
	struct topology *t = arg;

	if (t->sentinel)
		sentinel_changed(t->sentinel, node, up);
	if (t->cluster)
		cluster_changed(t->cluster, node, up);
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
	else if (settings->n_cluster > 0)
		t->cluster = cluster_new(&t->nodes, settings);
	else
		node_at(&t->nodes, &settings->address)->owner = true;
}

void topology_configure(struct topology *t, const struct redis_settings *settings)
{
	struct tls *old = nodes_configure(&t->nodes, settings);

	if (t->sentinel)
		sentinel_configure(t->sentinel, settings);
	if (t->cluster)
		cluster_configure(t->cluster, settings);
	tls_free(&old);
}

void topology_fini(struct topology *t)
{
	t->ending = true;
	nodes_fini(&t->nodes);
	sentinel_free(&t->sentinel);
	cluster_free(&t->cluster);
	tls_free(&t->nodes.tls);
}

struct node *topology_route(const struct topology *t, const char *key, size_t len)
{
	if (t->ending)
		return NULL;
	if (t->cluster)
		return cluster_route(t->cluster, key, len);
	return t->sentinel ? sentinel_primary(t->sentinel) : TAILQ_FIRST(&t->nodes.list);
}

struct node *topology_moved(struct topology *t, const char *error, const struct node *from)
{
	return t->cluster ? cluster_moved(t->cluster, error, from) : NULL;
}

struct node *topology_asked(struct topology *t, const char *error, const struct node *from)
{
	return t->cluster ? cluster_asked(t->cluster, error, from) : NULL;
}

void topology_hurry(struct topology *t)
{
	if (t->sentinel)
		sentinel_hurry(t->sentinel);
	if (t->cluster)
		cluster_hurry(t->cluster);
}

const char *topology_error(const struct topology *t)
{
	if (t->cluster)
		return cluster_error(t->cluster);
	return t->sentinel ? sentinel_error(t->sentinel) : "";
}
