#include "tests/store/sentinel_rig.h"

#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/port.h"

static void wait_until(struct sentinel_rig *s, bool (*is)(struct sentinel_rig *s), const char *what)
{
	int64_t until_ms = rig_now_ms() + REDIS_PATIENCE_MS;

	while (!is(s)) {
		if (rig_now_ms() > until_ms) {
			fprintf(stderr, "sentinel: %s does not come\n", what);
			exit(99);
		}
		rig_run(s->rig, 20);
	}
}

static bool replicates(struct sentinel_rig *s)
{
	return redis_has_text(s->servers[0], "INFO replication", "state=online");
}

/* What a failover needs: the replica and each other. */
static bool sentinels_know(struct sentinel_rig *s)
{
	bool know = true;

	for (size_t i = 0; i < SENTINEL_SERVERS; i++)
		know = know &&
		       redis_has_text(s->sentinels[i], "INFO sentinel", "slaves=1,sentinels=3");
	return know;
}

const char *sentinel_named_port(struct sentinel_rig *s, size_t sentinel)
{
	static char port[20];
	redisReply *reply =
		redis_call(s->sentinels[sentinel], "SENTINEL GET-MASTER-ADDR-BY-NAME mail");

	snprintf(port, sizeof(port), "%s", reply->elements == 2 ? reply->element[1]->str : "");
	freeReplyObject(reply);
	return port;
}

void sentinel_open(struct sentinel_rig *s, struct rig *rig, int down_after_ms)
{
	size_t len;

	*s = (struct sentinel_rig){ .rig = rig };
	for (size_t i = 0; i < 2; i++)
		s->server_ports[i] = port_free();
	s->servers[0] = redis_new_with(s->server_ports[0], false, "repl-diskless-sync-delay 0\n");
	s->servers[1] = redis_new_with(s->server_ports[1], false,
				       "repl-diskless-sync-delay 0\nreplicaof 127.0.0.1 %d\n",
				       s->server_ports[0]);
	wait_until(s, replicates, "replication");
	len = (size_t)sprintf(s->section, "sentinel_master = \"mail\" sentinels = { ");
	for (size_t i = 0; i < SENTINEL_SERVERS; i++) {
		int port = port_free();

		s->sentinels[i] = redis_new_with(port, true,
						 "sentinel monitor mail 127.0.0.1 %d 2\n"
						 "sentinel down-after-milliseconds mail %d\n"
						 "sentinel failover-timeout mail 4000\n",
						 s->server_ports[0], down_after_ms);
		len += (size_t)sprintf(s->section + len, "%s\"inet:127.0.0.1:%d\"", i ? ", " : "",
				       port);
	}
	strcat(s->section, " }");
	wait_until(s, sentinels_know, "what sentinels know");
}

void sentinel_close(struct sentinel_rig *s)
{
	for (size_t i = 0; i < 2; i++)
		redis_free(&s->servers[i]);
	for (size_t i = 0; i < SENTINEL_SERVERS; i++)
		redis_free(&s->sentinels[i]);
}
