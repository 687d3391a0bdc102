#include "bench/connection.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/un.h>
#include <unistd.h>

/* Octets read at once, at least. */
#define HEAR_AT_ONCE 4096

void die(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(EXIT_FAILURE);
}

static void find_address(struct network *network, const struct endpoint *e)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *found;
	char port[8];

	if (e->kind == ENDPOINT_UNIX) {
		snprintf(un.sun_path, sizeof(un.sun_path), "%s", e->path);
		memcpy(&network->address, &un, sizeof(un));
		network->address_len = sizeof(un);
		return;
	}
	snprintf(port, sizeof(port), "%u", e->port);
	if (getaddrinfo(e->host, port, &hints, &found) != 0)
		die(e->host);
	memcpy(&network->address, found->ai_addr, found->ai_addrlen);
	network->address_len = found->ai_addrlen;
	freeaddrinfo(found);
}

void network_open(struct network *network, const struct endpoint *address)
{
	find_address(network, address);
	network->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (network->epoll < 0)
		die("epoll_create1");
}

/* Edge-triggered: the kernel need not look again at what has been read. */
static void watch(const struct network *network, struct connection *c, uint32_t more, int how)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLRDHUP | EPOLLET | more,
				     .data.ptr = c };

	if (epoll_ctl(network->epoll, how, c->fd, &event) < 0)
		die("epoll_ctl");
}

void connection_open(const struct network *network, struct connection *c)
{
	c->fd = socket(network->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0 ||
	    connect(c->fd, (const struct sockaddr *)&network->address, network->address_len) < 0)
		die("connect");
	c->messages = 0;
	c->closed = false;
	watch(network, c, 0, EPOLL_CTL_ADD);
}

/* Sends what is in say, as much as goes. */
static void say_some(const struct connection *c, struct load_buffer *say)
{
	while (say->start < say->end) {
		ssize_t n = send(c->fd, say->bytes + say->start, say->end - say->start,
				 MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0)
			break; /* reading will tell */
		say->start += (size_t)n;
	}
	say->start = say->end = 0;
}

void connection_say(const struct network *network, struct connection *c, struct load_buffer *say)
{
	bool waiting = c->out.end > 0;

	if (!waiting)
		say_some(c, say);
	if (say->end == 0)
		return;
	load_buffer_add(&c->out, say->bytes + say->start, say->end - say->start);
	say->start = say->end = 0;
	if (!waiting)
		watch(network, c, EPOLLOUT, EPOLL_CTL_MOD);
}

void connection_say_rest(const struct network *network, struct connection *c)
{
	if (c->out.end == 0)
		return;
	say_some(c, &c->out);
	if (c->out.end == 0)
		watch(network, c, 0, EPOLL_CTL_MOD);
}

void connection_close(struct connection *c)
{
	close(c->fd);
	c->in.start = c->in.end = c->out.start = c->out.end = 0;
}

void connection_free(struct connection *c)
{
	connection_close(c);
	free(c->in.bytes);
	free(c->out.bytes);
	c->in = c->out = (struct load_buffer){ 0 };
}

/* Less than there was room for was all that there was (epoll(7)). */
void connection_hear(struct connection *c, bool hung_up)
{
	size_t room;
	ssize_t n;

	do {
		load_buffer_room(&c->in, HEAR_AT_ONCE);
		room = c->in.size - c->in.end;
		n = recv(c->fd, c->in.bytes + c->in.end, room, MSG_DONTWAIT);
		if (n > 0)
			c->in.end += (size_t)n;
	} while (n == (ssize_t)room || (n > 0 && hung_up) || (n < 0 && errno == EINTR));
	c->closed = n == 0 || (n < 0 && errno != EAGAIN);
}
