#include "store/plain.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/memory.h"

/* Pieces of memory written at once. */
#define PIECES_MAX 16

struct plain {
	int fd;
	struct evbuffer *output;
	struct event readable, writable, end_of_pass;
	const struct plain_events *events;
	void *arg;
};

static bool later(int error)
{
	return error == EAGAIN || error == EINTR;
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct plain *p = arg;
	char bytes[PLAIN_READ_MAX];
	ssize_t n = recv(fd, bytes, sizeof(bytes), 0);

	(void)what;
	if (n > 0)
		p->events->read(bytes, (size_t)n, p->arg);
	else if (n == 0)
		p->events->lost(NULL, p->arg);
	else if (!later(errno))
		p->events->lost(strerror(errno), p->arg);
}

/* evbuffer_write() would raise SIGPIPE. */
static ssize_t write_some(struct plain *p)
{
	struct evbuffer_iovec pieces[PIECES_MAX];
	struct msghdr message = { .msg_iov = pieces };
	int n = evbuffer_peek(p->output, -1, NULL, pieces, PIECES_MAX);
	ssize_t sent;

	message.msg_iovlen = n < PIECES_MAX ? (size_t)n : PIECES_MAX;
	sent = sendmsg(p->fd, &message, MSG_NOSIGNAL);
	if (sent > 0)
		evbuffer_drain(p->output, (size_t)sent);
	return sent;
}

/* The rest waits until the socket takes it. */
static void write_out(struct plain *p)
{
	while (evbuffer_get_length(p->output) > 0) {
		if (write_some(p) >= 0)
			continue;
		if (later(errno))
			event_add(&p->writable, NULL);
		else
			p->events->lost(strerror(errno), p->arg);
		return;
	}
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	write_out(arg);
}

struct plain *plain_new(struct event_base *base, int fd, const struct plain_events *events,
			void *arg)
{
	struct plain *p = memory_zero(sizeof(*p));

	p->fd = fd;
	p->output = evbuffer_new();
	p->events = events;
	p->arg = arg;
	event_assign(&p->readable, base, fd, EV_READ | EV_PERSIST, on_readable, p);
	event_assign(&p->writable, base, fd, EV_WRITE, on_writable, p);
	event_assign(&p->end_of_pass, base, -1, 0, on_writable, p);
	event_add(&p->readable, NULL);
	return p;
}

void plain_free(struct plain **plain)
{
	struct plain *p = *plain;

	if (!p)
		return;
	*plain = NULL;
	event_del(&p->readable);
	event_del(&p->writable);
	event_del(&p->end_of_pass);
	evbuffer_free(p->output);
	free(p);
}

struct evbuffer *plain_output(struct plain *p)
{
	return p->output;
}

/* An event that is made active stands behind all that are. */
void plain_send(struct plain *p)
{
	if (event_pending(&p->writable, EV_WRITE, NULL))
		return;
	if (evbuffer_get_length(p->output) >= PLAIN_SOON)
		write_some(p);
	if (evbuffer_get_length(p->output) > 0)
		event_active(&p->end_of_pass, EV_TIMEOUT, 0);
}
