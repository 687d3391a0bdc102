/*
 * Passwords compared with their hashes, which takes tens of milliseconds of
 * processor time: by threads of our own, so that the loop goes on meanwhile.
 * The only file of sendward-sasld that knows of threads.
 *
 * Everything in this header belongs to the loop's thread; answers come there.
 */
#ifndef SENDWARD_SASLD_HASHER_H
#define SENDWARD_SASLD_HASHER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/password_hash.h"

/* Comparisons that wait for a thread. At 50 ms and two threads that is six
 * seconds of them: whoever comes later would not be answered in time. */
#define HASHER_QUEUE_MAX 256

/* Hashes that one password is compared with: the present one, and that of the
 * grace period of a rotation. */
#define HASHER_HASHES_MAX 2

struct event_base;
struct hasher;
struct hasher_job;

/* Which of the hashes it is; -1: none. */
typedef void hasher_done(int which, void *arg);

/* NULL with a text for people in error when the threads do not start. */
struct hasher *hasher_new(struct event_base *base, int threads, char *error, size_t error_size);

/* Waits for what is being compared, at most a comparison long. Jobs that are not
 * abandoned are forgotten without an answer. */
void hasher_free(struct hasher **hasher);

/* Takes the password over; the hashes are copied, and the copies wiped. With no
 * hash, or one that is none, a comparison at that cost is pretended. NULL when the queue is full, and
 * done is never called then; else it is called once, from the loop. */
struct hasher_job *hasher_compare(struct hasher *hasher, struct secret *password,
				  const char *const *hashes, size_t n,
				  const struct password_cost *cost, hasher_done *done, void *arg);

/* Nobody wants the answer any more: done is not called, and the job is gone. */
void hasher_abandon(struct hasher_job *job);

/* Those that wait or are being compared, for status. */
size_t hasher_waiting(const struct hasher *hasher);

#endif
