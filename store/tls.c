#include "store/tls.h"

#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

struct tls {
	SSL_CTX *context;
	char *server_name;	     /* NULL: the host's */
	char problem[TLS_ERROR_MAX]; /* "" none */
};

/* ---- files -------------------------------------------------------------- */

static void add_problem(struct tls *t, const char *what, const char *path)
{
	unsigned long code = ERR_get_error();
	const char *why = ERR_SYSTEM_ERROR(code) ? strerror(ERR_GET_REASON(code)) :
						   ERR_reason_error_string(code);

	if (!t->problem[0])
		snprintf(t->problem, sizeof(t->problem), "%s%s%s: %s", what, path ? " " : "",
			 path ? path : "", why ? why : "not usable");
	ERR_clear_error();
}

/* A key with a passphrase: nobody is there to ask. */
static int no_passphrase(char *out, int size, int writing, void *arg)
{
	(void)out;
	(void)size;
	(void)writing;
	(void)arg;
	return -1;
}

static void read_authorities(struct tls *t, const char *path)
{
	if (path && SSL_CTX_load_verify_locations(t->context, path, NULL) != 1)
		add_problem(t, "tls_ca_file", path);
	else if (!path && SSL_CTX_set_default_verify_paths(t->context) != 1)
		add_problem(t, "the system's certificate authorities", NULL);
}

static void read_certificate(struct tls *t, const char *cert, const char *key)
{
	SSL_CTX_set_default_passwd_cb(t->context, no_passphrase);
	if (SSL_CTX_use_certificate_chain_file(t->context, cert) != 1)
		add_problem(t, "tls_cert_file", cert);
	else if (SSL_CTX_use_PrivateKey_file(t->context, key, SSL_FILETYPE_PEM) != 1 ||
		 SSL_CTX_check_private_key(t->context) != 1)
		add_problem(t, "tls_key_file", key);
}

struct tls *tls_new(const struct redis_settings *settings)
{
	struct tls *t = memory_zero(sizeof(*t));

	ERR_clear_error();
	if (settings->tls_server_name)
		t->server_name = memory_strdup(settings->tls_server_name);
	t->context = SSL_CTX_new(TLS_client_method());
	if (!t->context || SSL_CTX_set_min_proto_version(t->context, TLS1_2_VERSION) != 1) {
		add_problem(t, "TLS", NULL);
		return t;
	}
	read_authorities(t, settings->tls_ca_file);
	if (settings->tls_cert_file)
		read_certificate(t, settings->tls_cert_file, settings->tls_key_file);
	return t;
}

void tls_free(struct tls **tls)
{
	if (!*tls)
		return;
	SSL_CTX_free((*tls)->context);
	free((*tls)->server_name);
	free(*tls);
	*tls = NULL;
}

/* ---- sessions ----------------------------------------------------------- */

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
	if (expect_host(ssl, t->server_name ? t->server_name : host))
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
