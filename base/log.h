/*
 * The log: syslog (facility mail) or standard error.
 *
 * Every function may be called from any thread. A line is at most
 * LOG_LINE_MAX octets; controls and what is not UTF-8 come out as \xHH, so a
 * line stays a line. Values that others chose go in as fields
 * (base/fields.h). errno is left alone.
 */
#ifndef SENDWARD_LOG_H
#define SENDWARD_LOG_H

#include <stdbool.h>

#include "base/fields.h"

#define LOG_LINE_MAX 2048

enum log_level { LEVEL_ERROR, LEVEL_WARNING, LEVEL_INFO, LEVEL_DEBUG };

enum log_target {
	/* With time, program and process id, unless it is systemd's journal,
	 * which knows them. Until log_open(). */
	LOG_TARGET_STDERR,
	LOG_TARGET_SYSLOG,
};

/* Call before other threads exist. program is borrowed for good. */
void log_open(const char *program, enum log_target target);

/* Lines above the level are not written; LEVEL_INFO until set. Call before
 * other threads exist. */
void log_set_level(enum log_level level);

void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A line of at most LOG_LINE_MAX octets; it needs no more cleaning. */
void log_fields(enum log_level level, const struct fields *fields);

/* From now on what this thread gives to log_fields() waits, up to LOG_HELD_MAX
 * octets of it, for log_flush() or for a line of the thread's own that does
 * not wait: one write for all of them, in their order and with the time of the
 * first. For a loop that flushes at the end of each pass. Lines to syslog never
 * wait, each is a datagram. */
#define LOG_HELD_MAX 32768
void log_hold(void);

/* Writes what waits. */
void log_flush(void);

/* Flushes, and lines wait no more. */
void log_release(void);

#define log_error(...) log_line(LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_line(LEVEL_WARNING, __VA_ARGS__)
#define log_info(...) log_line(LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LEVEL_DEBUG, __VA_ARGS__)

/* Writes the line only the first time for this key (which is ours and stands
 * for one message, "quotas at CONNECT"). Returns whether it did. At most
 * LOG_ONCE_MAX keys are known; what comes after them is not written. */
#define LOG_ONCE_MAX 256
bool log_once(enum log_level level, const char *key, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Forgets the keys: after a reload everything is said again. */
void log_once_forget(void);

/* For tests: lines go to each() instead, without time and level; NULL ends
 * it. */
void log_capture(void (*each)(enum log_level level, const char *line, void *arg), void *arg);

#endif
