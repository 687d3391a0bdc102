#include "milter/socket.h"

#include <errno.h>
#include <netdb.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <sys/types.h>

#include <libmilter/mfapi.h>

#include "base/listener.h"
#include "milter/text.h"

/* Seconds without a packet until libmilter gives a connection up. Postfix
 * keeps it for the whole SMTP session, each command of which may take
 * smtpd_timeout, 300 s. */
#define IDLE_MAX_S 3600

/* Kept from everybody until the mode is set. */
#define UMASK_WHILE_OPENING 0177

static bool say(char *error, size_t error_size, const struct endpoint *endpoint, const char *what)
{
	char text[ENDPOINT_TEXT_MAX];

	endpoint_format(endpoint, text);
	snprintf(error, error_size, "milter: %s: %s", text, what);
	return false;
}

/* As smfi_setconn(3) wants it. */
static void connection_text(const struct endpoint *endpoint, char *out, size_t size)
{
	if (endpoint->kind == ENDPOINT_UNIX)
		snprintf(out, size, "unix:%s", endpoint->path);
	else
		snprintf(out, size, "%s:%u@%s", strchr(endpoint->host, ':') ? "inet6" : "inet",
			 (unsigned)endpoint->port, endpoint->host);
}

/* libmilter removes the socket when it stops, and the daemon knocks at it:
 * both as the user that it will be. */
static bool give_to_user(const struct config *config, char *error, size_t error_size)
{
	const struct endpoint *endpoint = &config->milter_listen;
	const struct passwd *user;

	if (endpoint->kind != ENDPOINT_UNIX || geteuid() != 0 || !config->user)
		return true;
	user = getpwnam(config->user);
	if (user && chown(endpoint->path, user->pw_uid, (gid_t)-1) != 0)
		return say(error, error_size, endpoint, strerror(errno));
	return true;
}

static bool open_it(const struct endpoint *endpoint, char *error, size_t error_size)
{
	char connection[ENDPOINT_TEXT_MAX];
	mode_t before = umask(UMASK_WHILE_OPENING);
	bool opened;

	connection_text(endpoint, connection, sizeof(connection));
	errno = 0;
	opened = smfi_setconn(connection) == MI_SUCCESS &&
		 smfi_settimeout(IDLE_MAX_S) == MI_SUCCESS && smfi_opensocket(true) == MI_SUCCESS;
	umask(before);
	if (opened)
		return true;
	return say(error, error_size, endpoint,
		   errno ? strerror(errno) : "libmilter cannot listen there");
}

bool socket_open(const struct config *config, char *error, size_t error_size)
{
	const struct endpoint *endpoint = &config->milter_listen;

	if (endpoint->kind == ENDPOINT_TLS)
		return say(error, error_size, endpoint, "libmilter has no TLS");
	return listener_prepare_path(endpoint, error, error_size) &&
	       open_it(endpoint, error, error_size) && give_to_user(config, error, error_size) &&
	       listener_set_access(endpoint, config->socket_mode, config->socket_group, error,
				   error_size);
}

static void connect_and_hang_up(const struct sockaddr *address, socklen_t len)
{
	int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return;
	(void)connect(fd, address, len);
	close(fd);
}

void socket_knock(const struct endpoint *endpoint)
{
	const struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
	struct sockaddr_un path = { .sun_family = AF_UNIX };
	struct addrinfo *found;
	char port[8];

	if (endpoint->kind == ENDPOINT_UNIX) {
		memcpy(path.sun_path, endpoint->path, sizeof(endpoint->path));
		connect_and_hang_up((const struct sockaddr *)&path, sizeof(path));
		return;
	}
	snprintf(port, sizeof(port), "%u", (unsigned)endpoint->port);
	if (getaddrinfo(endpoint->host, port, &hints, &found) != 0)
		return;
	connect_and_hang_up(found->ai_addr, found->ai_addrlen);
	freeaddrinfo(found);
}
