#include "base/endpoint.h"

#include <arpa/inet.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/network.h"

static bool refuse(const char **reason, const char *text)
{
	*reason = text;
	return false;
}

static bool parse_path(const char *text, struct endpoint *out, const char **reason)
{
	size_t len = strlen(text);

	if (text[0] != '/')
		return refuse(reason, "a unix socket needs an absolute path: unix:/path");
	if (len > ENDPOINT_PATH_MAX)
		return refuse(reason, "the path of a unix socket is at most 107 bytes long");
	if (text[len - 1] == '/')
		return refuse(reason, "the path of a unix socket may not end with a slash");
	out->kind = ENDPOINT_UNIX;
	memcpy(out->path, text, len + 1);
	return true;
}

static bool parse_port(const char *text, uint16_t *out, const char **reason)
{
	unsigned long port;
	size_t len = strlen(text);

	if (len == 0 || len > 5 || strspn(text, "0123456789") != len)
		return refuse(reason, "the port must be a number from 1 to 65535");
	port = strtoul(text, NULL, 10);
	if (port < 1 || port > 65535)
		return refuse(reason, "the port must be a number from 1 to 65535");
	*out = (uint16_t)port;
	return true;
}

/* "[v6]:port" without its "[". The address is kept in its canonical form. */
static bool parse_bracketed(const char *text, struct endpoint *out, const char **reason)
{
	const char *end = strchr(text, ']');
	char host[INET6_ADDRSTRLEN];
	struct in6_addr addr;

	if (!end)
		return refuse(reason, "the \"[\" before the IPv6 address is not closed");
	if (end[1] != ':')
		return refuse(reason, "a port must follow: [address]:port");
	if ((size_t)(end - text) >= sizeof(host))
		return refuse(reason, "not an IPv6 address between the brackets");
	memcpy(host, text, (size_t)(end - text));
	host[end - text] = '\0';
	if (inet_pton(AF_INET6, host, &addr) != 1)
		return refuse(reason, "not an IPv6 address between the brackets");
	inet_ntop(AF_INET6, &addr, out->host, sizeof(out->host));
	return parse_port(end + 2, &out->port, reason);
}

static bool is_host_name(const char *host)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789.-_";

	return host[strspn(host, allowed)] == '\0' && host[0] != '-' && host[0] != '.';
}

static bool check_host(const char *host, const char **reason)
{
	struct in_addr addr;

	if (!host[0])
		return refuse(reason, "the host is missing");
	if (strchr(host, ':'))
		return refuse(reason, "an IPv6 address needs brackets: [address]:port");
	if (!is_host_name(host))
		return refuse(reason, "not a host name");
	if (host[strspn(host, "0123456789.")] == '\0' && inet_pton(AF_INET, host, &addr) != 1)
		return refuse(reason, "not an IPv4 address");
	return true;
}

static bool parse_host_port(const char *text, struct endpoint *out, const char **reason)
{
	const char *colon = strrchr(text, ':');

	if (text[0] == '[')
		return parse_bracketed(text + 1, out, reason);
	if (!colon)
		return refuse(reason, "a port is missing: host:port");
	if ((size_t)(colon - text) > ENDPOINT_HOST_MAX)
		return refuse(reason, "the host name is longer than 255 bytes");
	memcpy(out->host, text, (size_t)(colon - text));
	out->host[colon - text] = '\0';
	return check_host(out->host, reason) && parse_port(colon + 1, &out->port, reason);
}

bool endpoint_parse(const char *text, struct endpoint *out, const char **reason)
{
	memset(out, 0, sizeof(*out));
	if (!strncmp(text, "unix:", 5))
		return parse_path(text + 5, out, reason);
	if (!strncmp(text, "inet:", 5)) {
		out->kind = ENDPOINT_INET;
		return parse_host_port(text + 5, out, reason);
	}
	if (!strncmp(text, "tls:", 4)) {
		out->kind = ENDPOINT_TLS;
		return parse_host_port(text + 4, out, reason);
	}
	return refuse(reason, "must be unix:/path, inet:host:port or tls:host:port");
}

void endpoint_format(const struct endpoint *endpoint, char out[ENDPOINT_TEXT_MAX])
{
	const char *kind = endpoint->kind == ENDPOINT_TLS ? "tls" : "inet";

	if (endpoint->kind == ENDPOINT_UNIX)
		snprintf(out, ENDPOINT_TEXT_MAX, "unix:%s", endpoint->path);
	else if (strchr(endpoint->host, ':'))
		snprintf(out, ENDPOINT_TEXT_MAX, "%s:[%s]:%u", kind, endpoint->host,
			 endpoint->port);
	else
		snprintf(out, ENDPOINT_TEXT_MAX, "%s:%s:%u", kind, endpoint->host, endpoint->port);
}

bool endpoint_equal(const struct endpoint *a, const struct endpoint *b)
{
	if (a->kind != b->kind)
		return false;
	if (a->kind == ENDPOINT_UNIX)
		return !strcmp(a->path, b->path);
	return a->port == b->port && !strcasecmp(a->host, b->host);
}

bool endpoint_is_exposed(const struct endpoint *endpoint)
{
	static const char *const loopback[] = { "127.0.0.0/8", "::1" };
	struct network network;
	const char *reason;
	struct ip ip;

	if (endpoint->kind == ENDPOINT_UNIX || strcasecmp(endpoint->host, "localhost") == 0)
		return false;
	if (!ip_parse(endpoint->host, &ip))
		return true;
	for (size_t i = 0; i < sizeof(loopback) / sizeof(loopback[0]); i++)
		if (network_parse(loopback[i], &network, &reason) &&
		    network_contains(&network, &ip))
			return false;
	return true;
}
