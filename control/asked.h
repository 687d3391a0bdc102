/*
 * Whom one smtpd asks, and when: the policy services in its restriction lists and the
 * milters, as far as they can be ours (SMTPD_POLICY_README, MILTER_README). Pure.
 */
#ifndef SENDWARD_CONTROL_ASKED_H
#define SENDWARD_CONTROL_ASKED_H

#include "control/postfix_list.h"
#include "control/postfix_setup.h"

/* More of them are not seen. */
#define ASKED_POLICIES_MAX 32
#define ASKED_MILTERS_MAX 32

/* Of a word that is shown; longer ones are cut. */
#define ASKED_WORD_MAX 64

/* Restriction classes in restriction classes are followed so deep. */
#define ASKED_DEPTH_MAX 4

/* The lists of restrictions, in the order Postfix goes through them. */
enum asked_list {
	LIST_CLIENT,
	LIST_HELO,
	LIST_SENDER,
	LIST_RELAY,
	LIST_RECIPIENT,
	LIST_DATA,
	LIST_END_OF_DATA,
};
#define ASKED_LISTS 7

const char *asked_list_name(enum asked_list list);

/* One check_policy_service that is ours, or was meant to be. */
struct asked_policy {
	enum asked_list list;
	struct postfix_server server;
	struct setup_target target;
	/* Restrictions before it (static), whose sessions never come here: all that have
	 * logged in, and some. NULL: none. */
	const char *ender, *skipper;
	bool warn_only; /* it, or a class that it is in, is behind warn_if_reject */
	bool relay;	/* its policy_context is relay (identities) */
	/* The word before it where that is not check_policy_service: it is not asked. ""
	 * when it is. */
	char instead[ASKED_WORD_MAX];
	/* The item behind it when that is an attribute, which counts in braces only; "" when
	 * it is not. */
	char unbraced[ASKED_WORD_MAX];
};

/* What asks smtpd_sender_login_maps: of those who have logged in, and of those who have
 * not, whom it refuses when the address has an owner. */
struct asked_map {
	bool logins, others;
	/* The first one that is not reached with a login, and what is before it (both
	 * static); NULL: there is none. */
	const char *unreached, *ender;
	enum asked_list list; /* of unreached */
};

/* The socketmap in smtpd_sender_login_maps, "socketmap:unix:sendward/senders:senders": ours if
 * it is there, else any other one. */
struct asked_senders {
	char *text;	      /* without the type, cut at the last colon; owned */
	const char *endpoint; /* in text; NULL: there is none */
	const char *name;
	struct setup_target target;
};

struct asked_milter {
	struct postfix_server server;
	struct setup_target target; /* of all milters, ours or not */
};

struct asked {
	const struct setup *setup; /* both borrowed */
	const struct setup_service *service;
	struct asked_policy policies[ASKED_POLICIES_MAX];
	size_t n_policies;
	struct asked_milter milters[ASKED_MILTERS_MAX];
	size_t n_milters;
	struct asked_map map;
	struct asked_senders senders;
};

void asked_init(struct asked *asked, const struct setup *setup,
		const struct setup_service *service);
void asked_fini(struct asked *asked);

/* For these two: of asked->senders; setup and service must be there. */
void asked_senders_init(struct asked *asked);
void asked_senders_fini(struct asked *asked);

/* The state in which the list is gone through. */
const char *asked_state(const struct asked *asked, enum asked_list list);

/* Ours, and not one that was meant to be. */
bool asked_is_ours(const struct asked_policy *policy);

/* Is our policy service asked about logins in this list? */
bool asked_in(const struct asked *asked, enum asked_list list);

/* Ours in milters[]; n_milters: it is none of them. */
size_t asked_milter(const struct asked *asked);

/* The version of the milter protocol that Postfix speaks to milters[i], as it is set;
 * borrowed. Ours ends a connection with another one than 6. */
const char *asked_protocol(const struct asked *asked, size_t i);
bool asked_too_old(const struct asked *asked, size_t i);

/* Ours is there, and nothing keeps Postfix from asking it. */
bool asked_by_milter(const struct asked *asked);

#endif
