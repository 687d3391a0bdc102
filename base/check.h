/*
 * The names of the checks and of their modes; they are the same in the
 * configuration, in replies, in the log and in the control tool.
 */
#ifndef SENDWARD_CHECK_H
#define SENDWARD_CHECK_H

#include <stdbool.h>

/* In the order in which they are made. */
enum check {
	CHECK_STATE,
	CHECK_NETWORKS,
	CHECK_ENVELOPE_SENDER,
	CHECK_HEADER_FROM,
	CHECK_CAPS,
	CHECK_QUOTAS,
	CHECK_SANDBOX,
	CHECK_SERVICES,
};
#define CHECKS 8

/* MODE_REWRITE is for CHECK_HEADER_FROM only: what it would refuse is put right
 * in the message (engine/rewrite.h). */
enum check_mode { MODE_ENFORCE, MODE_MONITOR, MODE_OFF, MODE_REWRITE };

const char *check_name(enum check check);
const char *check_mode_name(enum check_mode mode);
bool check_mode_parse(const char *text, enum check_mode *out);

#endif
