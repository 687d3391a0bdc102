#include "milter/socket.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
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
	       open_it(endpoint, error, error_size) &&
	       listener_set_access(endpoint, config->socket_mode, config->socket_group, error,
				   error_size);
}
