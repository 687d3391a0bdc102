/* Where an endpoint that Postfix names leads, and whether we listen there. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "control/postfix_setup.h"

static const char *const part_names[] = {
	[PART_POLICYD] = "policyd.listen",
	[PART_SENDERS] = "policyd.sender_login_listen",
	[PART_MILTER] = "milter.listen",
	[PART_SASLD] = "sasld.listen",
};

const char *setup_part_name(enum setup_part part)
{
	return part_names[part];
}

/* ---- ours ------------------------------------------------------------------- */

/* What listens; false when there are not so many. */
static bool listener_at(const struct config *config, size_t i, enum setup_part *part,
			const struct endpoint **listener)
{
	const struct {
		enum setup_part part;
		const struct endpoint *first;
		size_t n;
	} all[] = {
		{ PART_POLICYD, config->policyd_listen, config->n_policyd_listen },
		{ PART_SENDERS, config->sender_login_listen, config->n_sender_login_listen },
		{ PART_MILTER, &config->milter_listen, config->milter_configured },
		{ PART_SASLD, config->sasld.listen, config->sasld.n_listen },
	};

	for (size_t j = 0; j < sizeof(all) / sizeof(all[0]); j++) {
		if (i < all[j].n) {
			*part = all[j].part;
			*listener = &all[j].first[i];
			return true;
		}
		i -= all[j].n;
	}
	return false;
}

typedef bool leads_to(const struct setup *setup, const struct endpoint *listener, const void *what);

static bool search(const struct setup *setup, leads_to *leads, const void *what,
		   enum setup_place place, struct setup_target *out)
{
	enum setup_part part;
	const struct endpoint *listener;

	for (size_t i = 0; listener_at(setup->config, i, &part, &listener); i++) {
		if (!leads(setup, listener, what))
			continue;
		out->place = place;
		out->part = part;
		out->listener = listener;
		return true;
	}
	return false;
}

static bool is_at_path(const struct setup *setup, const struct endpoint *listener, const void *path)
{
	return listener->kind == ENDPOINT_UNIX && setup->same(listener->path, path);
}

/* ---- host and port ---------------------------------------------------------- */

struct host_port {
	char host[ENDPOINT_HOST_MAX + 1];
	long port;
};

static bool is_this_host(const char *host)
{
	return !*host || strcasecmp(host, "localhost") == 0 || strncmp(host, "127.", 4) == 0 ||
	       strcmp(host, "::1") == 0;
}

static bool is_any_host(const char *host)
{
	return strcmp(host, "0.0.0.0") == 0 || strcmp(host, "::") == 0;
}

static bool is_at_port(const struct setup *setup, const struct endpoint *listener, const void *what)
{
	const struct host_port *at = what;

	(void)setup;
	if (listener->kind == ENDPOINT_UNIX || at->port != listener->port)
		return false;
	return strcasecmp(listener->host, at->host) == 0 || is_any_host(listener->host) ||
	       (is_this_host(listener->host) && is_this_host(at->host));
}

/* "host:port", "[v6]:port", or the port of this host alone; one that has a name is nobody's. */
static void read_host_port(const char *text, struct host_port *out)
{
	const char *colon = strrchr(text, ':'), *port = colon ? colon + 1 : text;
	size_t len = colon ? (size_t)(colon - text) : 0;
	char *end;

	out->port = strtol(port, &end, 10);
	if (end == port || *end)
		out->port = -1;
	if (len >= 2 && text[0] == '[' && text[len - 1] == ']') {
		text++;
		len -= 2;
	}
	snprintf(out->host, sizeof(out->host), "%.*s", (int)(len < ENDPOINT_HOST_MAX ? len : 0),
		 text);
}

/* ---- paths ------------------------------------------------------------------ */

/* True when the text is a path, with *path behind "unix:". */
static bool is_path(const char *text, const char **path)
{
	const char *colon = strrchr(text, ':');

	*path = text;
	if (strncmp(text, "unix:", 5) == 0)
		*path = text + 5;
	else if (strncmp(text, "local:", 6) == 0)
		*path = text + 6;
	else if (strncmp(text, "inet:", 5) == 0)
		return false;
	else if (text[0] != '/' && colon && colon[1] &&
		 colon[1 + strspn(colon + 1, "0123456789")] == '\0')
		return false;
	return true;
}

static void locate(const struct setup *setup, bool chrooted, const char *path,
		   char out[SETUP_PATH_MAX])
{
	const char *queue = setup_value(&setup->main, "queue_directory");
	bool absolute = path[0] == '/';

	if (absolute && !chrooted)
		snprintf(out, SETUP_PATH_MAX, "%s", path);
	else
		snprintf(out, SETUP_PATH_MAX, "%s%s%s", queue, absolute ? "" : "/", path);
}

static void find_path(const struct setup *setup, bool chrooted, const char *path,
		      struct setup_target *out)
{
	char other[SETUP_PATH_MAX];

	out->is_path = true;
	out->start = path[0] == '/' && !chrooted ? "/" :
						   setup_value(&setup->main, "queue_directory");
	locate(setup, chrooted, path, out->path);
	if (search(setup, is_at_path, out->path, PLACE_OURS, out))
		return;
	locate(setup, !chrooted, path, other);
	search(setup, is_at_path, other, PLACE_MISLEADING, out);
}

void setup_find(const struct setup *setup, bool chrooted, const char *text,
		struct setup_target *out)
{
	struct host_port at;
	const char *path;

	*out = (struct setup_target){ .place = PLACE_FOREIGN };
	if (!*text)
		return;
	if (is_path(text, &path)) {
		find_path(setup, chrooted, path, out);
		return;
	}
	read_host_port(strncmp(text, "inet:", 5) == 0 ? text + 5 : text, &at);
	search(setup, is_at_port, &at, PLACE_OURS, out);
}

void setup_find_server(const struct setup *setup, bool chrooted, const char *text,
		       struct setup_target *out)
{
	bool whole = strncmp(text, "unix:", 5) == 0 || strncmp(text, "local:", 6) == 0 ||
		     strncmp(text, "inet:", 5) == 0;

	setup_find(setup, chrooted, text, out);
	if (out->place == PLACE_OURS && !whole)
		out->place = PLACE_BARE;
}

bool setup_name(const struct setup *setup, bool chrooted, const struct endpoint *listener,
		char out[SETUP_PATH_MAX])
{
	const char *queue = setup_value(&setup->main, "queue_directory");
	size_t len = strlen(queue);
	bool inside = len > 0 && strncmp(listener->path, queue, len) == 0 &&
		      listener->path[len] == '/';
	char text[ENDPOINT_TEXT_MAX];

	endpoint_format(listener, text);
	if (listener->kind == ENDPOINT_UNIX && inside)
		snprintf(out, SETUP_PATH_MAX, "unix:%s", listener->path + len + 1);
	else
		snprintf(out, SETUP_PATH_MAX, "%s", text);
	return listener->kind != ENDPOINT_UNIX || inside || !chrooted;
}
