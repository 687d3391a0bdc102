#include "base/listeners.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

struct item {
	struct endpoint endpoint;
	struct listener *listener;
};

struct listeners {
	struct event_base *base;
	listeners_list *list;
	listener_accepted *accepted;
	void *arg;
	struct item *items;
	size_t n;
	bool paused;
};

struct listeners *listeners_new(struct event_base *base, listeners_list *list,
				listener_accepted *accepted, void *arg)
{
	struct listeners *l = memory_zero(sizeof(*l));

	l->base = base;
	l->list = list;
	l->accepted = accepted;
	l->arg = arg;
	return l;
}

/* Items that still have their listener. */
static void close_items(struct item *items, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (items[i].listener)
			listener_close(&items[i].listener);
	free(items);
}

void listeners_free(struct listeners **listeners)
{
	if (!*listeners)
		return;
	close_items((*listeners)->items, (*listeners)->n);
	free(*listeners);
	*listeners = NULL;
}

static struct item *find(const struct listeners *l, const struct endpoint *endpoint)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (endpoint_equal(&l->items[i].endpoint, endpoint))
			return &l->items[i];
	return NULL;
}

/* The new ones only; those that stay have no listener yet. */
static bool open_new(struct listeners *l, const struct config *config, struct item *items,
		     char *error, size_t error_size)
{
	size_t n, i;
	const struct endpoint *list = l->list(config, &n);

	for (i = 0; i < n; i++) {
		items[i].endpoint = list[i];
		if (find(l, &items[i].endpoint))
			continue;
		items[i].listener = listener_open(l->base, &items[i].endpoint, config->socket_mode,
						  config->socket_group, l->accepted, l->arg, error,
						  error_size);
		if (!items[i].listener)
			return false;
		if (l->paused)
			listener_pause(items[i].listener);
	}
	return true;
}

bool listeners_apply(struct listeners *l, const struct config *config, char *error,
		     size_t error_size)
{
	size_t n, i;
	struct item *items, *kept;

	l->list(config, &n);
	items = memory_zero((n + 1) * sizeof(*items));
	if (!open_new(l, config, items, error, error_size)) {
		close_items(items, n);
		return false;
	}
	for (i = 0; i < n; i++) {
		kept = find(l, &items[i].endpoint);
		if (!kept || items[i].listener)
			continue;
		items[i].listener = kept->listener;
		kept->listener = NULL;
	}
	close_items(l->items, l->n);
	l->items = items;
	l->n = n;
	return true;
}

void listeners_pause(struct listeners *l)
{
	size_t i;

	l->paused = true;
	for (i = 0; i < l->n; i++)
		listener_pause(l->items[i].listener);
}

void listeners_resume(struct listeners *l)
{
	size_t i;

	l->paused = false;
	for (i = 0; i < l->n; i++)
		listener_resume(l->items[i].listener);
}

void listeners_format(const struct listeners *l, char *out, size_t out_size)
{
	char text[ENDPOINT_TEXT_MAX];
	size_t len = 0, i;

	out[0] = '\0';
	for (i = 0; i < l->n && len < out_size; i++) {
		endpoint_format(&l->items[i].endpoint, text);
		len += (size_t)snprintf(out + len, out_size - len, "%s%s", i ? ", " : "", text);
	}
}
