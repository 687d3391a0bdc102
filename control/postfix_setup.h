/*
 * How Postfix is set up to ask Sendward, as postconf(1) prints it: the smtpd services
 * of master.cf, each with the main.cf in force there. Pure: texts in, questions
 * answered; who runs postconf is control/postconf.h.
 */
#ifndef SENDWARD_CONTROL_POSTFIX_SETUP_H
#define SENDWARD_CONTROL_POSTFIX_SETUP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/config.h"

/* smtpd services that are looked at; and "name = value" of one of them. */
#define SETUP_SERVICES_MAX 64
#define SETUP_SETTINGS_MAX 256

/* Of a path that a setting leads to; longer ones are cut. */
#define SETUP_PATH_MAX 1024

struct setup_settings {
	struct {
		char *name, *value; /* owned */
	} * items;
	size_t n;
};

struct setup_service {
	char *name;		     /* "submission/inet", as in postconf -P; owned */
	bool chrooted;		     /* 5th column of master.cf */
	bool privileged;	     /* 4th column: it stays root */
	char *stray;		     /* a word of its command that is no option, with which smtpd
				      * ends; NULL: there is none; owned */
	struct setup_settings own;   /* what -o says in master.cf, not expanded */
	struct setup_settings force; /* what is in force there, expanded */
};

/* Do both paths name the same file or place? */
typedef bool setup_same(const char *a, const char *b);

struct setup {
	const struct config *config; /* borrowed */
	setup_same *same;
	struct setup_settings main; /* main.cf, expanded */
	struct setup_service services[SETUP_SERVICES_MAX];
	size_t n;
	bool too_many; /* smtpd services */
	bool proxymap_chrooted;
};

void setup_init(struct setup *setup, const struct config *config, setup_same *same);
void setup_fini(struct setup *setup);

/* Reads lines "name = value"; others, and those beyond the limit, are left out. */
void setup_read_settings(struct setup_settings *settings, const char *text);

/* Reads what postconf -M prints: its smtpd services. setup->main must be there. */
void setup_read_services(struct setup *setup, const char *text);

/* Reads what postconf -P prints, into services[].own. */
void setup_read_own(struct setup *setup, const char *text);

/* Borrowed; setup_value(): "" when there is none of that name. */
bool setup_has(const struct setup_settings *settings, const char *name);
const char *setup_value(const struct setup_settings *settings, const char *name);
bool setup_yes(const struct setup_settings *settings, const char *name);

/* Is one of its items that word? */
bool setup_lists(const struct setup_settings *settings, const char *name, const char *word);

/* Mail that has been through Postfix comes in here once more, behind a content filter. */
bool setup_is_reinjection(const struct setup_service *service);

/* Other servers bring mail here: port 25, or behind postscreen(8). */
bool setup_is_outside(const struct setup_service *service);

/* Users log in here and send. */
bool setup_is_submission(const struct setup_service *service);

/* What of sendward.conf listens. */
enum setup_part { PART_POLICYD, PART_SENDERS, PART_MILTER, PART_SASLD };

/* "policyd" listen, as people know it. */
const char *setup_part_name(enum setup_part part);

enum setup_place {
	PLACE_FOREIGN,	  /* somebody else's */
	PLACE_MISLEADING, /* meant for ours; chroot or not, it leads to another place */
	PLACE_BARE,	  /* ours, but for "unix:" or "inet:" before it */
	PLACE_OURS,
};

/* Where an endpoint of Postfix leads. */
struct setup_target {
	enum setup_place place;
	enum setup_part part;		 /* unless foreign */
	const struct endpoint *listener; /* the same; borrowed from the configuration */
	bool is_path;
	char path[SETUP_PATH_MAX]; /* if it is one: in the tree of this host */
	const char *start; /* the directory from which it is searched: no one above matters */
};

/* text is "unix:path", "inet:host:port", "inet:port", "host:port" or a path: relative to
 * the queue directory, absolute ones in the chroot when there is one. */
void setup_find(const struct setup *setup, bool chrooted, const char *text,
		struct setup_target *out);

/* The same of a policy server, milter or socketmap, which Postfix does not read without
 * "unix:", "local:" or "inet:" before it; smtpd_sasl_path may be a path alone. */
void setup_find_server(const struct setup *setup, bool chrooted, const char *text,
		       struct setup_target *out);

/* How main.cf names that listener; false when a service in the chroot cannot reach it. */
bool setup_name(const struct setup *setup, bool chrooted, const struct endpoint *listener,
		char out[SETUP_PATH_MAX]);

#endif
