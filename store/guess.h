/*
 * Failed logins, counted for all servers together: of a user name from one
 * client network, and of a client network whatever the names. Who fails too
 * often is refused for a while; from elsewhere the name can be used on, so that
 * nobody can lock somebody else out.
 *
 *	PREFIX{USERNAME}:g		by network
 *	PREFIX{NETWORK}:g-network
 *
 * Both go by themselves when nothing has failed for long enough.
 */
#ifndef SENDWARD_GUESS_H
#define SENDWARD_GUESS_H

#include "store/store.h"

/* Networks that are remembered of one user name, the newest. */
#define GUESS_NETWORKS_MAX 50

enum guess_what {
	GUESS_LOOK,
	GUESS_FAIL,   /* one more */
	GUESS_PASS,   /* the password was right: forgotten, unless it is refused */
	GUESS_FORGET, /* also when it is refused; the state is that before it */
};

struct guess_limits {
	int64_t limit; /* 0: none */
	int64_t window_s, refuse_s;
};

struct guess_state {
	int64_t count;
	int64_t refused_s; /* still; 0: it is not */
	bool begun;	   /* since this failure */
};

/* state is NULL unless STORE_OK. */
typedef void guess_done(enum store_result result, const struct guess_state *state,
			const char *error, void *arg);

/* network is text without blanks (network_of_client()). */
void store_guess_username(struct store *store, enum guess_what what, const char *username,
			  const char *network, const struct guess_limits *limits, guess_done *done,
			  void *arg);
void store_guess_network(struct store *store, enum guess_what what, const char *network,
			 const struct guess_limits *limits, guess_done *done, void *arg);

/* One line of a record: failures from one client network. */
struct guess_place {
	const char *network;		/* borrowed for the call; "-" in the record of a network */
	int64_t count, last_s, until_s; /* Unix times; it is refused until then */
};

/* Calls each() for what is remembered of a user name, or of a network, also what is over by
 * now; then done, with STORE_NOT_FOUND when that is nothing. What others wrote into it is
 * left out. */
void store_guess_read(struct store *store, bool network, const char *name,
		      void (*each)(const struct guess_place *place, void *arg), store_done *done,
		      void *arg);

/* Calls each() for the user names and networks of which something is remembered, in no
 * order, perhaps twice for one (store/scan.h); then done. */
void store_guess_each(struct store *store, void (*each)(bool network, const char *name, void *arg),
		      store_done *done, void *arg);

#endif
