/*
 * Random histories of one login: charges, tests, repetitions, refunds, resets
 * and edited limits, with time between them that likes the edges of slots,
 * windows and calendar periods. The same seed makes the same history.
 */
#ifndef SENDWARD_TESTS_STORE_HISTORY_H
#define SENDWARD_TESTS_STORE_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/quota.h"

#define HISTORY_OPERATIONS 250
#define HISTORY_ROWS 6
#define HISTORY_START_US INT64_C(1700000000000000)

enum clock_faults {
	CLOCK_STEADY, /* goes on, never back */
	CLOCK_BACK,   /* goes back now and then, a little or a lot */
	CLOCK_WILD,   /* goes anywhere */
};

enum operation_kind { OPERATION_TEST, OPERATION_CHARGE, OPERATION_REFUND, OPERATION_RESET };

struct operation {
	enum operation_kind kind;
	int64_t wait_us; /* time that passes before it */
	int64_t jump_us; /* then the clock is set so far forward or back */
	int message;	 /* OPERATION_CHARGE, OPERATION_REFUND */
	int64_t amounts[QUOTA_UNITS];
	int64_t limits[HISTORY_ROWS]; /* in force */
};

struct history {
	uint64_t seed;
	enum clock_faults faults;
	size_t n_rows;
	struct {
		struct quota quota; /* its limit is the operation's */
		bool enforce;
	} rows[HISTORY_ROWS];
	size_t n;
	struct operation operations[HISTORY_OPERATIONS];
};

void history_make(struct history *history, uint64_t seed, enum clock_faults faults);

/* The same without operation i; time goes on as before. */
void history_without(struct history *history, size_t i);

void history_print(const struct history *history, FILE *out);

#endif
