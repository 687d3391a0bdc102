#define _POSIX_C_SOURCE 200809L
#include "store/namesake.h"

#include <event2/util.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"

void namesake_init(struct namesake *n)
{
	uint64_t random;

	memset(n, 0, sizeof(*n));
	evutil_secure_rng_get_bytes(&random, sizeof(random));
	snprintf(n->process, sizeof(n->process), "%016" PRIx64, random);
}

bool namesake_due(struct namesake *n, const char *name)
{
	char cut[sizeof(n->name)];

	snprintf(cut, sizeof(cut), "%s", name);
	if (strcmp(cut, n->name) != 0) {
		/* The first one, or the node was changed: what is there is not ours yet. */
		memcpy(n->name, cut, sizeof(cut));
		n->stored = false;
		n->seen = 0;
	}
	return n->stored;
}

void namesake_stored(struct namesake *n)
{
	n->stored = true;
}

static void warn(struct namesake *n, int64_t now_ms)
{
	const char *slash = strrchr(n->name, '/');

	if (n->told_ms && now_ms - n->told_ms < NAMESAKE_EVERY_MS)
		return;
	n->told_ms = now_ms;
	log_warning("another sendward-%s says that it is node %.*s (host %s, pid %" PRId64
		    "): each daemon's machine needs a node of its own",
		    slash ? slash + 1 : "daemon", slash ? (int)(slash - n->name) : NODE_MAX,
		    n->name, n->host[0] ? n->host : "unknown", n->pid);
}

void namesake_read(struct namesake *n, const char *record, int64_t now_ms)
{
	json_t *beat = record ? json_loads(record, 0, NULL) : NULL;
	const char *process = json_string_value(json_object_get(beat, "process"));
	const char *host = json_string_value(json_object_get(beat, "host"));

	if (!record || (process && strcmp(process, n->process) == 0)) {
		n->seen = 0;
	} else if (++n->seen >= NAMESAKE_TIMES) {
		snprintf(n->host, sizeof(n->host), "%s", host ? host : "");
		n->pid = json_integer_value(json_object_get(beat, "pid"));
		warn(n, now_ms);
	}
	json_decref(beat);
}

/* Host names are text of any kind. */
static void set_host(json_t *object, const char *host)
{
	json_t *value = json_string(host);

	json_object_set_new(object, "host", value ? value : json_string(""));
}

char *namesake_text(const struct namesake *n)
{
	json_t *object = json_pack("{s:s}", "process", n->process), *other;
	char host[NAMESAKE_HOST_MAX + 1] = "", *text;

	if (gethostname(host, sizeof(host) - 1) != 0)
		host[0] = '\0';
	set_host(object, host);
	if (n->seen >= NAMESAKE_TIMES) {
		other = json_pack("{s:I}", "pid", (json_int_t)n->pid);
		set_host(other, n->host);
		json_object_set_new(object, "namesake", other);
	}
	text = json_dumps(object, JSON_COMPACT);
	json_decref(object);
	if (!text)
		memory_exhausted();
	return text;
}
