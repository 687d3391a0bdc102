/*
 * Commands under way: each to the server that has its key, again as often as
 * its deadline allows (store/servers.h says when), and one answer.
 */
#ifndef SENDWARD_DISPATCH_H
#define SENDWARD_DISPATCH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/spares.h"
#include "store/command.h"
#include "store/link.h"
#include "store/topology.h"

struct event;
struct event_base;

/* Commands that wait to be sent again; beyond it they are given up. */
#define DISPATCH_WAITING_MAX LINK_IN_FLIGHT_MAX

/* Commands whose memory is kept for others. */
#define DISPATCH_SPARE_MAX 64

struct asked;

struct dispatch {
	struct topology *topology; /* borrowed */
	TAILQ_HEAD(asked_list, asked) waiting;
	int64_t n_waiting;
	struct event *tick; /* while somebody waits */
	bool been_up;	    /* the owner's: some server has been usable */
	int64_t repeats, script_loads;
	struct spares memory; /* of commands */
};

void dispatch_init(struct dispatch *dispatch, struct event_base *base, struct topology *topology);
/* After topology_fini(). Those who wait are answered. */
void dispatch_fini(struct dispatch *dispatch);

/* Takes the command over. only is the number of the one node it may go to; 0:
 * the one that has its key. */
void dispatch_send(struct dispatch *dispatch, struct command *command, unsigned only,
		   int64_t deadline_ms, link_reply *reply, void *arg);

#endif
