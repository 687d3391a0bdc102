/*
 * What the files behind store/saved.h share; nothing else includes this.
 *
 *	saved.c		the keys, and changes
 *	saved_load.c	the beginning and the end
 *	saved_rewrite.c	the file is written anew
 */
#ifndef SENDWARD_SAVED_INTERNAL_H
#define SENDWARD_SAVED_INTERNAL_H

#include <sys/types.h>

#include "base/hash.h"
#include "store/saved.h"
#include "store/saved_disk.h"

/* One key. */
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

/* What came of a write, with errno; says so when that is news. Returns ok. */
bool saved_written(struct saved *saved, bool ok);

/* NULL when the key is not there. */
struct entry *saved_find(const struct saved *saved, const char *key, size_t len);
/* Its last record is there from now on; new_at 0: not in the new file. */
void saved_set(struct saved *saved, const char *key, size_t len, off_t at, off_t new_at,
	       size_t size);
void saved_drop(struct saved *saved, struct entry *entry);
void saved_drop_all(struct saved *saved);

/* The new file is of no use. */
void saved_stop_rewriting(struct saved *saved);

#endif
