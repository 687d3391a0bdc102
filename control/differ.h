/*
 * Addresses that Postfix, by its smtpd_sender_login_maps, and Sendward, by its
 * accounts, give to different logins.
 */
#ifndef SENDWARD_CONTROL_DIFFER_H
#define SENDWARD_CONTROL_DIFFER_H

#include <jansson.h>

#include "base/config.h"
#include "control/map.h"
#include "control/owners.h"

/* Compares every address that is in the map, in an account's list (as it is
 * when all is done) or is the own one of a login in owners; of a domain, the
 * addresses that nobody names. Returns an array of {"address", "postfix":
 * [LOGIN...], "sendward": [LOGIN...], "identities": those of "sendward" that are}, a new
 * reference, in the order of the addresses. */
json_t *differ(const struct config *config, const struct map *map, const struct owners *owners,
	       int64_t now_s);

#endif
