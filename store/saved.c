#define _GNU_SOURCE /* sync_file_range() */
#include "store/saved.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uthash.h>

#include "base/log.h"
#include "base/memory.h"
#include "store/clock.h"
#include "store/saved_disk.h"

struct entry {
	UT_hash_handle hh;
	off_t at, new_at; /* of its record; new_at 0: not in the new file */
	size_t size;	  /* of its record */
	char key[];
};

struct saved {
	struct saved_disk disk;
	int fd;
	struct entry *entries; /* in the order in which they were put */
	int64_t live, end;     /* octets in use; of the file */
	int64_t rewrite_at;    /* not before the file is as large as that */
	bool damaged;	       /* and then sooner */
	bool failing, full;
	int64_t failed_ms;     /* clock_ms() */
	/* The rewriting, -1 for none: every change goes to both files, and what
	 * has not changed is copied, from here on. */
	int new_fd;
	int64_t new_end;
	struct entry *copy_next;
};

/* ---- complaints ---------------------------------------------------------- */

static void complain(const struct saved *s, const char *what)
{
	log_error("state file %s: %s", s->disk.path, what);
}

/* A disk that is nearly full takes the small and refuses the large: trouble is
 * over when there was none for so long. */
static bool written(struct saved *s, bool ok)
{
	int64_t now_ms = clock_ms();

	if (!ok)
		s->failed_ms = now_ms;
	if (!ok && !s->failing)
		log_error("state file %s: cannot be written: %s; what is not written is lost when "
			  "this process ends", s->disk.path, strerror(errno));
	if (ok && s->failing && now_ms - s->failed_ms < SAVED_CALM_MS)
		return true;
	if (ok && s->failing)
		log_info("state file %s: is written again", s->disk.path);
	s->failing = !ok;
	return ok;
}

/* ---- entries ------------------------------------------------------------- */

static struct entry *find(const struct saved *s, const char *key, size_t len)
{
	struct entry *e;

	HASH_FIND(hh, s->entries, key, len, e);
	return e;
}

static void drop(struct saved *s, struct entry *e)
{
	if (s->copy_next == e)
		s->copy_next = e->hh.next;
	HASH_DEL(s->entries, e);
	s->live -= (int64_t)e->size;
	free(e);
}

static void set(struct saved *s, const char *key, size_t key_len, off_t at, off_t new_at,
		size_t size)
{
	struct entry *e = find(s, key, key_len);

	if (e)
		drop(s, e);
	e = memory_zero(sizeof(*e) + key_len + 1);
	memcpy(e->key, key, key_len);
	e->at = at;
	e->new_at = new_at;
	e->size = size;
	s->live += (int64_t)size;
	HASH_ADD_KEYPTR(hh, s->entries, e->key, key_len, e);
}

static void drop_all(struct saved *s)
{
	struct entry *e, *next;

	s->copy_next = NULL;
	HASH_ITER(hh, s->entries, e, next)
		drop(s, e);
}

/* ---- rewriting ----------------------------------------------------------- */

/* The next try waits until there is as much again. */
static void stop_rewriting(struct saved *s)
{
	disk_discard(&s->disk, s->new_fd);
	s->new_fd = -1;
	s->rewrite_at = 2 * s->end;
	s->damaged = false;
}

static void start_rewriting(struct saved *s)
{
	s->new_fd = disk_new(&s->disk);
	if (s->new_fd < 0 || !disk_write(s->new_fd, SAVED_HEADER, SAVED_HEADER_SIZE, 0)) {
		written(s, false);
		stop_rewriting(s);
		return;
	}
	s->new_end = SAVED_HEADER_SIZE;
	s->copy_next = s->entries;
	for (struct entry *e = s->entries; e; e = e->hh.next)
		e->new_at = 0;
}

static void finish_rewriting(struct saved *s)
{
	if (!disk_replace(&s->disk, s->new_fd)) {
		written(s, false);
		stop_rewriting(s);
		return;
	}
	close(s->fd);
	s->fd = s->new_fd;
	s->new_fd = -1;
	s->end = s->new_end;
	s->rewrite_at = SAVED_REWRITE_MIN;
	s->damaged = false;
	for (struct entry *e = s->entries; e; e = e->hh.next)
		e->at = e->new_at;
}

/* As many records as there is room for, one at least. Returns the octets, -1
 * when the file cannot be read. */
static ssize_t gather(struct saved *s, char *out, size_t size)
{
	size_t used = 0;

	for (; s->copy_next; s->copy_next = s->copy_next->hh.next) {
		struct entry *e = s->copy_next;

		if (e->new_at)
			continue;
		if (used > 0 && (used + e->size > size || used >= SAVED_STEP))
			break;
		if (!disk_read(s->fd, out + used, e->size, e->at))
			return -1;
		e->new_at = s->new_end + (off_t)used;
		used += e->size;
	}
	return (ssize_t)used;
}

static void copy_some(struct saved *s)
{
	char *bytes = memory_alloc(SAVED_STEP + SAVED_RECORD_MAX);
	ssize_t n = gather(s, bytes, SAVED_STEP + SAVED_RECORD_MAX);

	if (n < 0 || !disk_write(s->new_fd, bytes, (size_t)n, s->new_end)) {
		written(s, false);
		stop_rewriting(s);
	} else {
		/* The disk begins now, so that there is little left to wait for. */
		sync_file_range(s->new_fd, s->new_end, n, SYNC_FILE_RANGE_WRITE);
		s->new_end += n;
	}
	free(bytes);
}

bool saved_is_due(const struct saved *s)
{
	return s->new_fd >= 0 || s->damaged || (s->end > s->rewrite_at && s->end > 2 * s->live);
}

void saved_step(struct saved *s)
{
	if (s->new_fd < 0)
		start_rewriting(s);
	else if (s->copy_next)
		copy_some(s);
	else
		finish_rewriting(s);
}

/* ---- changes ------------------------------------------------------------- */

/* To the file, and to the new one when there is one. */
static bool append(struct saved *s, const char *key, const char *value, size_t len, size_t *size)
{
	size_t key_len = strlen(key);
	char *record;
	bool ok;

	*size = saved_record_size(key_len, value, len);
	record = memory_alloc(*size);
	saved_record_write(key, key_len, value, len, record);
	ok = written(s, disk_write(s->fd, record, *size, s->end));
	if (ok && s->new_fd >= 0 && !disk_write(s->new_fd, record, *size, s->new_end))
		stop_rewriting(s);
	free(record);
	return ok;
}

static void appended(struct saved *s, size_t size)
{
	s->end += (int64_t)size;
	if (s->new_fd >= 0)
		s->new_end += (int64_t)size;
}

bool saved_put(struct saved *s, const char *key, const char *value, size_t len)
{
	size_t size, key_len = strlen(key);
	bool full = s->live + (int64_t)len > SAVED_LIVE_MAX;

	if (full && !s->full)
		complain(s, "is as large as it may be; what is more is lost when this process ends");
	s->full = full;
	if (full || !append(s, key, value, len, &size))
		return false;
	set(s, key, key_len, s->end, s->new_fd >= 0 ? s->new_end : 0, size);
	appended(s, size);
	return true;
}

void saved_remove(struct saved *s, const char *key)
{
	struct entry *e = find(s, key, strlen(key));
	size_t size;

	if (!e)
		return;
	if (append(s, key, NULL, 0, &size))
		appended(s, size);
	drop(s, e);
}

void saved_clear(struct saved *s)
{
	if (s->new_fd >= 0)
		stop_rewriting(s);
	drop_all(s);
	written(s, ftruncate(s->fd, SAVED_HEADER_SIZE) == 0);
	s->end = SAVED_HEADER_SIZE;
}

void saved_stats(const struct saved *s, struct saved_stats *out)
{
	*out = (struct saved_stats){
		.keys = HASH_COUNT(s->entries),
		.live = s->live,
		.file = s->end,
		.failing = s->failing,
	};
}

/* ---- opening ------------------------------------------------------------- */

static void on_record(const struct saved_record *r, void *arg)
{
	struct saved *s = arg;
	struct entry *e;

	if (memchr(r->key, '\0', r->key_len))
		return;
	e = find(s, r->key, r->key_len);
	if (r->value)
		set(s, r->key, r->key_len, (off_t)r->at, 0, r->size);
	else if (e)
		drop(s, e);
}

static bool load(struct saved *s, const char *bytes, size_t len)
{
	struct saved_report report;

	if (saved_read(bytes, len, on_record, s, &report) == SAVED_NEWER) {
		complain(s, "was written by a newer Sendward: it is left alone, and not used");
		return false;
	}
	if (report.damaged > 0)
		log_warning("state file %s: damaged in %zu places; %zu records are sound and used",
			    s->disk.path, report.damaged, report.records);
	s->end = (int64_t)report.end;
	s->damaged = report.damaged > 0;
	return true;
}

static void tell_all(const struct saved *s, const char *bytes,
		     void (*each)(const char *key, const char *value, size_t len, void *arg),
		     void *arg)
{
	struct entry *e, *next;

	HASH_ITER(hh, s->entries, e, next) {
		size_t head = saved_record_size(strlen(e->key), "", 0);

		each(e->key, bytes + e->at + head, e->size - head, arg);
	}
}

/* All there is, at most SAVED_FILE_MAX; NULL when it cannot be read. */
static char *read_all(struct saved *s, size_t *len)
{
	struct stat st;
	char *bytes;

	if (fstat(s->fd, &st) != 0)
		return NULL;
	if (st.st_size > SAVED_FILE_MAX)
		complain(s, "is too large; only its beginning is used");
	*len = st.st_size > SAVED_FILE_MAX ? SAVED_FILE_MAX : (size_t)st.st_size;
	bytes = memory_alloc(*len + 1);
	if (disk_read(s->fd, bytes, *len, 0))
		return bytes;
	free(bytes);
	return NULL;
}

/* "" when it has been said why. */
static const char *load_file(struct saved *s, char **bytes)
{
	size_t len;

	*bytes = read_all(s, &len);
	if (!*bytes)
		return strerror(errno);
	if (len > 0)
		return load(s, *bytes, len) ? NULL : "";
	s->end = SAVED_HEADER_SIZE;
	return disk_write(s->fd, SAVED_HEADER, SAVED_HEADER_SIZE, 0) ? NULL : strerror(errno);
}

static void free_saved(struct saved *s)
{
	drop_all(s);
	free(s);
}

struct saved *saved_open(const char *directory, const char *name,
			 void (*each)(const char *key, const char *value, size_t len, void *arg),
			 void *arg)
{
	struct saved *s = memory_zero(sizeof(*s));
	const char *why = disk_open(&s->disk, directory, name, &s->fd);
	bool opened = !why;
	char *bytes = NULL;

	s->new_fd = -1;
	s->rewrite_at = SAVED_REWRITE_MIN;
	if (opened)
		why = load_file(s, &bytes);
	if (!why) {
		tell_all(s, bytes, each, arg);
		free(bytes);
		return s;
	}
	if (why[0])
		log_error("state file %s: %s; going on without it: what this process knows is "
			  "lost when it ends", s->disk.path, why);
	if (opened) {
		close(s->fd);
		disk_close(&s->disk);
	}
	free(bytes);
	free_saved(s);
	return NULL;
}

void saved_close(struct saved **saved)
{
	struct saved *s = *saved;

	if (!s)
		return;
	disk_discard(&s->disk, s->new_fd);
	fdatasync(s->fd);
	close(s->fd);
	disk_close(&s->disk);
	free_saved(s);
	*saved = NULL;
}
