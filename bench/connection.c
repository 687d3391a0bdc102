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

static void watch(const struct network *network, struct connection *c, bool writing, int how)
{
	struct epoll_event event = { .events = EPOLLIN | (writing ? (uint32_t)EPOLLOUT : 0),
				     .data.ptr = c };

	c->writing = writing;
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
	watch(network, c, false, EPOLL_CTL_ADD);
}

void connection_say(const struct network *network, struct connection *c)
{
	while (c->out.start < c->out.end) {
		ssize_t n = send(c->fd, c->out.bytes + c->out.start, c->out.end - c->out.start,
				 MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN)
			break; /* reading will tell */
		if (n < 0) {
			if (!c->writing)
				watch(network, c, true, EPOLL_CTL_MOD);
			return;
		}
		c->out.start += (size_t)n;
	}
	c->out.start = c->out.end = 0;
	if (c->writing)
		watch(network, c, false, EPOLL_CTL_MOD);
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

bool connection_hear(struct connection *c)
{
	ssize_t n;

	load_buffer_room(&c->in, HEAR_AT_ONCE);
	n = recv(c->fd, c->in.bytes + c->in.end, c->in.size - c->in.end, MSG_DONTWAIT);
	if (n > 0)
		c->in.end += (size_t)n;
	return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}
