#include "base/listener.h"

#include <event2/event.h>
#include <event2/listener.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/listening_socket.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/refuse.h"

/* While descriptors are short: how long until the next attempt, and how often
 * that is said. Those that waited longest may have gone away, and come first. */
static const struct timeval retry_delay = { .tv_usec = 50000 };
#define COMPLAIN_EVERY_S 10

struct listener {
	struct endpoint endpoint;
	struct evconnlistener *connections; /* owned; closes the socket */
	struct event *retry;		    /* owned */
	bool paused;			    /* by listener_pause() */
	int64_t complained_s;		    /* monotonic; 0: never */
	listener_accepted *accepted;
	void *arg;
	/* The socket file that is ours, to tell it from one that replaced it. */
	dev_t device;
	ino_t inode;
};

/* --- the loop's callbacks -------------------------------------------------- */

static void on_accept(struct evconnlistener *connections, evutil_socket_t fd, struct sockaddr *peer,
		      int peer_len, void *arg)
{
	struct listener *listener = arg;

	(void)connections;
	(void)peer;
	(void)peer_len;
	listener->accepted(fd, listener->arg);
}

static void complain(struct listener *listener, int code)
{
	char text[ENDPOINT_TEXT_MAX];
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (listener->complained_s && now.tv_sec - listener->complained_s < COMPLAIN_EVERY_S)
		return;
	listener->complained_s = now.tv_sec;
	endpoint_format(&listener->endpoint, text);
	log_warning("cannot accept a connection on %s: %s; it has to wait", text,
		    evutil_socket_error_to_string(code));
}

/* Out of descriptors or memory. The connection stays in the queue, so going on
 * at once would only spin. */
static void on_error(struct evconnlistener *connections, void *arg)
{
	struct listener *listener = arg;

	complain(listener, EVUTIL_SOCKET_ERROR());
	evconnlistener_disable(connections);
	evtimer_add(listener->retry, &retry_delay);
}

static void on_retry(evutil_socket_t fd, short what, void *arg)
{
	struct listener *listener = arg;

	(void)fd;
	(void)what;
	if (!listener->paused)
		evconnlistener_enable(listener->connections);
}

/* --- the interface --------------------------------------------------------- */

static void remember_file(struct listener *listener)
{
	struct stat st;

	if (listener->endpoint.kind != ENDPOINT_UNIX || lstat(listener->endpoint.path, &st) < 0)
		return;
	listener->device = st.st_dev;
	listener->inode = st.st_ino;
}

/* Nothing of what is spoken there has a password. */
static void warn_of_others(const struct endpoint *endpoint)
{
	char text[ENDPOINT_TEXT_MAX];

	if (!endpoint_is_exposed(endpoint))
		return;
	endpoint_format(endpoint, text);
	log_warning("other hosts may reach %s, and whoever does is served: let only Postfix in, by "
		    "a firewall or another address",
		    text);
}

struct listener *listener_open(struct event_base *base, const struct endpoint *endpoint,
			       mode_t mode, const char *group, listener_accepted *accepted,
			       void *arg, char *error, size_t error_size)
{
	int fd = listening_socket_open(endpoint, mode, group, error, error_size);
	struct listener *listener;

	if (fd < 0)
		return NULL;
	listener = memory_zero(sizeof(*listener));
	listener->endpoint = *endpoint;
	listener->accepted = accepted;
	listener->arg = arg;
	remember_file(listener);
	listener->retry = evtimer_new(base, on_retry, listener);
	listener->connections = evconnlistener_new(
		base, on_accept, listener, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, fd);
	if (!listener->retry || !listener->connections) {
		refuse(error, error_size, "out of memory");
		if (!listener->connections)
			close(fd);
		listener_close(&listener);
		return NULL;
	}
	evconnlistener_set_error_cb(listener->connections, on_error);
	warn_of_others(endpoint);
	return listener;
}

static void remove_file(const struct listener *listener)
{
	struct stat st;

	if (listener->endpoint.kind == ENDPOINT_UNIX && lstat(listener->endpoint.path, &st) == 0 &&
	    st.st_dev == listener->device && st.st_ino == listener->inode)
		unlink(listener->endpoint.path);
}

void listener_close(struct listener **listener)
{
	if (!*listener)
		return;
	remove_file(*listener);
	if ((*listener)->connections)
		evconnlistener_free((*listener)->connections);
	if ((*listener)->retry)
		event_free((*listener)->retry);
	free(*listener);
	*listener = NULL;
}

void listener_pause(struct listener *listener)
{
	listener->paused = true;
	evconnlistener_disable(listener->connections);
}

void listener_resume(struct listener *listener)
{
	listener->paused = false;
	evconnlistener_enable(listener->connections);
}
