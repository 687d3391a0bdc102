#include "base/listening_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <libgen.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/refuse.h"

#define BACKLOG SOMAXCONN

/* --- the path of a unix socket --------------------------------------------- */

static struct sockaddr_un unix_address(const struct endpoint *endpoint)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	_Static_assert(sizeof(address.sun_path) == ENDPOINT_PATH_MAX + 1, "unix(7)");
	memcpy(address.sun_path, endpoint->path, strlen(endpoint->path) + 1);
	return address;
}

/* 0 when somebody listens at the path, else the errno of connect(2). */
static int probe(const struct endpoint *endpoint)
{
	struct sockaddr_un address = unix_address(endpoint);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int result = 0;

	if (fd < 0)
		return errno;
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		result = errno;
	close(fd);
	/* EAGAIN: its queue is full, so there is one. */
	return result == EAGAIN ? 0 : result;
}

static bool check_directory(const struct endpoint *endpoint, char *error, size_t error_size)
{
	char path[ENDPOINT_PATH_MAX + 1];
	const char *directory;
	struct stat st;

	memcpy(path, endpoint->path, sizeof(path));
	directory = dirname(path);
	if (stat(directory, &st) < 0)
		return refuse(error, error_size, "cannot create unix:%s: directory %s: %s",
			      endpoint->path, directory, strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return refuse(error, error_size, "cannot create unix:%s: %s is not a directory",
			      endpoint->path, directory);
	if (faccessat(AT_FDCWD, directory, W_OK | X_OK, AT_EACCESS) < 0)
		return refuse(error, error_size,
			      "cannot create unix:%s: uid %ld may not write to directory %s: %s",
			      endpoint->path, (long)geteuid(), directory, strerror(errno));
	return true;
}

static bool replace_stale(const struct endpoint *endpoint, char *error, size_t error_size)
{
	int result = probe(endpoint);

	if (result == 0)
		return refuse(error, error_size, "another process is listening on unix:%s",
			      endpoint->path);
	if (result == ENOENT)
		return true;
	if (result != ECONNREFUSED)
		return refuse(error, error_size,
			      "cannot tell whether another process is listening on unix:%s: %s",
			      endpoint->path, strerror(result));
	if (unlink(endpoint->path) < 0 && errno != ENOENT)
		return refuse(error, error_size, "cannot remove the stale socket unix:%s: %s",
			      endpoint->path, strerror(errno));
	return true;
}

/* Makes sure that the path is free, and that this process may create it. */
static bool prepare_path(const struct endpoint *endpoint, char *error, size_t error_size)
{
	struct stat st;

	if (!check_directory(endpoint, error, error_size))
		return false;
	if (lstat(endpoint->path, &st) < 0) {
		if (errno == ENOENT)
			return true;
		return refuse(error, error_size, "cannot create unix:%s: %s", endpoint->path,
			      strerror(errno));
	}
	if (!S_ISSOCK(st.st_mode))
		return refuse(error, error_size,
			      "cannot create unix:%s: it exists and is not a socket",
			      endpoint->path);
	return replace_stale(endpoint, error, error_size);
}

/* name is that of a group, or its number. */
static bool find_group(const char *name, gid_t *out)
{
	const struct group *group = getgrnam(name);
	char *end;
	unsigned long gid;

	if (group) {
		*out = group->gr_gid;
		return true;
	}
	gid = strtoul(name, &end, 10);
	if (name[0] < '0' || name[0] > '9' || *end || gid > INT32_MAX)
		return false;
	*out = (gid_t)gid;
	return true;
}

/* The group first, then the mode. */
static bool set_access(const struct endpoint *endpoint, mode_t mode, const char *group, char *error,
		       size_t error_size)
{
	gid_t gid;

	if (group) {
		if (!find_group(group, &gid))
			return refuse(error, error_size, "socket_group: there is no group %s",
				      group);
		if (chown(endpoint->path, (uid_t)-1, gid) < 0)
			return refuse(
				error, error_size,
				"socket_group: cannot give unix:%s to group %s as uid %ld: %s; "
				"root must start the daemon, or that user be in the group",
				endpoint->path, group, (long)geteuid(), strerror(errno));
	}
	if (chmod(endpoint->path, mode) < 0)
		return refuse(error, error_size, "cannot set the mode of unix:%s: %s",
			      endpoint->path, strerror(errno));
	return true;
}

/* --- opening --------------------------------------------------------------- */

/* Nobody gets in before mode and group are set. */
static int bind_unix(int fd, const struct endpoint *endpoint)
{
	struct sockaddr_un address = unix_address(endpoint);
	mode_t saved = umask(0777);
	int result = bind(fd, (const struct sockaddr *)&address, sizeof(address));

	umask(saved);
	return result;
}

static int open_unix(const struct endpoint *endpoint, mode_t mode, const char *group, char *error,
		     size_t error_size)
{
	int fd;

	if (!prepare_path(endpoint, error, error_size))
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || bind_unix(fd, endpoint) < 0) {
		refuse(error, error_size, "cannot create unix:%s: %s", endpoint->path,
		       strerror(errno));
	} else if (!set_access(endpoint, mode, group, error, error_size)) {
		unlink(endpoint->path);
	} else if (listen(fd, BACKLOG) < 0) {
		refuse(error, error_size, "cannot listen on unix:%s: %s", endpoint->path,
		       strerror(errno));
		unlink(endpoint->path);
	} else {
		return fd;
	}
	if (fd >= 0)
		close(fd);
	return -1;
}

static int open_address(const struct addrinfo *address)
{
	const int on = 1;
	int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int saved_errno;

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	/* So that 0.0.0.0 and [::] can stand side by side. */
	if (address->ai_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (bind(fd, address->ai_addr, address->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	saved_errno = errno;
	close(fd);
	errno = saved_errno;
	return -1;
}

/* A name that has several addresses: the first that works. */
static int open_inet(const struct endpoint *endpoint, char *error, size_t error_size)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE };
	struct addrinfo *addresses, *address;
	char port[8], text[ENDPOINT_TEXT_MAX];
	int fd = -1, status;

	endpoint_format(endpoint, text);
	snprintf(port, sizeof(port), "%u", endpoint->port);
	status = getaddrinfo(endpoint->host, port, &hints, &addresses);
	if (status != 0) {
		refuse(error, error_size, "cannot listen on %s: %s", text, gai_strerror(status));
		return -1;
	}
	for (address = addresses; address && fd < 0; address = address->ai_next)
		fd = open_address(address);
	if (fd < 0)
		refuse(error, error_size, "cannot listen on %s: %s", text,
		       errno == EADDRINUSE ? "another process is listening there" :
					     strerror(errno));
	freeaddrinfo(addresses);
	return fd;
}

int listening_socket_open(const struct endpoint *endpoint, mode_t mode, const char *group,
			  char *error, size_t error_size)
{
	switch (endpoint->kind) {
	case ENDPOINT_UNIX:
		return open_unix(endpoint, mode, group, error, error_size);
	case ENDPOINT_INET:
		return open_inet(endpoint, error, error_size);
	case ENDPOINT_TLS:
		break;
	}
	refuse(error, error_size, "cannot listen with TLS");
	return -1;
}
