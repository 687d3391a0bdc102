#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"
#include "store/saved_internal.h"

static void complain(const struct saved *s, const char *what)
{
	log_error("state file %s: %s", s->disk.path, what);
}

static void on_record(const struct saved_record *r, void *arg)
{
	struct saved *s = arg;
	struct entry *e;

	if (memchr(r->key, '\0', r->key_len))
		return;
	e = saved_find(s, r->key, r->key_len);
	if (r->value)
		saved_set(s, r->key, r->key_len, (off_t)r->at, 0, r->size);
	else if (e)
		saved_drop(s, e);
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
	saved_drop_all(s);
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
