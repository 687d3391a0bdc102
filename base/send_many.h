/*
 * Octets to many sockets with one system call, io_submit(2). Who waits for the
 * first of them wakes up meanwhile and does not run in our place until all are
 * sent: with a send(2) for each, a hundred answers were two hundred changes from
 * one process to the other and back.
 *
 * Where the kernel has or allows no io_submit() (a seccomp filter,
 * fs.aio-max-nr), it is a send(2) for each.
 */
#ifndef SENDWARD_SEND_MANY_H
#define SENDWARD_SEND_MANY_H

#include <linux/aio_abi.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* At once. With 16 and 32 a hundred clients got 5 to 8 % fewer answers a second. */
#define SEND_MANY_MAX 128

struct parcel {
	int fd;		   /* a socket that does not block */
	const void *bytes; /* borrowed; len of them, at least one */
	size_t len;
	ssize_t sent; /* filled: what send(2) says, but -errno for an error */
};

/* All zero to begin with. Not to be used by two threads at once, nor after a fork(). */
struct send_many {
	bool tried;
	aio_context_t context; /* 0: none */
};

/* n is at most SEND_MANY_MAX, fds differ. SIGPIPE is to be ignored. */
void send_many(struct send_many *many, struct parcel *parcels, size_t n);

void send_many_fini(struct send_many *many);

#endif
