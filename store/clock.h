/*
 * The clock that deadlines are measured with. It does not go back, and has
 * nothing to do with the time of day.
 */
#ifndef SENDWARD_CLOCK_H
#define SENDWARD_CLOCK_H

#include <stdint.h>

int64_t clock_ms(void);

/* One that goes on while the machine sleeps: what is compared with it must not last
 * longer than it does elsewhere. */
int64_t lease_clock_ms(void);

#endif
