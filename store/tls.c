#include "store/tls.h"

#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"

struct tls {
	SSL_CTX *context;
	SSL *ssl; /* the bufferevent's, freed with it */
	struct bufferevent *bev;
	char error[200];
};

/* The bufferevent takes the session over; until then it is ours. */
static struct bufferevent *open_session(struct tls *t, struct event_base *base, const char *host)
{
	struct bufferevent *bev;
	SSL *ssl = SSL_new(t->context);

	if (!ssl)
		return NULL;
	SSL_set_verify(ssl, SSL_VERIFY_PEER, NULL);
	if (SSL_set1_host(ssl, host) != 1 || SSL_set_tlsext_host_name(ssl, host) != 1) {
		SSL_free(ssl);
		return NULL;
	}
	bev = bufferevent_openssl_socket_new(base, -1, ssl, BUFFEREVENT_SSL_CONNECTING,
					     BEV_OPT_CLOSE_ON_FREE);
	if (!bev)
		SSL_free(ssl);
	else
		t->ssl = ssl;
	return bev;
}

struct tls *tls_new(struct event_base *base, const char *host)
{
	struct tls *t = memory_zero(sizeof(*t));

	t->context = SSL_CTX_new(TLS_client_method());
	if (t->context && SSL_CTX_set_min_proto_version(t->context, TLS1_2_VERSION) == 1 &&
	    SSL_CTX_set_default_verify_paths(t->context) == 1)
		t->bev = open_session(t, base, host);
	if (!t->bev)
		tls_free(&t);
	return t;
}

void tls_free(struct tls **tls)
{
	if (!*tls)
		return;
	SSL_CTX_free((*tls)->context);
	free(*tls);
	*tls = NULL;
}

struct bufferevent *tls_bufferevent(struct tls *tls)
{
	return tls->bev;
}

const char *tls_error(struct tls *tls)
{
	long verify = SSL_get_verify_result(tls->ssl);
	unsigned long code = bufferevent_get_openssl_error(tls->bev);

	if (verify != X509_V_OK)
		snprintf(tls->error, sizeof(tls->error), "certificate: %s",
			 X509_verify_cert_error_string(verify));
	else if (code)
		ERR_error_string_n(code, tls->error, sizeof(tls->error));
	return tls->error[0] ? tls->error : NULL;
}
