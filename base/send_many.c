#include "base/send_many.h"

#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* It takes two system calls, and one each is as good for so few. */
#define TOGETHER_MIN 3

/* glibc has no functions for these. */
static long aio_setup(unsigned n, aio_context_t *context)
{
	return syscall(SYS_io_setup, n, context);
}

static long aio_submit(aio_context_t context, size_t n, struct iocb **requests)
{
	return syscall(SYS_io_submit, context, (long)n, requests);
}

/* Waits for all of them. */
static long aio_results(aio_context_t context, size_t n, struct io_event *results)
{
	return syscall(SYS_io_getevents, context, (long)n, (long)n, results, NULL);
}

/* Once: nobody is told when it fails, as nothing is missing then. */
static void try(struct send_many *many)
{
	struct io_event none;

	many->tried = true;
	if (aio_setup(SEND_MANY_MAX, &many->context) < 0)
		many->context = 0;
	else if (aio_results(many->context, 0, &none) < 0)
		send_many_fini(many);
}

void send_many_fini(struct send_many *many)
{
	if (many->context)
		syscall(SYS_io_destroy, many->context);
	many->context = 0;
}

static void send_one(struct parcel *p)
{
	p->sent = send(p->fd, p->bytes, p->len, MSG_NOSIGNAL);
	if (p->sent < 0)
		p->sent = -errno;
}

/* A write to a socket that does not block is over when io_submit() returns.
 * Returns how many it took; the next one it would not. Their requests stay until
 * their results are there, which point at them: valgrind looks. */
static size_t submit(struct send_many *many, struct iocb requests[SEND_MANY_MAX],
		     const struct parcel *parcels, size_t n)
{
	struct iocb *pointers[SEND_MANY_MAX];
	long taken;

	memset(requests, 0, n * sizeof(*requests));
	for (size_t i = 0; i < n; i++) {
		requests[i].aio_data = i;
		requests[i].aio_lio_opcode = IOCB_CMD_PWRITE;
		requests[i].aio_fildes = (uint32_t)parcels[i].fd;
		requests[i].aio_buf = (uintptr_t)parcels[i].bytes;
		requests[i].aio_nbytes = parcels[i].len;
		pointers[i] = &requests[i];
	}
	taken = aio_submit(many->context, n, pointers);
	return taken > 0 ? (size_t)taken : 0;
}

static void collect(struct send_many *many, struct parcel *parcels, size_t n)
{
	struct io_event results[SEND_MANY_MAX];
	long got;

	while (n > 0) {
		got = aio_results(many->context, n, results);
		if (got < 0 && errno != EINTR)
			abort();
		for (long i = 0; i < got; i++)
			parcels[results[i].data].sent = (ssize_t)results[i].res;
		n -= got > 0 ? (size_t)got : 0;
	}
}

/* Returns how many, from the first on. */
static size_t send_together(struct send_many *many, struct parcel *parcels, size_t n)
{
	struct iocb requests[SEND_MANY_MAX];
	size_t taken = submit(many, requests, parcels, n);

	collect(many, parcels, taken);
	return taken;
}

void send_many(struct send_many *many, struct parcel *parcels, size_t n)
{
	size_t done = 0;

	assert(n <= SEND_MANY_MAX);
	if (n >= TOGETHER_MIN && !many->tried)
		try(many);
	if (n >= TOGETHER_MIN && many->context)
		done = send_together(many, parcels, n);
	for (; done < n; done++)
		send_one(&parcels[done]);
}
