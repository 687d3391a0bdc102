#include "milter/descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include <event2/event.h>

#include "base/log.h"
#include "base/memory.h"

struct descriptors {
	struct event *timer;
	bool none; /* at the last look */
	void (*rest)(void *arg);
	void *arg;
};

static bool none_left(void)
{
	int fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);

	if (fd >= 0)
		close(fd);
	/* Without a standard error nothing can be told. */
	return fd < 0 && errno != EBADF;
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct descriptors *d = arg;
	bool none = none_left();

	(void)fd;
	(void)what;
	if (none && !d->none)
		log_warning("no file descriptor is left (LimitNOFILE of the service): new "
			    "connections of mail servers wait");
	if (!none && d->none)
		log_info("there are file descriptors again");
	d->none = none;
	if (none)
		d->rest(d->arg);
}

struct descriptors *descriptors_new(struct event_base *base, void (*rest)(void *arg), void *arg)
{
	const struct timeval every = { .tv_sec = DESCRIPTORS_EVERY_MS / 1000,
				       .tv_usec = DESCRIPTORS_EVERY_MS % 1000 * 1000 };
	struct descriptors *d = memory_zero(sizeof(*d));

	d->rest = rest;
	d->arg = arg;
	d->timer = event_new(base, -1, EV_PERSIST, on_timer, d);
	if (!d->timer || event_add(d->timer, &every) != 0)
		descriptors_free(&d);
	return d;
}

void descriptors_free(struct descriptors **descriptors)
{
	if (!*descriptors)
		return;
	if ((*descriptors)->timer)
		event_free((*descriptors)->timer);
	free(*descriptors);
	*descriptors = NULL;
}
