/*
 * Between libmilter's threads and the one thread of the event loop.
 *
 * The store and every decision belong to the loop. A thread of libmilter that
 * wants something of it hands over a job and waits, but not beyond a deadline.
 * A job lives until both sides have let go of it, so the work goes on safely
 * when the thread that waited has left.
 *
 * This is the only file that knows threads (libmilter has its own). The loop
 * runs in the thread that called bridge_run(), which must be the main one;
 * smfi_main() in one made for it. Linux offers a signal to the main thread
 * first, so the loop gets to know of those that libmilter takes otherwise.
 *
 * A bridge is never freed: libmilter goes on calling back until the process
 * has ended.
 */
#ifndef SENDWARD_MILTER_BRIDGE_H
#define SENDWARD_MILTER_BRIDGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/config.h"

struct event_base;
struct bridge;
struct bridge_job;

/* Two kinds of jobs, each with room of its own, in jobs under way, waited for
 * or not. */
enum bridge_lane {
	BRIDGE_QUESTIONS, /* each that waits is one of libmilter's threads, which
			   * it makes without a limit of its own */
	BRIDGE_REFUNDS,	  /* nobody waits, and none should be lost */
};
#define BRIDGE_LANES 2
#define BRIDGE_QUESTIONS_MAX 1000
#define BRIDGE_REFUNDS_MAX 10000

/* When libmilter has stopped: what is under way may take redis.deadline and
 * so much more. */
#define BRIDGE_STOP_MS 1000

struct bridge_task {
	enum bridge_lane lane;
	/* On the loop: begins the work, which ends (perhaps before this
	 * returns) with one bridge_finish() and then one bridge_release(). */
	void (*begin)(struct bridge_job *job, void *arg);
	/* Once, by whichever side lets go last; not when there was no room. */
	void (*free)(void *arg);
	void *arg;
};

enum bridge_result {
	BRIDGE_DONE,	/* finished; arg is valid until bridge_release() */
	BRIDGE_LATE,	/* not finished in time; the work goes on */
	BRIDGE_NO_ROOM, /* never begun: too many under way, or stopping */
};

/* --- the loop's thread ------------------------------------------------------ */

struct bridge *bridge_new(struct event_base *base, struct config *config);

/* Sessions that begin from now on have this configuration. */
void bridge_configure(struct bridge *bridge, struct config *config);

/* The job is done. False: nobody waits for it any more, or ever did. */
bool bridge_finish(struct bridge_job *job);

/* Is the thread that asked still there? */
bool bridge_awaited(struct bridge_job *job);

struct bridge_host {
	/* Runs in a thread of its own. */
	int (*listen)(void);
	/* On the loop, when listen() has returned: nothing is to wait for but
	 * the jobs. */
	bool (*idle)(void *arg);
	void *arg;
};

/* Runs listen(), and the loop until listen() has returned and all jobs are
 * done. Returns what listen() returned. Afterwards there is no room for any. */
int bridge_run(struct bridge *bridge, const struct bridge_host *host);

/* Makes listen(), which is smfi_main(), return soon. From then on signals no
 * longer come to the loop. */
void bridge_stop(struct bridge *bridge);

/* --- any thread ------------------------------------------------------------- */

/* The present configuration, with a reference. */
struct config *bridge_config(struct bridge *bridge);

/* Has the task done by the loop and waits for it. *job is to be released when
 * the result is BRIDGE_DONE, and NULL else. */
enum bridge_result bridge_call(struct bridge *bridge, const struct bridge_task *task,
			       int64_t patience_ms, struct bridge_job **job);

/* The same without waiting; false when there was no room. */
bool bridge_post(struct bridge *bridge, const struct bridge_task *task);

/* Lets go of the job. */
void bridge_release(struct bridge_job *job);

#endif
