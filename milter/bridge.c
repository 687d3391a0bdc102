#define _GNU_SOURCE /* sem_clockwait() */
#include "milter/bridge.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <event2/event.h>

#include "base/log.h"
#include "base/memory.h"
#include "milter/descriptors.h"

/* How often it is looked whether all is done, when libmilter has stopped. */
#define DRAIN_EVERY_MS 10

/* How often the thread that listens is woken, when it is to stop. */
#define NUDGE_EVERY_MS 20
#define NUDGE_SIGNAL SIGUSR2

/* How long it rests each time while there is no descriptor for a connection:
 * most of the time, and a new connection waits no longer than that. */
#define REST_MS (DESCRIPTORS_EVERY_MS * 95 / 100)
#define REST_SIGNAL SIGURG

/* Between the last answer and the end of the process: libmilter writes the
 * reply after its callback has returned, and does not say when. */
#define LAST_REPLY_MS 50

static const int lane_max[BRIDGE_LANES] = {
	[BRIDGE_QUESTIONS] = BRIDGE_QUESTIONS_MAX,
	[BRIDGE_REFUNDS] = BRIDGE_REFUNDS_MAX,
};

/* Both sides leave JOB_AWAITED, and who comes second finds out. */
enum job_state { JOB_AWAITED, JOB_FINISHED, JOB_LEFT };

/* No lock: threads are many and the loop is one, and each that meets another
 * at a lock costs the kernel two switches. */
struct bridge_job {
	struct bridge *bridge;
	struct bridge_task task;
	struct bridge_job *next; /* handed over before this one; the loop's later */
	atomic_int references;	 /* the loop's and the waiting thread's */
	atomic_int state;	 /* enum job_state */
	sem_t finished;		 /* posted with JOB_FINISHED */
};

struct bridge {
	struct event_base *base;
	struct event *wakeup_event, *drain_event, *nudge_event;
	int wakeup_fd;
	struct descriptors *descriptors;
	pthread_t listener;
	struct bridge_host host;
	int64_t drain_until_ms;
	_Atomic(struct bridge_job *) newest; /* of those not yet taken by the loop */
	atomic_int n_under_way[BRIDGE_LANES];
	atomic_bool closed; /* no room; after it the numbers only fall */
	pthread_mutex_t lock;
	/* Under the lock: */
	struct config *config;
	bool listen_ended;
	int listen_status;
};

/* ---- time ------------------------------------------------------------------ */

static struct timespec timespec_of_ms(int64_t ms)
{
	return (struct timespec){ .tv_sec = (time_t)(ms / 1000),
				  .tv_nsec = (long)(ms % 1000 * 1000000) };
}

static int64_t monotonic_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- jobs ------------------------------------------------------------------ */

static struct bridge_job *job_new(struct bridge *bridge, const struct bridge_task *task,
				  enum job_state state, int references)
{
	struct bridge_job *job = memory_alloc(sizeof(*job));

	job->bridge = bridge;
	job->task = *task;
	job->next = NULL;
	atomic_init(&job->references, references);
	atomic_init(&job->state, (int)state);
	sem_init(&job->finished, 0, 0);
	return job;
}

static void job_free(struct bridge_job *job)
{
	sem_destroy(&job->finished);
	free(job);
}

void bridge_release(struct bridge_job *job)
{
	if (atomic_fetch_sub(&job->references, 1) > 1)
		return;
	job->task.free(job->task.arg);
	job_free(job);
}

/* The first that leaves JOB_AWAITED; false when the other side was. */
static bool leave(struct bridge_job *job, enum job_state state)
{
	int expected = JOB_AWAITED;

	return atomic_compare_exchange_strong(&job->state, &expected, (int)state);
}

static void wake_loop(struct bridge *bridge)
{
	uint64_t one = 1;
	ssize_t written;

	do {
		written = write(bridge->wakeup_fd, &one, sizeof(one));
	} while (written < 0 && errno == EINTR);
	/* EAGAIN: the counter is not zero, so the loop is awake already. */
}

/* Counted before it is looked whether the bridge is closed, and the other way
 * round in begin_to_drain(): none slips through. */
static bool take_room(struct bridge *bridge, enum bridge_lane lane)
{
	if (atomic_fetch_add(&bridge->n_under_way[lane], 1) < lane_max[lane] &&
	    !atomic_load(&bridge->closed))
		return true;
	atomic_fetch_sub(&bridge->n_under_way[lane], 1);
	return false;
}

/* Hands the job over, and with it one reference. Only the first that the loop
 * has not yet taken wakes it. */
static bool submit(struct bridge *bridge, struct bridge_job *job)
{
	struct bridge_job *before = atomic_load(&bridge->newest);

	if (!take_room(bridge, job->task.lane))
		return false;
	do {
		job->next = before;
	} while (!atomic_compare_exchange_weak(&bridge->newest, &before, job));
	if (!before)
		wake_loop(bridge);
	return true;
}

/* ---- the waiting side ------------------------------------------------------ */

static bool wait_for(struct bridge_job *job, const struct timespec *until)
{
	int error;

	do {
		error = sem_clockwait(&job->finished, CLOCK_MONOTONIC, until);
	} while (error != 0 && errno == EINTR);
	return !leave(job, JOB_LEFT);
}

enum bridge_result bridge_call(struct bridge *bridge, const struct bridge_task *task,
			       int64_t patience_ms, struct bridge_job **job)
{
	const struct timespec until = timespec_of_ms(monotonic_ms() + patience_ms);

	*job = job_new(bridge, task, JOB_AWAITED, 2);
	if (!submit(bridge, *job)) {
		job_free(*job);
		*job = NULL;
		return BRIDGE_NO_ROOM;
	}
	if (wait_for(*job, &until))
		return BRIDGE_DONE;
	bridge_release(*job);
	*job = NULL;
	return BRIDGE_LATE;
}

bool bridge_post(struct bridge *bridge, const struct bridge_task *task)
{
	struct bridge_job *job = job_new(bridge, task, JOB_LEFT, 1);
	bool room = submit(bridge, job);

	if (!room)
		job_free(job);
	return room;
}

struct config *bridge_config(struct bridge *bridge)
{
	struct config *config;

	pthread_mutex_lock(&bridge->lock);
	config = config_ref(bridge->config);
	pthread_mutex_unlock(&bridge->lock);
	return config;
}

/* ---- the loop's side ------------------------------------------------------- */

bool bridge_awaited(struct bridge_job *job)
{
	return atomic_load(&job->state) == JOB_AWAITED;
}

bool bridge_finish(struct bridge_job *job)
{
	bool awaited = leave(job, JOB_FINISHED);

	atomic_fetch_sub(&job->bridge->n_under_way[job->task.lane], 1);
	if (awaited)
		sem_post(&job->finished);
	return awaited;
}

/* libmilter has stopped; nothing new is taken on. */
static void begin_to_drain(struct bridge *bridge)
{
	const struct timeval every = { .tv_usec = DRAIN_EVERY_MS * 1000 };

	event_del(bridge->nudge_event);
	atomic_store(&bridge->closed, true);
	pthread_mutex_lock(&bridge->lock);
	bridge->drain_until_ms =
		monotonic_ms() + bridge->config->redis.deadline_ms + BRIDGE_STOP_MS;
	pthread_mutex_unlock(&bridge->lock);
	event_add(bridge->drain_event, &every);
}

static void on_drain(evutil_socket_t fd, short what, void *arg)
{
	struct bridge *bridge = arg;
	bool idle = bridge->host.idle(bridge->host.arg);

	(void)fd;
	(void)what;
	for (int i = 0; i < BRIDGE_LANES; i++)
		idle = idle && atomic_load(&bridge->n_under_way[i]) == 0;
	if (!idle && monotonic_ms() < bridge->drain_until_ms)
		return;
	if (!idle)
		log_warning("stopping before everything was answered");
	event_base_loopbreak(bridge->base);
}

/* All that wait to be taken, the oldest first. */
static struct bridge_job *take_jobs(struct bridge *bridge)
{
	struct bridge_job *job = atomic_exchange(&bridge->newest, NULL);
	struct bridge_job *first = NULL, *before;

	for (; job; job = before) {
		before = job->next;
		job->next = first;
		first = job;
	}
	return first;
}

static void on_wakeup(evutil_socket_t fd, short what, void *arg)
{
	struct bridge *bridge = arg;
	struct bridge_job *job, *next;
	bool listen_ended;
	uint64_t times;

	(void)what;
	if (read(fd, &times, sizeof(times)) < 0 && errno != EAGAIN && errno != EINTR)
		log_error("eventfd: %s", strerror(errno));
	pthread_mutex_lock(&bridge->lock);
	listen_ended = bridge->listen_ended && !atomic_load(&bridge->closed);
	pthread_mutex_unlock(&bridge->lock);
	for (job = take_jobs(bridge); job; job = next) {
		next = job->next;
		job->task.begin(job, job->task.arg);
	}
	if (listen_ended)
		begin_to_drain(bridge);
}

/* ---- stopping -------------------------------------------------------------- */

static void block_signals(sigset_t *before)
{
	static const int ours[] = { SIGHUP, SIGINT, SIGTERM, SIGUSR1 };
	sigset_t signals;

	sigemptyset(&signals);
	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		sigaddset(&signals, ours[i]);
	pthread_sigmask(SIG_BLOCK, &signals, before);
}

static void on_nudge_signal(int number)
{
	(void)number;
}

/* libmilter's listener looks only every 5 s whether it is to stop, unless its
 * poll() is interrupted (MI_CHK_TIME and mi_listener() in its listener.c).
 * Again and again: it may not be in poll() just now. */
static void on_nudge(evutil_socket_t fd, short what, void *arg)
{
	struct bridge *bridge = arg;

	(void)fd;
	(void)what;
	pthread_kill(bridge->listener, NUDGE_SIGNAL);
}

/* libmilter's own thread waits for SIGTERM. smfi_stop() would do the same, but
 * in this thread, and block until the listener looks up. */
void bridge_stop(struct bridge *bridge)
{
	const struct timeval every = { .tv_usec = NUDGE_EVERY_MS * 1000 };

	block_signals(NULL);
	kill(getpid(), SIGTERM);
	event_add(bridge->nudge_event, &every);
}

/* ---- resting --------------------------------------------------------------- */

/* In the listener's thread, wherever it is; a nudge ends it. */
static void on_rest_signal(int number)
{
	int saved_errno = errno;

	(void)number;
	poll(NULL, 0, REST_MS);
	errno = saved_errno;
}

static void on_no_descriptors(void *arg)
{
	struct bridge *bridge = arg;

	pthread_kill(bridge->listener, REST_SIGNAL);
}

/* ---- life ------------------------------------------------------------------ */

struct bridge *bridge_new(struct event_base *base, struct config *config)
{
	struct bridge *bridge = memory_zero(sizeof(*bridge));

	bridge->base = base;
	bridge->config = config_ref(config);
	pthread_mutex_init(&bridge->lock, NULL);
	bridge->wakeup_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	bridge->wakeup_event =
		event_new(base, bridge->wakeup_fd, EV_READ | EV_PERSIST, on_wakeup, bridge);
	bridge->drain_event = event_new(base, -1, EV_PERSIST, on_drain, bridge);
	bridge->nudge_event = event_new(base, -1, EV_PERSIST, on_nudge, bridge);
	if (bridge->wakeup_fd < 0 || !bridge->wakeup_event || !bridge->drain_event ||
	    !bridge->nudge_event || event_add(bridge->wakeup_event, NULL) != 0) {
		log_error("cannot set up the event loop: %s", strerror(errno));
		exit(1);
	}
	return bridge;
}

void bridge_configure(struct bridge *bridge, struct config *config)
{
	struct config *old;

	config_ref(config);
	pthread_mutex_lock(&bridge->lock);
	old = bridge->config;
	bridge->config = config;
	pthread_mutex_unlock(&bridge->lock);
	config_unref(&old);
}

static void *listen_thread(void *arg)
{
	struct bridge *bridge = arg;
	int status = bridge->host.listen();

	pthread_mutex_lock(&bridge->lock);
	bridge->listen_status = status;
	bridge->listen_ended = true;
	pthread_mutex_unlock(&bridge->lock);
	wake_loop(bridge);
	return NULL;
}

/* The new thread, and all that libmilter makes from it, leaves signals to the
 * loop's thread, but for those that libmilter waits for. */
static void start_listening(struct bridge *bridge)
{
	const struct sigaction nudge = { .sa_handler = on_nudge_signal };
	const struct sigaction rest = { .sa_handler = on_rest_signal, .sa_flags = SA_RESTART };
	sigset_t before;
	int error;

	sigaction(NUDGE_SIGNAL, &nudge, NULL);
	sigaction(REST_SIGNAL, &rest, NULL);
	block_signals(&before);
	error = pthread_create(&bridge->listener, NULL, listen_thread, bridge);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error != 0) {
		log_error("cannot start a thread: %s", strerror(error));
		exit(1);
	}
	bridge->descriptors = descriptors_new(bridge->base, on_no_descriptors, bridge);
}

int bridge_run(struct bridge *bridge, const struct bridge_host *host)
{
	const struct timespec last_reply = timespec_of_ms(LAST_REPLY_MS);

	bridge->host = *host;
	start_listening(bridge);
	event_base_dispatch(bridge->base);
	descriptors_free(&bridge->descriptors);
	pthread_join(bridge->listener, NULL);
	nanosleep(&last_reply, NULL);
	event_free(bridge->wakeup_event);
	event_free(bridge->drain_event);
	event_free(bridge->nudge_event);
	return bridge->listen_status;
}
