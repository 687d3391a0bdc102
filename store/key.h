/*
 * The names of keys. All keys of a login share the hash tag {login}, so that
 * they live in one slot of a Redis Cluster and one script may touch them all.
 *
 *	PREFIX{LOGIN}:a		account: version and JSON
 *	PREFIX{LOGIN}:u		counters, see store/take.lua
 *	PREFIX{LOGIN}:m:MESSAGE	one charged message
 *	PREFIX{USERNAME}:p	secret of an SMTP user, see store/secret_record.h
 *	PREFIX{LOGIN}:h		what the login has sent, see store/sent.h
 *	PREFIX{LOGIN}:r		how often it was refused, see store/attempt.h
 *	PREFIX{LOGIN}:x		when it was deleted, see store/deleted.h
 *	PREFIX{LOGIN}:l		there as long as a daemon may have a lease (store/lease.h)
 *	PREFIX{LOGIN}:l:0r, :l:1r, :l:0i0, :l:1i0 ...	messages charged from leases, see
 *				store/lent.lua
 *	PREFIX{NAME}:u-domain	counters that the logins of a domain share, and
 *	PREFIX{NAME}:m-domain:MESSAGE; likewise -plan, -group and -network
 *	PREFIX{USERNAME}:g	failed logins, store/guess.h, and
 *	PREFIX{NETWORK}:g-network
 *	PREFIX{USERNAME}:d	last use, store/login_trace.h, and
 *	PREFIX{USERNAME}:t:WHAT, PREFIXelected:NAME
 *	PREFIXstrangers		a secret, the same
 *	PREFIX{@DOMAIN}:s:LOCAL	logins that may own addresses there, see store/senders.h
 *	PREFIXidentities	logins whose account has an identity, likewise
 *	PREFIXsenders		there when all accounts are in these
 *	PREFIXnode:NAME		heartbeat of a daemon
 *	PREFIXevents		stream of events
 *	PREFIXaccounts		channel of changes (no key)
 *
 * In LOGIN, "{", "}", "%" and what is not printable ASCII or UTF-8 is %XX.
 */
#ifndef SENDWARD_KEY_H
#define SENDWARD_KEY_H

#include <stdbool.h>

#include "base/limits.h"
#include "engine/take.h"

#define KEY_PREFIX_MAX 64
#define KEY_MAX (KEY_PREFIX_MAX + 3 * LOGIN_MAX + MESSAGE_KEY_MAX + 32)

/* False when the name is empty or longer than LOGIN_MAX. Scopes other than
 * SCOPE_LOGIN have no account: nothing is ever written at their key. */
bool key_account(const char *prefix, enum take_scope scope, const char *name, char out[KEY_MAX]);
bool key_counters(const char *prefix, enum take_scope scope, const char *name, char out[KEY_MAX]);
bool key_message(const char *prefix, enum take_scope scope, const char *name, const char *message,
		 char out[KEY_MAX]);

/* Of the secret of a username: the login, or what a credential of it logs in
 * as. False as above. */
bool key_secret(const char *prefix, const char *username, char out[KEY_MAX]);
void key_secret_pattern(const char *prefix, char out[KEY_MAX]);
bool key_secret_username(const char *prefix, const char *key, char out[LOGIN_MAX + 1]);

/* Failed logins of a user name and of a client network; the last use of a user
 * name. False as above. */
bool key_guess(const char *prefix, const char *username, char out[KEY_MAX]);
bool key_guess_network(const char *prefix, const char *network, char out[KEY_MAX]);
/* The pattern that finds both, and whose a key is: network says of which of the two. */
void key_guesses_pattern(const char *prefix, char out[KEY_MAX]);
bool key_guesses_name(const char *prefix, const char *key, bool *network,
		      char out[LOGIN_MAX + 1]);
bool key_told(const char *prefix, const char *username, const char *what, char out[KEY_MAX]);
bool key_login_trace(const char *prefix, const char *username, char out[KEY_MAX]);
void key_strangers(const char *prefix, char out[KEY_MAX]);
bool key_sent(const char *prefix, const char *login, char out[KEY_MAX]);
bool key_sent_packs(const char *prefix, const char *login, char out[KEY_MAX]);
bool key_attempts(const char *prefix, const char *login, char out[KEY_MAX]);
bool key_deleted(const char *prefix, const char *login, char out[KEY_MAX]);

/* All three of one question, which differ little. message has message_len octets;
 * without any the third is that of the counters. */
bool key_question(const char *prefix, enum take_scope scope, const char *name, const char *message,
		  size_t message_len, char account[KEY_MAX], char counters[KEY_MAX],
		  char charged[KEY_MAX]);

/* Of a login's leases; turn is below KEY_LENT_TURNS, index below KEY_LENT_INDEXES. Fewer
 * indexes are longer ones to look through, more are more to write for each lease. */
#define KEY_LENT_TURNS 2
#define KEY_LENT_INDEXES 8

/* While an index of now has so many octets its login gets no lease, and Redis is asked of each
 * message: that is when it was lent about 200 messages/s, for ten minutes. Those that have a lease
 * add theirs, LEASE_MESSAGES_MAX each. So a look-up takes 0.2 ms at most, and those of all that
 * is charged before a question after an outage (REPLAY_NAME_MAX) less than its deadline; and what
 * is remembered of a login's leases takes 10 MB at most. */
#define KEY_LENT_INDEX_FULL 65536
bool key_lease(const char *prefix, const char *login, char out[KEY_MAX]);
bool key_lent(const char *prefix, const char *login, int turn, char out[KEY_MAX]);
bool key_lent_index(const char *prefix, const char *login, int turn, int index,
		    char out[KEY_MAX]);

/* Of a place (engine/place.h), or of the identities when domain is "": domain has at
 * most DOMAIN_MAX octets, local
 * LOCAL_PART_MAX. */
void key_senders(const char *prefix, const char *domain, const char *local, char out[KEY_MAX]);
void key_senders_complete(const char *prefix, char out[KEY_MAX]);

/* The pub/sub channel on which store/put.lua and store/delete.lua tell of a
 * changed account: its version ("-": it was deleted), a space, the login. */
void key_channel(const char *prefix, char out[KEY_MAX]);

/* The pattern for SCAN that finds all accounts. */
void key_account_pattern(const char *prefix, char out[KEY_MAX]);

/* The login of an account's key; false when the key is something else. */
bool key_account_login(const char *prefix, const char *key, char out[LOGIN_MAX + 1]);

/* The same for the counters of logins, and for what was refused of them. */
void key_counters_pattern(const char *prefix, char out[KEY_MAX]);
bool key_counters_login(const char *prefix, const char *key, char out[LOGIN_MAX + 1]);
void key_attempts_pattern(const char *prefix, char out[KEY_MAX]);
bool key_attempts_login(const char *prefix, const char *key, char out[LOGIN_MAX + 1]);

#endif
