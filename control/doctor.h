/*
 * doctor: what is looked at, and what was found. Each thing that is looked at
 * is a row of a table (control/doctor_*.c) with a function that says what it
 * finds, and what to do about it.
 */
#ifndef SENDWARD_CONTROL_DOCTOR_H
#define SENDWARD_CONTROL_DOCTOR_H

#include <jansson.h>
#include <stdbool.h>

#include "control/control.h"

/* What is not ok ranks from "could not be seen" to "does not work". */
enum doctor_level { DOCTOR_OK, DOCTOR_UNKNOWN, DOCTOR_WARNING, DOCTOR_ERROR };

struct doctor {
	struct control *control; /* with its configuration */
	json_t *findings;
	enum doctor_level worst;
	const char *check;  /* the row that is being looked at */
	const char *server; /* of several; borrowed, NULL: it is the only one */
	const char *service; /* of Postfix; borrowed, NULL: none in particular */
	char *postfix;	     /* the directory of main.cf, owned; NULL: it was not looked at */
	bool all;	     /* no part was named: what is not there is not missed */
};

/* One finding of the present row: advice says what to do, NULL for nothing. */
void doctor_say(struct doctor *doctor, enum doctor_level level, const char *advice,
		const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The findings as they came, one to a line, what to do below it. */
void doctor_print(const struct doctor *doctor);

/* How Redis is reached, by the configuration alone: address, files. */
void doctor_reach(struct doctor *doctor);

/* Connects, and looks at each server. */
void doctor_servers(struct doctor *doctor);

/* The daemons of this host: the file they read, sockets, and whether they were seen. */
void doctor_host(struct doctor *doctor);

/* The Postfix of this host: does it ask us, and in the right places? */
void doctor_postfix(struct doctor *doctor);

/* Of one server: what it is and how it is set up; what we may do there. */
struct patient {
	struct doctor *doctor;
	unsigned number;  /* store/ask.h */
	const char *info; /* INFO; "" when it was not told */
};
void doctor_server(const struct patient *patient);
void doctor_rights(const struct patient *patient);

#endif
