#define _GNU_SOURCE /* sync_file_range() */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/memory.h"
#include "store/saved_internal.h"

/* The next try waits until there is as much again. */
void saved_stop_rewriting(struct saved *s)
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
		saved_written(s, false);
		saved_stop_rewriting(s);
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
		saved_written(s, false);
		saved_stop_rewriting(s);
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
		saved_written(s, false);
		saved_stop_rewriting(s);
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
