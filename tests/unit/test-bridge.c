/*
 * The bridge between libmilter's threads and the loop: the tests are
 * libmilter, that is they run in the thread that bridge_run() makes.
 */
#define _GNU_SOURCE /* gettid() */
#include "milter/bridge.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <event2/event.h>

#include "tests/unit/fixture.h"
#include "tests/unit/suite.h"

#define PATIENCE_MS 2000
#define SHORT_MS 30
#define THREADS 8
#define CALLS 200

/* What a task carries, and what became of it. */
struct errand {
	int delay_ms;
	int input, output;
	pid_t thread;
	struct bridge_job *job;
	struct event *timer;
	bool awaited, in_time;
};

static struct event_base *base;
/* A bridge is never freed. */
static struct bridge *bridges[8];
static struct bridge *bridge;
static int n_bridges;
static pid_t loop_thread;
static atomic_int n_freed, n_late;

static void finish(struct errand *errand)
{
	errand->output = errand->input * 2;
	errand->thread = gettid();
	errand->in_time = bridge_finish(errand->job);
	if (!errand->in_time)
		n_late++;
	bridge_release(errand->job);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct errand *errand = arg;

	(void)fd;
	(void)what;
	event_free(errand->timer);
	finish(errand);
}

static void begin(struct bridge_job *job, void *arg)
{
	struct errand *errand = arg;
	struct timeval after = { .tv_usec = errand->delay_ms * 1000 };

	errand->job = job;
	errand->awaited = bridge_awaited(job);
	if (errand->delay_ms == 0) {
		finish(errand);
		return;
	}
	errand->timer = evtimer_new(base, on_timer, errand);
	evtimer_add(errand->timer, &after);
}

static void errand_free(void *arg)
{
	free(arg);
	n_freed++;
}

static struct bridge_task task_of(enum bridge_lane lane, int input, int delay_ms)
{
	struct errand *errand = calloc(1, sizeof(*errand));

	errand->input = input;
	errand->delay_ms = delay_ms;
	return (struct bridge_task){ lane, begin, errand_free, errand };
}

static bool always_idle(void *arg)
{
	(void)arg;
	return true;
}

/* Runs the bridge with the function in libmilter's place. */
static int run(int (*libmilter)(void))
{
	const struct bridge_host host = { libmilter, always_idle, NULL };
	struct config *config = fixture_config("");
	int status;

	base = event_base_new();
	loop_thread = gettid();
	n_freed = n_late = 0;
	bridge = bridges[n_bridges++] = bridge_new(base, config);
	status = bridge_run(bridge, &host);
	event_base_free(base);
	config_unref(&config);
	return status;
}

static void sleep_ms(int ms)
{
	nanosleep(&(struct timespec){ .tv_nsec = ms * 1000000L }, NULL);
}

static int call_once(void)
{
	struct bridge_task task = task_of(BRIDGE_QUESTIONS, 21, 0);
	struct errand *errand = task.arg;
	struct bridge_job *job;

	SUITE_INT_EQUAL(bridge_call(bridge, &task, PATIENCE_MS, &job), BRIDGE_DONE);
	SUITE_INT_EQUAL(errand->output, 42);
	SUITE_INT_EQUAL(errand->thread, loop_thread);
	SUITE_TRUE(errand->awaited);
	bridge_release(job);
	return 7;
}

static void test_call(void)
{
	SUITE_INT_EQUAL(run(call_once), 7);
	SUITE_INT_EQUAL(n_freed, 1);
}

static int call_late(void)
{
	struct bridge_task task = task_of(BRIDGE_QUESTIONS, 1, 4 * SHORT_MS);
	struct bridge_job *job;

	SUITE_INT_EQUAL(bridge_call(bridge, &task, SHORT_MS, &job), BRIDGE_LATE);
	SUITE_TRUE(job == NULL);
	return 0;
}

static void test_late(void)
{
	run(call_late);
	SUITE_INT_EQUAL(n_late, 1);
	SUITE_INT_EQUAL(n_freed, 1);
}

static int post_only(void)
{
	struct bridge_task task = task_of(BRIDGE_REFUNDS, 1, SHORT_MS);

	SUITE_TRUE(bridge_post(bridge, &task));
	return 0;
}

static void test_post(void)
{
	run(post_only);
	SUITE_INT_EQUAL(n_freed, 1);
	SUITE_INT_EQUAL(n_late, 1);
}

static int fill_the_lane(void)
{
	struct bridge_task task;
	int n = 0;

	for (; n <= BRIDGE_QUESTIONS_MAX; n++) {
		task = task_of(BRIDGE_QUESTIONS, n, 10 * SHORT_MS);
		if (!bridge_post(bridge, &task))
			break;
	}
	SUITE_INT_EQUAL(n, BRIDGE_QUESTIONS_MAX);
	free(task.arg);
	task = task_of(BRIDGE_QUESTIONS, n, 0);
	SUITE_INT_EQUAL(bridge_call(bridge, &task, PATIENCE_MS, &(struct bridge_job *){ NULL }),
			BRIDGE_NO_ROOM);
	free(task.arg);
	task = task_of(BRIDGE_REFUNDS, n, 0);
	SUITE_TRUE(bridge_post(bridge, &task));
	return 0;
}

static void test_no_room(void)
{
	run(fill_the_lane);
	SUITE_INT_EQUAL(n_freed, BRIDGE_QUESTIONS_MAX + 1);
}

static void *call_many(void *arg)
{
	long wrong = 0;

	for (int i = 0; i < CALLS; i++) {
		struct bridge_task task = task_of(BRIDGE_QUESTIONS, i, i % 50 == 0 ? 1 : 0);
		struct errand *errand = task.arg;
		struct bridge_job *job;

		if (bridge_call(bridge, &task, PATIENCE_MS, &job) != BRIDGE_DONE) {
			wrong++;
			continue;
		}
		if (errand->output != 2 * i)
			wrong++;
		bridge_release(job);
	}
	(void)arg;
	return (void *)wrong;
}

static int many_threads(void)
{
	pthread_t threads[THREADS];

	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, call_many, NULL);
	for (int i = 0; i < THREADS; i++) {
		void *wrong;

		pthread_join(threads[i], &wrong);
		SUITE_INT_EQUAL((long)wrong, 0);
	}
	return 0;
}

static void test_many_threads(void)
{
	run(many_threads);
	SUITE_INT_EQUAL(n_freed, THREADS * CALLS);
}

static int nothing(void)
{
	return 3;
}

static void test_afterwards(void)
{
	struct bridge_task task;
	struct bridge_job *job;

	SUITE_INT_EQUAL(run(nothing), 3);
	task = task_of(BRIDGE_QUESTIONS, 1, 0);
	SUITE_INT_EQUAL(bridge_call(bridge, &task, PATIENCE_MS, &job), BRIDGE_NO_ROOM);
	SUITE_TRUE(!bridge_post(bridge, &task));
	free(task.arg);
}

static int configure(void)
{
	struct config *first = bridge_config(bridge), *second;

	second = fixture_config("recipient_delimiter = \"-\"\n");
	bridge_configure(bridge, second);
	config_unref(&second);
	second = bridge_config(bridge);
	SUITE_TRUE(first != second);
	SUITE_TEXT_EQUAL(second->recipient_delimiter, "-");
	config_unref(&first);
	config_unref(&second);
	sleep_ms(1);
	return 0;
}

static void test_configuration(void)
{
	run(configure);
}

static const struct suite_test tests[] = {
	{ "a task is done by the loop and its result is seen", test_call },
	{ "a thread does not wait beyond its deadline, and the work still ends well", test_late },
	{ "a posted task is done before the bridge has ended", test_post },
	{ "a full lane says so at once, and the other lane has room", test_no_room },
	{ "many threads get each its own answer", test_many_threads },
	{ "there is no room after the end", test_afterwards },
	{ "a new configuration replaces the old, which its holders keep", test_configuration },
};

int main(void)
{
	return suite_run("bridge", tests, SUITE_LEN(tests));
}
