#include "store/saved.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"
#include "store/clock.h"
#include "store/saved_internal.h"

/* A disk that is nearly full takes the small and refuses the large: trouble is
 * over when there was none for so long. */
bool saved_written(struct saved *s, bool ok)
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

struct entry *saved_find(const struct saved *s, const char *key, size_t len)
{
	struct entry *e;

	HASH_FIND(hh, s->entries, key, len, e);
	return e;
}

void saved_drop(struct saved *s, struct entry *e)
{
	if (s->copy_next == e)
		s->copy_next = e->hh.next;
	HASH_DEL(s->entries, e);
	s->live -= (int64_t)e->size;
	free(e);
}

void saved_set(struct saved *s, const char *key, size_t key_len, off_t at, off_t new_at,
		size_t size)
{
	struct entry *e = saved_find(s, key, key_len);

	if (e)
		saved_drop(s, e);
	e = memory_zero(sizeof(*e) + key_len + 1);
	memcpy(e->key, key, key_len);
	e->at = at;
	e->new_at = new_at;
	e->size = size;
	s->live += (int64_t)size;
	HASH_ADD_KEYPTR(hh, s->entries, e->key, key_len, e);
}

void saved_drop_all(struct saved *s)
{
	struct entry *e, *next;

	s->copy_next = NULL;
	HASH_ITER(hh, s->entries, e, next)
		saved_drop(s, e);
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
	ok = saved_written(s, disk_write(s->fd, record, *size, s->end));
	if (ok && s->new_fd >= 0 && !disk_write(s->new_fd, record, *size, s->new_end))
		saved_stop_rewriting(s);
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
		log_error("state file %s: is as large as it may be; what is more is lost when "
			  "this process ends", s->disk.path);
	s->full = full;
	if (full || !append(s, key, value, len, &size))
		return false;
	saved_set(s, key, key_len, s->end, s->new_fd >= 0 ? s->new_end : 0, size);
	appended(s, size);
	return true;
}

void saved_remove(struct saved *s, const char *key)
{
	struct entry *e = saved_find(s, key, strlen(key));
	size_t size;

	if (!e)
		return;
	if (append(s, key, NULL, 0, &size))
		appended(s, size);
	saved_drop(s, e);
}

void saved_clear(struct saved *s)
{
	if (s->new_fd >= 0)
		saved_stop_rewriting(s);
	saved_drop_all(s);
	saved_written(s, ftruncate(s->fd, SAVED_HEADER_SIZE) == 0);
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
