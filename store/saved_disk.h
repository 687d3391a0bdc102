/*
 * The files behind store/saved.h: opened with care, locked, replaced whole.
 */
#ifndef SENDWARD_SAVED_DISK_H
#define SENDWARD_SAVED_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct saved_disk {
	int directory, lock;
	char name[64], new_name[72];
	char path[1200]; /* for people */
};

/* Opens or makes DIRECTORY/NAME, 0600, and locks it until disk_close(). NULL,
 * or why not (static or until the next call). *fd is the caller's. */
const char *disk_open(struct saved_disk *disk, const char *directory, const char *name, int *fd);
void disk_close(struct saved_disk *disk);

/* All of it, or false with errno. */
bool disk_write(int fd, const char *bytes, size_t len, off_t at);
bool disk_read(int fd, char *bytes, size_t len, off_t at);

/* An empty NAME.new, -1 with errno; and what becomes of it: NAME, once it is
 * on the disk, or nothing. */
int disk_new(const struct saved_disk *disk);
bool disk_replace(const struct saved_disk *disk, int new_fd);
void disk_discard(const struct saved_disk *disk, int new_fd);

#endif
