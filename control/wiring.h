/*
 * How Postfix is set up to ask Sendward, as postconf(1) prints it: the smtpd services
 * of master.cf, each with the main.cf in force there. Pure: texts in, questions
 * answered; who runs postconf is control/postconf.h.
 */
#ifndef SENDWARD_CONTROL_WIRING_H
#define SENDWARD_CONTROL_WIRING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/config.h"

/* smtpd services that are looked at; and "name = value" of one of them. */
#define WIRING_SERVICES_MAX 64
#define WIRING_SETTINGS_MAX 256

/* Of a path that a setting leads to; longer ones are cut. */
#define WIRING_PATH_MAX 1024

struct wiring_settings {
	struct {
		char *name, *value; /* owned */
	} * items;
	size_t n;
};

struct wiring_service {
	char *name;		      /* "submission/inet", as in postconf -P; owned */
	bool chrooted;		      /* 5th column of master.cf */
	bool privileged;	      /* 4th column: it stays root */
	struct wiring_settings own;   /* what -o says in master.cf, not expanded */
	struct wiring_settings force; /* what is in force there, expanded */
};

/* Do both paths name the same file or place? */
typedef bool wiring_same(const char *a, const char *b);

struct wiring {
	const struct config *config; /* borrowed */
	wiring_same *same;
	struct wiring_settings main; /* main.cf, expanded */
	struct wiring_service services[WIRING_SERVICES_MAX];
	size_t n;
	bool too_many; /* smtpd services */
	bool proxymap_chrooted;
};

void wiring_init(struct wiring *wiring, const struct config *config, wiring_same *same);
void wiring_fini(struct wiring *wiring);

/* Reads lines "name = value"; others, and those beyond the limit, are left out. */
void wiring_read_settings(struct wiring_settings *settings, const char *text);

/* Reads what postconf -M prints: its smtpd services. wiring->main must be there. */
void wiring_read_services(struct wiring *wiring, const char *text);

/* Reads what postconf -P prints, into services[].own. */
void wiring_read_own(struct wiring *wiring, const char *text);

/* Borrowed; wiring_value(): "" when there is none of that name. */
bool wiring_has(const struct wiring_settings *settings, const char *name);
const char *wiring_value(const struct wiring_settings *settings, const char *name);
bool wiring_yes(const struct wiring_settings *settings, const char *name);

/* Is one of its items that word? */
bool wiring_lists(const struct wiring_settings *settings, const char *name, const char *word);

/* Mail that has been through Postfix comes in here once more, behind a content filter. */
bool wiring_is_reinjection(const struct wiring_service *service);

/* Users log in here and send. */
bool wiring_is_submission(const struct wiring_service *service);

/* What of sendward.conf listens. */
enum wiring_part { PART_POLICYD, PART_SENDERS, PART_MILTER, PART_SASLD };

/* "policyd" listen, as people know it. */
const char *wiring_part_name(enum wiring_part part);

enum wiring_place {
	PLACE_FOREIGN,	  /* somebody else's */
	PLACE_MISLEADING, /* meant for ours; chroot or not, it leads to another place */
	PLACE_OURS,
};

/* Where an endpoint of Postfix leads. */
struct wiring_target {
	enum wiring_place place;
	enum wiring_part part;		 /* unless foreign */
	const struct endpoint *listener; /* the same; borrowed from the configuration */
	bool is_path;
	char path[WIRING_PATH_MAX]; /* if it is one: in the tree of this host */
	const char *start; /* the directory from which it is searched: no one above matters */
};

/* text is "unix:path", "inet:host:port", "host:port" or a path: relative to the
 * queue directory, absolute ones in the chroot when there is one. */
void wiring_find(const struct wiring *wiring, bool chrooted, const char *text,
		 struct wiring_target *out);

/* How main.cf names that listener; false when a service in the chroot cannot reach it. */
bool wiring_name(const struct wiring *wiring, bool chrooted, const struct endpoint *listener,
		 char out[WIRING_PATH_MAX]);

#endif
