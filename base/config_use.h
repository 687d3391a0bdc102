/*
 * Who uses a configuration, counted for one thread: config_ref() is for several, and
 * the processor waits for all that it has yet to write each time. One reference to the
 * configuration for all of the uses.
 */
#ifndef SENDWARD_CONFIG_USE_H
#define SENDWARD_CONFIG_USE_H

#include <stdlib.h>

#include "base/config.h"
#include "base/memory.h"

struct config_use {
	struct config *config; /* a reference */
	size_t n;
};

/* One use. */
static inline struct config_use *config_use_new(struct config *config)
{
	struct config_use *use = memory_alloc(sizeof(*use));

	*use = (struct config_use){ config_ref(config), 1 };
	return use;
}

static inline struct config_use *config_use_take(struct config_use *use)
{
	use->n++;
	return use;
}

/* NULL is none. Clears *use. */
static inline void config_use_give(struct config_use **use)
{
	struct config_use *u = *use;

	*use = NULL;
	if (!u || --u->n > 0)
		return;
	config_unref(&u->config);
	free(u);
}

#endif
