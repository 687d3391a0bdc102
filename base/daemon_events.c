#include "base/daemon_events.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <signal.h>
#include <stdlib.h>

#include "base/daemon.h"
#include "base/log.h"
#include "base/memory.h"

static const int reload_signals[] = { SIGHUP, SIGUSR1 };
static const int stop_signals[] = { SIGTERM, SIGINT };
#define RELOAD_SIGNALS (sizeof(reload_signals) / sizeof(reload_signals[0]))
#define STOP_SIGNALS (sizeof(stop_signals) / sizeof(stop_signals[0]))

struct daemon_events {
	struct event_base *base;
	const struct daemon_calls *calls;
	void *daemon;
	struct event reload[RELOAD_SIGNALS], stop[STOP_SIGNALS];
	struct event beat, deadline;
	bool stopping;
	bool broken; /* one of them could not be added */
};

static void mask(int how, const int *numbers, size_t n)
{
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < n; i++)
		sigaddset(&set, numbers[i]);
	sigprocmask(how, &set, NULL);
}

void daemon_events_defer(void)
{
	mask(SIG_BLOCK, reload_signals, RELOAD_SIGNALS);
}

static void on_reload(evutil_socket_t number, short what, void *arg)
{
	struct daemon_events *e = arg;

	(void)number;
	(void)what;
	if (!e->stopping)
		e->calls->reload(e->daemon);
}

static void on_stop(evutil_socket_t number, short what, void *arg)
{
	struct daemon_events *e = arg;
	const struct timeval deadline = { .tv_sec = e->calls->stop_max_s };

	(void)number;
	(void)what;
	if (e->stopping)
		return;
	e->stopping = true;
	log_info("stopping");
	daemon_stopping();
	event_add(&e->deadline, &deadline);
	e->calls->stop(e->daemon);
}

static void on_beat(evutil_socket_t fd, short what, void *arg)
{
	struct daemon_events *e = arg;

	(void)fd;
	(void)what;
	e->calls->beat(e->daemon);
}

static void on_deadline(evutil_socket_t fd, short what, void *arg)
{
	struct daemon_events *e = arg;

	(void)fd;
	(void)what;
	log_warning("not everything was answered within %d s: stopping anyway",
		    e->calls->stop_max_s);
	daemon_events_end(e);
}

static void add_signals(struct daemon_events *e, struct event *events, const int *numbers, size_t n,
			event_callback_fn called)
{
	for (size_t i = 0; i < n; i++) {
		evsignal_assign(&events[i], e->base, numbers[i], called, e);
		e->broken |= evsignal_add(&events[i], NULL) < 0;
	}
}

struct daemon_events *daemon_events_new(struct event_base *base, const struct daemon_calls *calls,
					void *daemon)
{
	static const struct timeval every = { .tv_sec = DAEMON_BEAT_EVERY_S };
	struct daemon_events *e = memory_zero(sizeof(*e));

	e->base = base;
	e->calls = calls;
	e->daemon = daemon;
	add_signals(e, e->reload, reload_signals, RELOAD_SIGNALS, on_reload);
	add_signals(e, e->stop, stop_signals, STOP_SIGNALS, on_stop);
	event_assign(&e->beat, base, -1, EV_PERSIST, on_beat, e);
	evtimer_assign(&e->deadline, base, on_deadline, e);
	e->broken |= event_add(&e->beat, &every) < 0;
	mask(SIG_UNBLOCK, reload_signals, RELOAD_SIGNALS);
	return e;
}

int daemon_events_run(struct daemon_events *e)
{
	if (e->broken || event_base_dispatch(e->base) < 0) {
		log_error("the event loop does not run");
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}

bool daemon_events_stopping(const struct daemon_events *e)
{
	return e->stopping;
}

void daemon_events_end(struct daemon_events *e)
{
	event_del(&e->deadline);
	event_base_loopbreak(e->base);
}

void daemon_events_free(struct daemon_events **events)
{
	struct daemon_events *e = *events;

	if (!e)
		return;
	mask(SIG_BLOCK, reload_signals, RELOAD_SIGNALS);
	mask(SIG_BLOCK, stop_signals, STOP_SIGNALS);
	for (size_t i = 0; i < RELOAD_SIGNALS; i++)
		event_del(&e->reload[i]);
	for (size_t i = 0; i < STOP_SIGNALS; i++)
		event_del(&e->stop[i]);
	event_del(&e->beat);
	event_del(&e->deadline);
	free(e);
	*events = NULL;
}
