/*
 * The gate: checks 1 to 5 (engine/checks.h), those that need no counters.
 */
#ifndef SENDWARD_GATE_H
#define SENDWARD_GATE_H

#include "engine/effective.h"
#include "engine/finding.h"
#include "engine/request.h"

struct gate_input {
	const struct config *config;
	const struct account *account; /* NULL: the login has none */
	/* The store is away and nothing is known of the login: account is NULL
	 * and plan default a guess. What it would refuse cannot be told. */
	bool account_unknown;
	const struct effective *effective;
	const struct request *request;
};

/* Fills findings[CHECK_STATE] to findings[CHECK_CAPS]; every check is asked,
 * so that explain can show them all. */
void gate_run(const struct gate_input *in, struct finding findings[CHECKS]);

/* The first finding that an enforced check refuses or cannot tell, or -1. */
int gate_decisive(const struct finding findings[CHECKS]);

#endif
