/*
 * TLS towards Redis: the server's certificate must be valid for its host
 * name under the system's authorities.
 */
#ifndef SENDWARD_TLS_H
#define SENDWARD_TLS_H

struct bufferevent;
struct event_base;
struct tls;

/* One connection attempt; NULL when OpenSSL cannot. */
struct tls *tls_new(struct event_base *base, const char *host);
void tls_free(struct tls **tls);

/* Unconnected; owned by the caller, to be freed before the tls. */
struct bufferevent *tls_bufferevent(struct tls *tls);

/* Why the handshake failed; NULL when it was not TLS that failed. */
const char *tls_error(struct tls *tls);

#endif
