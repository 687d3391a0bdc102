/*
 * TLS towards Redis: the server's certificate must be valid for its name under
 * the authorities. Those, and our own certificate, are read once.
 */
#ifndef SENDWARD_TLS_H
#define SENDWARD_TLS_H

#include <stddef.h>

#include "base/config.h"

struct bufferevent;
struct event_base;
struct tls;

#define TLS_ERROR_MAX 300

/* Reads the files, and keeps nothing of settings. Never NULL: what is wrong
 * with them every connection tells. */
struct tls *tls_new(const struct redis_settings *settings);
void tls_free(struct tls **tls);

/* Unconnected, owned by the caller, may outlive the tls. host is a name or an
 * address, settings' tls_server_name goes before it. NULL with the reason in
 * error. */
struct bufferevent *tls_bufferevent(struct tls *tls, struct event_base *base, const char *host,
				    char error[TLS_ERROR_MAX]);

/* Why the handshake failed, written to out; NULL when it was not TLS that
 * failed. */
const char *tls_error(struct bufferevent *bev, char out[TLS_ERROR_MAX]);

#endif
