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
	GUESS_FAIL, /* one more */
	GUESS_PASS, /* the password was right: forgotten, unless it is refused */
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

#endif
