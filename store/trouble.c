#include "store/trouble.h"

#include <stddef.h>
#include <string.h>

static const struct {
	const char *word;
	enum trouble trouble;
} troubles[] = {
	{ "NOSCRIPT", TROUBLE_SCRIPT },
	{ "LOADING", TROUBLE_BUSY },	/* it has just been started */
	{ "BUSY", TROUBLE_BUSY },	/* somebody's script runs for long */
	{ "MASTERDOWN", TROUBLE_BUSY }, /* a replica that has lost its primary */
	{ "TRYAGAIN", TROUBLE_SLOT },	/* resharding: some keys are here, some there */
	{ "CLUSTERDOWN", TROUBLE_SLOT },
	{ "NOREPLICAS", TROUBLE_SLOT }, /* min-replicas-to-write */
	{ "READONLY", TROUBLE_REPLICA },
	{ "NOAUTH", TROUBLE_REPLICA }, /* of a server that was exchanged: greet it again */
	{ "MOVED", TROUBLE_MOVED },
	{ "ASK", TROUBLE_ASK },
	/* OOM, NOPERM, WRONGPASS, MISCONF, WRONGTYPE, ERR: asking again is no use. */
};

enum trouble trouble_of(const char *error)
{
	size_t len = strcspn(error, " ");

	for (size_t i = 0; i < sizeof(troubles) / sizeof(troubles[0]); i++) {
		if (strlen(troubles[i].word) == len && memcmp(error, troubles[i].word, len) == 0)
			return troubles[i].trouble;
	}
	return TROUBLE_NONE;
}
