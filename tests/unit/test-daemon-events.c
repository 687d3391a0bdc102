/*
 * Each test is a child process: signals are its own, and their masks.
 */
#include "base/daemon_events.h"

#include <event2/event.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "tests/unit/suite.h"

static struct event_base *base;
static struct daemon_events *events;
static int reloads, stops;

static void reload(void *arg)
{
	(void)arg;
	reloads++;
}

static void beat(void *arg)
{
	(void)arg;
}

static void stop(void *arg)
{
	(void)arg;
	stops++;
}

static void stop_at_once(void *arg)
{
	stop(arg);
	daemon_events_end(events);
}

static const struct daemon_calls calls = { reload, beat, stop, 60 };
static const struct daemon_calls prompt_calls = { reload, beat, stop_at_once, 60 };
static const struct daemon_calls hasty_calls = { reload, beat, stop, 0 };

/* The deadline is over when its answer is there. */
static const struct daemon_calls late_calls = { reload, beat, stop_at_once, 0 };

static void begin(const struct daemon_calls *with)
{
	base = event_base_new();
	events = daemon_events_new(base, with, NULL);
}

static void end(void)
{
	daemon_events_free(&events);
	event_base_free(base);
	libevent_global_shutdown();
}

/* What has come is served. */
static void pass(void)
{
	event_base_loop(base, EVLOOP_NONBLOCK);
}

static int in_child(int (*body)(void))
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0)
		_exit(body());
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int early_reload(void)
{
	daemon_events_defer();
	raise(SIGHUP);
	raise(SIGUSR1);
	begin(&calls);
	pass();
	end();
	return reloads == 2 ? 0 : 1;
}

static void test_early_reload(void)
{
	SUITE_INT_EQUAL(in_child(early_reload), 0);
}

static int stop_once(void)
{
	bool before, after;

	begin(&calls);
	before = daemon_events_stopping(events);
	raise(SIGTERM);
	pass();
	after = daemon_events_stopping(events);
	raise(SIGINT);
	raise(SIGTERM);
	raise(SIGHUP);
	pass();
	end();
	return !before && after && stops == 1 && reloads == 0 ? 0 : 1;
}

static void test_stop_once(void)
{
	SUITE_INT_EQUAL(in_child(stop_once), 0);
}

static int run_with(const struct daemon_calls *with)
{
	int status;

	begin(with);
	raise(SIGINT);
	status = daemon_events_run(events);
	end();
	return stops == 1 ? status : 2;
}

static int ends_at_once(void)
{
	return run_with(&prompt_calls);
}

static int ends_anyway(void)
{
	return run_with(&hasty_calls);
}

static void test_end(void)
{
	SUITE_INT_EQUAL(in_child(ends_at_once), 0);
	SUITE_INT_EQUAL(in_child(ends_anyway), 0);
}

static int warnings;

static void on_line(enum log_level level, const char *line, void *arg)
{
	(void)line;
	(void)arg;
	warnings += level == LEVEL_WARNING;
}

/* What the store still has to do then runs the loop, too. */
static int pass_after_end(void)
{
	int status;

	log_capture(on_line, NULL);
	begin(&late_calls);
	raise(SIGTERM);
	status = daemon_events_run(events);
	pass();
	end();
	return status == 0 && warnings == 0 ? 0 : 1;
}

static void test_pass_after_end(void)
{
	SUITE_INT_EQUAL(in_child(pass_after_end), 0);
}

static int signals_afterwards(void)
{
	begin(&calls);
	end();
	raise(SIGTERM);
	raise(SIGINT);
	raise(SIGHUP);
	raise(SIGUSR1);
	return stops == 0 && reloads == 0 ? 0 : 1;
}

static void test_signals_afterwards(void)
{
	SUITE_INT_EQUAL(in_child(signals_afterwards), 0);
}

static const struct suite_test tests[] = {
	{ "what tells to reload before the loop runs waits for it", test_early_reload },
	{ "it stops once, and reloads no more", test_stop_once },
	{ "it ends when all is answered, or when that takes too long", test_end },
	{ "what is answered in time is not said to be late afterwards", test_pass_after_end },
	{ "a signal that comes at the very end has no effect", test_signals_afterwards },
};

int main(void)
{
	return suite_run("daemon events", tests, SUITE_LEN(tests));
}
