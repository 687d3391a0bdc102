#include "store/clock.h"

#include <time.h>

static int64_t milliseconds_of(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t clock_ms(void)
{
	return milliseconds_of(CLOCK_MONOTONIC);
}

int64_t lease_clock_ms(void)
{
	return milliseconds_of(CLOCK_BOOTTIME);
}
