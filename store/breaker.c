#include "store/breaker.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "store/clock.h"

const char *breaker_state_name(enum breaker_state state)
{
	static const char *const names[] = {
		[BREAKER_UP] = "up",
		[BREAKER_OPEN] = "open",
		[BREAKER_HALF_OPEN] = "half-open",
	};

	return names[state];
}

void breaker_init(struct breaker *b, const struct endpoint *server, bool quiet)
{
	memset(b, 0, sizeof(*b));
	b->state = BREAKER_OPEN;
	b->since_s = time(NULL);
	b->opened_ms = clock_ms();
	b->quiet = quiet;
	endpoint_format(server, b->name);
}

bool breaker_open(struct breaker *b, const char *why)
{
	bool was_up = b->state == BREAKER_UP;

	b->state = BREAKER_OPEN;
	snprintf(b->error, sizeof(b->error), "%s: %s", b->name, why);
	if (was_up)
		b->since_s = time(NULL);
	if (b->told)
		return was_up;
	if (was_up)
		b->opened_ms = clock_ms();
	b->told = true;
	b->outages++;
	if (!b->quiet)
		log_warning("redis %s; not asked until it answers again", b->error);
	return was_up;
}

void breaker_probe(struct breaker *b)
{
	if (b->state == BREAKER_OPEN)
		b->state = BREAKER_HALF_OPEN;
}

bool breaker_close(struct breaker *b)
{
	if (b->state == BREAKER_UP)
		return false;
	b->state = BREAKER_UP;
	b->since_s = time(NULL);
	b->closed_ms = clock_ms();
	return true;
}

bool breaker_is_settled(const struct breaker *b)
{
	return b->state == BREAKER_UP && !b->told;
}

void breaker_settle(struct breaker *b)
{
	if (b->state != BREAKER_UP || !b->told)
		return;
	b->told = false;
	if (!b->quiet)
		log_info("redis %s: answers again after %lld ms", b->name,
			 (long long)(b->closed_ms - b->opened_ms));
}
