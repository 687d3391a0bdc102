#include "sasld/hasher.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/queue.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/memory.h"

/* Of the threads, setpriority(2). */
#define HASHER_NICE 5

struct hasher_job {
	STAILQ_ENTRY(hasher_job) next;
	struct hasher *hasher;
	bool begun; /* a thread has taken it; with the lock */
	struct secret *password;
	size_t n;
	char hashes[HASHER_HASHES_MAX][PASSWORD_HASH_MAX];
	struct password_cost cost;
	int which;
	hasher_done *done; /* NULL: abandoned; the loop's alone */
	void *arg;
};

STAILQ_HEAD(jobs, hasher_job);

struct hasher {
	pthread_mutex_t lock; /* of waiting, ready and stopping */
	pthread_cond_t more;
	struct jobs waiting, ready;
	bool stopping;
	size_t n; /* not yet answered; the loop's alone */
	int wake; /* eventfd(2): something is ready */
	struct event readable;
	pthread_t *threads;
	int n_threads;
};

static void job_free(struct hasher_job *job)
{
	secret_free(&job->password);
	explicit_bzero(job->hashes, sizeof(job->hashes));
	free(job);
}

/* ---- in the threads ------------------------------------------------------- */

static void compare(struct hasher_job *job)
{
	job->which = -1;
	if (job->n == 0 || password_hash_fault(job->hashes[0]))
		password_hash_pretend(&job->cost, job->password);
	for (size_t i = 0; i < job->n && job->which < 0; i++)
		if (password_hash_verify(job->hashes[i], job->password))
			job->which = (int)i;
}

/* The next one, or NULL when the hasher is stopping. With the lock. */
static struct hasher_job *next_job(struct hasher *h)
{
	struct hasher_job *job;

	while (STAILQ_EMPTY(&h->waiting) && !h->stopping)
		pthread_cond_wait(&h->more, &h->lock);
	job = h->stopping ? NULL : STAILQ_FIRST(&h->waiting);
	if (!job)
		return NULL;
	STAILQ_REMOVE_HEAD(&h->waiting, next);
	job->begun = true;
	return job;
}

static void *work(void *arg)
{
	static const uint64_t one = 1;
	struct hasher *h = arg;
	struct hasher_job *job;

	/* Of this thread alone, on Linux: the loop and the other daemons of the
	 * host go first. */
	setpriority(PRIO_PROCESS, 0, HASHER_NICE);
	pthread_mutex_lock(&h->lock);
	while ((job = next_job(h))) {
		pthread_mutex_unlock(&h->lock);
		compare(job);
		pthread_mutex_lock(&h->lock);
		STAILQ_INSERT_TAIL(&h->ready, job, next);
		/* It is full only when the loop has much to read already. */
		if (write(h->wake, &one, sizeof(one)) < 0)
			continue;
	}
	pthread_mutex_unlock(&h->lock);
	return NULL;
}

/* ---- on the loop ---------------------------------------------------------- */

static struct hasher_job *take_ready(struct hasher *h)
{
	struct hasher_job *job;

	pthread_mutex_lock(&h->lock);
	job = STAILQ_FIRST(&h->ready);
	if (job)
		STAILQ_REMOVE_HEAD(&h->ready, next);
	pthread_mutex_unlock(&h->lock);
	return job;
}

static void on_ready(evutil_socket_t fd, short what, void *arg)
{
	struct hasher *h = arg;
	struct hasher_job *job;
	uint64_t count;

	(void)what;
	if (read(fd, &count, sizeof(count)) < 0)
		return;
	while ((job = take_ready(h))) {
		h->n--;
		if (job->done)
			job->done(job->which, job->arg);
		job_free(job);
	}
}

/* Signals are the loop's. */
static bool start_threads(struct hasher *h, int n, char *error, size_t error_size)
{
	sigset_t all, before;
	int rc = 0;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	while (rc == 0 && h->n_threads < n) {
		rc = pthread_create(&h->threads[h->n_threads], NULL, work, h);
		h->n_threads += rc == 0;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (rc != 0)
		snprintf(error, error_size, "a thread does not start: %s", strerror(rc));
	return rc == 0;
}

struct hasher *hasher_new(struct event_base *base, int threads, char *error, size_t error_size)
{
	struct hasher *h = memory_zero(sizeof(*h));

	STAILQ_INIT(&h->waiting);
	STAILQ_INIT(&h->ready);
	pthread_mutex_init(&h->lock, NULL);
	pthread_cond_init(&h->more, NULL);
	h->threads = memory_zero((size_t)threads * sizeof(*h->threads));
	h->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	event_assign(&h->readable, base, h->wake, EV_READ | EV_PERSIST, on_ready, h);
	if (h->wake < 0) {
		snprintf(error, error_size, "eventfd: %s", strerror(errno));
		hasher_free(&h);
	} else if (!start_threads(h, threads, error, error_size)) {
		hasher_free(&h);
	} else {
		event_add(&h->readable, NULL);
	}
	return h;
}

static void drop(struct jobs *jobs)
{
	struct hasher_job *job;

	while ((job = STAILQ_FIRST(jobs))) {
		STAILQ_REMOVE_HEAD(jobs, next);
		job_free(job);
	}
}

void hasher_free(struct hasher **hasher)
{
	struct hasher *h = *hasher;

	*hasher = NULL;
	if (!h)
		return;
	pthread_mutex_lock(&h->lock);
	h->stopping = true;
	pthread_cond_broadcast(&h->more);
	pthread_mutex_unlock(&h->lock);
	for (int i = 0; i < h->n_threads; i++)
		pthread_join(h->threads[i], NULL);
	drop(&h->waiting);
	drop(&h->ready);
	if (h->wake >= 0) {
		event_del(&h->readable);
		close(h->wake);
	}
	pthread_cond_destroy(&h->more);
	pthread_mutex_destroy(&h->lock);
	free(h->threads);
	free(h);
}

struct hasher_job *hasher_compare(struct hasher *h, struct secret *password,
				  const char *const *hashes, size_t n,
				  const struct password_cost *cost, hasher_done *done, void *arg)
{
	struct hasher_job *job;

	if (h->n >= HASHER_QUEUE_MAX + (size_t)h->n_threads) {
		secret_free(&password);
		return NULL;
	}
	job = memory_zero(sizeof(*job));
	job->hasher = h;
	job->password = password;
	for (; job->n < n && job->n < HASHER_HASHES_MAX; job->n++)
		snprintf(job->hashes[job->n], PASSWORD_HASH_MAX, "%s", hashes[job->n]);
	job->cost = *cost;
	job->done = done;
	job->arg = arg;
	h->n++;
	pthread_mutex_lock(&h->lock);
	STAILQ_INSERT_TAIL(&h->waiting, job, next);
	pthread_cond_signal(&h->more);
	pthread_mutex_unlock(&h->lock);
	return job;
}

/* One that has not begun leaves its place to others; the rest is finished, and
 * forgotten then. */
void hasher_abandon(struct hasher_job *job)
{
	struct hasher *h = job->hasher;
	bool begun;

	job->done = NULL;
	pthread_mutex_lock(&h->lock);
	begun = job->begun;
	if (!begun)
		STAILQ_REMOVE(&h->waiting, job, hasher_job, next);
	pthread_mutex_unlock(&h->lock);
	if (begun)
		return;
	h->n--;
	job_free(job);
}

size_t hasher_waiting(const struct hasher *h)
{
	return h->n;
}
