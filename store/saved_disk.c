#include "store/saved_disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- octets -------------------------------------------------------------- */

bool disk_write(int fd, const char *bytes, size_t len, off_t at)
{
	while (len > 0) {
		ssize_t n = pwrite(fd, bytes, len, at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0)
			errno = ENOSPC;
		if (n <= 0)
			return false;
		bytes += n;
		len -= (size_t)n;
		at += n;
	}
	return true;
}

bool disk_read(int fd, char *bytes, size_t len, off_t at)
{
	while (len > 0) {
		ssize_t n = pread(fd, bytes, len, at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0)
			errno = EIO;
		if (n <= 0)
			return false;
		bytes += n;
		len -= (size_t)n;
		at += n;
	}
	return true;
}

/* ---- the new file -------------------------------------------------------- */

int disk_new(const struct saved_disk *disk)
{
	unlinkat(disk->directory, disk->new_name, 0);
	return openat(disk->directory, disk->new_name,
		      O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
}

bool disk_replace(const struct saved_disk *disk, int new_fd)
{
	return fdatasync(new_fd) == 0 &&
	       renameat(disk->directory, disk->new_name, disk->directory, disk->name) == 0;
}

void disk_discard(const struct saved_disk *disk, int new_fd)
{
	if (new_fd < 0)
		return;
	close(new_fd);
	unlinkat(disk->directory, disk->new_name, 0);
}

/* ---- opening ------------------------------------------------------------- */

static const char *check_file(int fd)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return strerror(errno);
	if (!S_ISREG(st.st_mode))
		return "is no plain file";
	if (st.st_uid != geteuid())
		return "belongs to another user";
	if (st.st_mode & 077 && fchmod(fd, 0600) != 0)
		return strerror(errno);
	return NULL;
}

static const char *open_all(struct saved_disk *disk, const char *directory, int *fd)
{
	const int flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
	char lock_name[72];

	snprintf(lock_name, sizeof(lock_name), "%s.lock", disk->name);
	disk->directory = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (disk->directory < 0)
		return strerror(errno);
	disk->lock = openat(disk->directory, lock_name, flags, 0600);
	if (disk->lock < 0)
		return strerror(errno);
	if (flock(disk->lock, LOCK_EX | LOCK_NB) != 0)
		return errno == EWOULDBLOCK ? "another process uses it" : strerror(errno);
	*fd = openat(disk->directory, disk->name, flags, 0600);
	return *fd < 0 ? strerror(errno) : check_file(*fd);
}

const char *disk_open(struct saved_disk *disk, const char *directory, const char *name, int *fd)
{
	const char *why;

	disk->directory = disk->lock = *fd = -1;
	snprintf(disk->name, sizeof(disk->name), "%s", name);
	snprintf(disk->new_name, sizeof(disk->new_name), "%s.new", name);
	snprintf(disk->path, sizeof(disk->path), "%s/%s", directory, name);
	why = open_all(disk, directory, fd);
	if (why && *fd >= 0)
		close(*fd);
	if (why)
		disk_close(disk);
	return why;
}

void disk_close(struct saved_disk *disk)
{
	if (disk->lock >= 0)
		close(disk->lock);
	if (disk->directory >= 0)
		close(disk->directory);
}
