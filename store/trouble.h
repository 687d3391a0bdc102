/*
 * What an error reply says about the server rather than about the request, and
 * what helps. In each of these cases the request was not carried out: nothing
 * was changed.
 *
 * Source: the replies' first words in Redis' server.c (shared.*err),
 * cluster.c and networking.c; they are the same in Valkey.
 */
#ifndef SENDWARD_TROUBLE_H
#define SENDWARD_TROUBLE_H

enum trouble {
	TROUBLE_NONE,	 /* the request's own: whoever asked gets it */
	TROUBLE_SCRIPT,	 /* the script is not there: send it along */
	TROUBLE_BUSY,	 /* the whole server, for a while: ask again soon */
	TROUBLE_SLOT,	 /* these keys, for a while: ask again soon */
	TROUBLE_REPLICA, /* not the primary: connect anew, look for the primary */
	TROUBLE_MOVED,	 /* the keys are elsewhere now */
	TROUBLE_ASK,	 /* the keys are on their way elsewhere: ask there, once */
};

/* error is the text of an error reply. */
enum trouble trouble_of(const char *error);

#endif
