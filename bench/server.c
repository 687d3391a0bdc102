#define _GNU_SOURCE /* accept4 */

#include "bench/server.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/memory.h"

#define EVENTS_AT_ONCE 256

struct client {
	int fd;
	/* Of what is not a client: the listener has neither. */
	void (*ready)(void *arg);
	void *arg;
	size_t used;
	char text[SERVER_REQUEST_MAX];
};

struct server {
	int epoll, listener;
	server_request *request;
	void *arg;
};

static void die(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(EXIT_FAILURE);
}

static void add(struct server *s, struct client *c)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = c };

	if (epoll_ctl(s->epoll, EPOLL_CTL_ADD, c->fd, &event) < 0)
		die("epoll_ctl");
}

void server_watch(struct server *s, int fd, void (*ready)(void *arg), void *arg)
{
	struct client *c = memory_zero(sizeof(*c));

	c->fd = fd;
	c->ready = ready;
	c->arg = arg;
	add(s, c);
}

static void on_connection(void *arg)
{
	struct server *s = arg;
	struct client *c = memory_zero(sizeof(*c));

	c->fd = accept4(s->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (c->fd < 0)
		free(c);
	else
		add(s, c);
}

struct server *server_new(const char *path, server_request *request, void *arg)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct server *s = memory_zero(sizeof(*s));

	s->request = request;
	s->arg = arg;
	s->epoll = epoll_create1(EPOLL_CLOEXEC);
	s->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	unlink(path);
	if (s->epoll < 0 || s->listener < 0 ||
	    bind(s->listener, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(s->listener, SOMAXCONN) < 0)
		die(path);
	server_watch(s, s->listener, on_connection, s);
	return s;
}

void server_answer(int fd, const char *action)
{
	char text[512];
	int n = snprintf(text, sizeof(text), "action=%s\n\n", action);

	/* A client that has gone is noticed when it is read from. */
	if (send(fd, text, (size_t)n, MSG_NOSIGNAL) < 0)
		return;
}

static void forget(struct client *c)
{
	close(c->fd);
	free(c);
}

static void on_readable(struct server *s, struct client *c)
{
	ssize_t n = recv(c->fd, c->text + c->used, sizeof(c->text) - c->used, 0);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		forget(c);
		return;
	}
	c->used += (size_t)n;
	/* Postfix asks one question at a time. */
	if (c->used >= 2 && memcmp(c->text + c->used - 2, "\n\n", 2) == 0) {
		s->request(c->text, c->used - 1, c->fd, s->arg);
		c->used = 0;
	}
}

void server_run(struct server *s, void (*flush)(void *arg), void *arg)
{
	struct epoll_event events[EVENTS_AT_ONCE];

	for (;;) {
		int n = epoll_wait(s->epoll, events, EVENTS_AT_ONCE, -1);

		for (int i = 0; i < n; i++) {
			struct client *c = events[i].data.ptr;

			if (c->ready)
				c->ready(c->arg);
			else
				on_readable(s, c);
		}
		if (flush)
			flush(arg);
	}
}
