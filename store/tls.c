#include "store/tls.h"

#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"

struct tls {
	SSL_CTX *context;
	char problem[TLS_ERROR_MAX]; /* "" none */
};

struct tls *tls_new(void)
{
	struct tls *t = memory_zero(sizeof(*t));

	t->context = SSL_CTX_new(TLS_client_method());
	if (!t->context || SSL_CTX_set_min_proto_version(t->context, TLS1_2_VERSION) != 1 ||
	    SSL_CTX_set_default_verify_paths(t->context) != 1)
		ERR_error_string_n(ERR_get_error(), t->problem, sizeof(t->problem));
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

/* An address is looked for among the certificate's addresses, and no name for
 * SNI (RFC 6066 section 3). */
static bool expect_host(SSL *ssl, const char *host)
{
	if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1)
		return true;
	return SSL_set1_host(ssl, host) == 1 && SSL_set_tlsext_host_name(ssl, host) == 1;
}

struct bufferevent *tls_bufferevent(struct tls *t, struct event_base *base, const char *host,
				    char error[TLS_ERROR_MAX])
{
	struct bufferevent *bev = NULL;
	SSL *ssl = t->problem[0] ? NULL : SSL_new(t->context);

	snprintf(error, TLS_ERROR_MAX, "%s", t->problem[0] ? t->problem : "TLS is out of memory");
	if (!ssl)
		return NULL;
	SSL_set_verify(ssl, SSL_VERIFY_PEER, NULL);
	if (expect_host(ssl, host))
		bev = bufferevent_openssl_socket_new(base, -1, ssl, BUFFEREVENT_SSL_CONNECTING,
						     BEV_OPT_CLOSE_ON_FREE);
	/* The bufferevent has taken the session over. */
	if (!bev)
		SSL_free(ssl);
	return bev;
}

const char *tls_error(struct bufferevent *bev, char out[TLS_ERROR_MAX])
{
	long verify = SSL_get_verify_result(bufferevent_openssl_get_ssl(bev));
	unsigned long code = bufferevent_get_openssl_error(bev);

	if (verify != X509_V_OK)
		snprintf(out, TLS_ERROR_MAX, "certificate: %s",
			 X509_verify_cert_error_string(verify));
	else if (code)
		ERR_error_string_n(code, out, TLS_ERROR_MAX);
	else
		return NULL;
	return out;
}
