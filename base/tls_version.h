/*
 * The TLS of a client's session, and what is required of it.
 */
#ifndef SENDWARD_TLS_VERSION_H
#define SENDWARD_TLS_VERSION_H

#include <stdbool.h>

/* In the order of their age. */
enum tls_version {
	TLS_NONE,  /* plain text */
	TLS_OTHER, /* SSL, or a protocol whose name is not known */
	TLS_1_0,
	TLS_1_1,
	TLS_1_2,
	TLS_1_3, /* or newer */
};
#define TLS_VERSIONS 6

/* As OpenSSL and so Postfix names it ("TLSv1.3"); "" is TLS_NONE. */
enum tls_version tls_version_of(const char *name);

/* "none", "other", "1.0" to "1.3": as the operator writes them. False for another text. */
const char *tls_version_name(enum tls_version version);
bool tls_version_parse(const char *text, enum tls_version *out);

/* In a sentence: "no TLS", "TLS 1.1". */
const char *tls_version_text(enum tls_version version);

/* require_tls. */
enum tls_requirement { REQUIRE_NO_TLS, REQUIRE_TLS, REQUIRE_TLS_1_2, REQUIRE_TLS_1_3 };
#define TLS_REQUIREMENTS 4

/* "no", "yes", "1.2", "1.3". */
const char *tls_requirement_name(enum tls_requirement requirement);
bool tls_requirement_parse(const char *text, enum tls_requirement *out);

bool tls_satisfies(enum tls_version version, enum tls_requirement requirement);

#endif
