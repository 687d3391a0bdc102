/*
 * Where something listens or is reached: "unix:/path", "inet:host:port",
 * "inet:[v6]:port", "tls:host:port". A plain value: nothing to free.
 */
#ifndef SENDWARD_ENDPOINT_H
#define SENDWARD_ENDPOINT_H

#include <stdbool.h>
#include <stdint.h>

enum endpoint_kind { ENDPOINT_UNIX, ENDPOINT_INET, ENDPOINT_TLS };

/* sun_path without its NUL, unix(7). */
#define ENDPOINT_PATH_MAX 107
#define ENDPOINT_HOST_MAX 255

struct endpoint {
	enum endpoint_kind kind;
	char path[ENDPOINT_PATH_MAX + 1]; /* ENDPOINT_UNIX */
	char host[ENDPOINT_HOST_MAX + 1]; /* the others, without brackets */
	uint16_t port;
};

#define ENDPOINT_TEXT_MAX (ENDPOINT_HOST_MAX + 16)

/* On failure returns false and points *reason at a static text. */
bool endpoint_parse(const char *text, struct endpoint *out, const char **reason);

void endpoint_format(const struct endpoint *endpoint, char out[ENDPOINT_TEXT_MAX]);

bool endpoint_equal(const struct endpoint *a, const struct endpoint *b);

/* Can other hosts reach it? Not a unix socket, nor a loopback address (RFC 5735, RFC 4291)
 * or "localhost"; other names are not looked up and count as reached. */
bool endpoint_is_exposed(const struct endpoint *endpoint);

#endif
