/*
 * What sendward-sasld leaves in the store beside counting: the last use of each
 * user name, and a secret of the installation.
 *
 *	PREFIX{USERNAME}:d	last use, JSON
 *	PREFIX{USERNAME}:t:WHAT	something that is told once
 *	PREFIXelected:NAME	who does something for all servers is elected
 *	PREFIXstrangers		the secret
 */
#ifndef SENDWARD_LOGIN_TRACE_H
#define SENDWARD_LOGIN_TRACE_H

#include "store/store.h"

/* A last use is forgotten so long after it: 400 days. */
#define LOGIN_TRACE_KEPT_S (400 * 86400)

/* json is an object: time, address, mechanism, tls. Nobody waits for it. */
void store_login_trace(struct store *store, const char *username, const char *json);

/* record is the JSON. */
void store_login_trace_get(struct store *store, const char *username, store_record_done *done,
			   void *arg);

/* Is this the first time, for all servers and until ttl_s have passed? Then
 * STORE_OK, else STORE_NOT_FOUND. what has at most MESSAGE_KEY_MAX octets. */
void store_first(struct store *store, const char *username, const char *what, int64_t ttl_s,
		 store_done *done, void *arg);
/* The same for what is of no user. */
void store_elect(struct store *store, const char *name, int64_t ttl_s, store_done *done, void *arg);

/* The one secret of all servers that made-up answers about users who do not exist
 * are made from, so that they are the same everywhere and every time. proposal is
 * text, random, and becomes the secret when there is none yet. */
void store_strangers(struct store *store, const char *proposal, store_record_done *done, void *arg);

#endif
