#include "base/log.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "base/builder.h"
#include "base/hash.h"
#include "base/memory.h"

/* Octets before a line, and of a line with them and its end. */
#define HEAD_MAX 256
#define WHOLE_MAX (HEAD_MAX + LOG_LINE_MAX + 16)

#define LEVELS (LEVEL_DEBUG + 1)

/* Set before other threads exist and only read afterwards. */
static const char *log_program = "sendward";
static pid_t log_pid; /* 0: before log_open() */
static enum log_target log_target = LOG_TARGET_STDERR;
static bool log_to_journal; /* standard error is systemd's journal */
static enum log_level log_level = LEVEL_INFO;
static void (*log_each)(enum log_level level, const char *line, void *arg);
static void *log_each_arg;

/* The lines of this thread that wait; NULL: they do not. */
static _Thread_local struct held {
	size_t len;
	struct timespec time; /* of the first one, and written with all of them */
	char text[LOG_HELD_MAX];
} *held;

/* Hashes of the keys already said; under once_lock. */
static pthread_mutex_t once_lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t once_keys[LOG_ONCE_MAX];
static size_t once_n;

/* Syslog daemons hide the priority, so the text names what matters. */
static const struct {
	int priority;
	const char *prefix;
} levels[LEVELS] = {
	[LEVEL_ERROR] = { LOG_ERR, "error: " },
	[LEVEL_WARNING] = { LOG_WARNING, "warning: " },
	[LEVEL_INFO] = { LOG_INFO, "" },
	[LEVEL_DEBUG] = { LOG_DEBUG, "debug: " },
};

/* What stands before a line on standard error. For the journal, which knows time, program and
 * process, it is the priority as sd-daemon(3) writes it; else RFC 3339 with milliseconds and
 * the local offset, program, process, of which only the milliseconds change more often than
 * once a second. */
struct head {
	size_t len; /* 0: to be made */
	time_t second;
	char text[HEAD_MAX];
};

static _Thread_local struct head heads[LEVELS];

/* systemd.exec(5): JOURNAL_STREAM is device:inode of what it connected. */
static bool is_journal(int fd)
{
	const char *stream = getenv("JOURNAL_STREAM");
	char text[64];
	struct stat st;

	if (!stream || fstat(fd, &st) < 0)
		return false;
	snprintf(text, sizeof(text), "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
	return !strcmp(stream, text);
}

void log_open(const char *program, enum log_target target)
{
	log_program = program;
	log_pid = getpid();
	log_target = target;
	log_to_journal = is_journal(STDERR_FILENO);
	memset(heads, 0, sizeof(heads));
	if (target == LOG_TARGET_SYSLOG)
		openlog(program, LOG_PID | LOG_NDELAY, LOG_MAIL);
}

void log_set_level(enum log_level level)
{
	log_level = level;
}

void log_capture(void (*each)(enum log_level level, const char *line, void *arg), void *arg)
{
	log_each = each;
	log_each_arg = arg;
}

/* ---- standard error ----------------------------------------------------- */

#define MILLIS_AT (sizeof("2026-11-21T12:00:00.") - 1)

static void add_priority(struct builder *text, enum log_level level)
{
	builder_add_char(text, '<');
	builder_add_int(text, levels[level].priority);
	builder_add_char(text, '>');
}

static void add_origin(struct builder *text, time_t second)
{
	char day[40], zone[8];
	struct tm local;

	localtime_r(&second, &local);
	strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &local);
	strftime(zone, sizeof(zone), "%z", &local);
	builder_add(text, day);
	builder_add(text, ".000");
	builder_add_bytes(text, zone, 3);
	builder_add_char(text, ':');
	builder_add(text, zone + 3);
	builder_add_char(text, ' ');
	builder_add(text, log_program);
	builder_add_char(text, '[');
	builder_add_int(text, log_pid ? log_pid : getpid());
	builder_add(text, "]: ");
}

static void renew_head(struct head *head, enum log_level level, time_t second)
{
	struct builder text;

	builder_init(&text, head->text, sizeof(head->text));
	if (log_to_journal)
		add_priority(&text, level);
	else
		add_origin(&text, second);
	builder_add(&text, levels[level].prefix);
	head->len = text.len;
	head->second = second;
}

static void put_millis(const struct timespec *time, char *out)
{
	unsigned millis = (unsigned)(time->tv_nsec / 1000000);

	out[0] = (char)('0' + millis / 100);
	out[1] = (char)('0' + millis / 10 % 10);
	out[2] = (char)('0' + millis % 10);
}

/* Returns the length. */
static size_t put_head(enum log_level level, const struct timespec *time, char *out)
{
	struct head *head = &heads[level];

	if (head->len == 0 || time->tv_sec != head->second)
		renew_head(head, level, time->tv_sec);
	memcpy(out, head->text, head->len);
	if (!log_to_journal)
		put_millis(time, out + MILLIS_AT);
	return head->len;
}

/* Room for WHOLE_MAX octets. Returns the length. */
static size_t format_line(enum log_level level, const struct timespec *time, const char *line,
			  size_t len, char *out)
{
	char *at = out + put_head(level, time, out);

	memcpy(at, line, len);
	at[len] = '\n';
	return (size_t)(at - out) + len + 1;
}

/* There is nobody to tell that standard error is gone. */
static void write_all(const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = write(STDERR_FILENO, text, len);

		if (n < 0 && errno != EINTR)
			return;
		if (n > 0) {
			text += n;
			len -= (size_t)n;
		}
	}
}

/* One write for the line, so that lines of several threads do not mix. */
static void write_stderr(enum log_level level, const char *line, size_t len)
{
	char whole[WHOLE_MAX];
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	write_all(whole, format_line(level, &now, line, len, whole));
}

static void write_line(enum log_level level, const char *line, size_t len)
{
	log_flush();
	if (log_each)
		log_each(level, line, log_each_arg);
	else if (log_target == LOG_TARGET_SYSLOG)
		syslog(levels[level].priority, "%s%s", levels[level].prefix, line);
	else
		write_stderr(level, line, len);
}

/* ---- lines that wait ---------------------------------------------------- */

void log_hold(void)
{
	if (!held && log_target == LOG_TARGET_STDERR)
		held = memory_zero(sizeof(*held));
}

void log_flush(void)
{
	int saved_errno = errno;

	if (!held || held->len == 0)
		return;
	write_all(held->text, held->len);
	held->len = 0;
	errno = saved_errno;
}

void log_release(void)
{
	log_flush();
	free(held);
	held = NULL;
}

static void hold_line(enum log_level level, const char *line, size_t len)
{
	if (LOG_HELD_MAX - held->len < WHOLE_MAX)
		log_flush();
	if (held->len == 0)
		clock_gettime(CLOCK_REALTIME, &held->time);
	held->len += format_line(level, &held->time, line, len, held->text + held->len);
}

/* ---- lines --------------------------------------------------------------- */

static void __attribute__((format(printf, 2, 0)))
log_format(enum log_level level, const char *format, va_list args)
{
	char raw[LOG_LINE_MAX + 1], line[LOG_LINE_MAX + 1];
	int saved_errno = errno;

	if (level > log_level)
		return;
	vsnprintf(raw, sizeof(raw), format, args);
	write_line(level, line, fields_clean(raw, strlen(raw), line, sizeof(line)));
	errno = saved_errno;
}

void log_fields(enum log_level level, const struct fields *fields)
{
	int saved_errno = errno;

	assert(fields->len <= LOG_LINE_MAX);
	if (level > log_level)
		return;
	if (held && !log_each)
		hold_line(level, fields->line, fields->len);
	else
		write_line(level, fields->line, fields->len);
	errno = saved_errno;
}

void log_line(enum log_level level, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_format(level, format, args);
	va_end(args);
}

/* True when the key was not known and now is. Of 64 bits: two keys of ours will not meet. */
static bool once_remember(const char *key)
{
	uint64_t hash = hash_octets_64(key, strlen(key));
	bool is_new = true;
	size_t i;

	pthread_mutex_lock(&once_lock);
	for (i = 0; i < once_n; i++)
		if (once_keys[i] == hash)
			is_new = false;
	if (once_n == LOG_ONCE_MAX)
		is_new = false;
	if (is_new)
		once_keys[once_n++] = hash;
	pthread_mutex_unlock(&once_lock);
	return is_new;
}

bool log_once(enum log_level level, const char *key, const char *format, ...)
{
	va_list args;

	if (level > log_level || !once_remember(key))
		return false;
	va_start(args, format);
	log_format(level, format, args);
	va_end(args);
	return true;
}

void log_once_forget(void)
{
	pthread_mutex_lock(&once_lock);
	once_n = 0;
	pthread_mutex_unlock(&once_lock);
}
