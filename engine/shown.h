/*
 * Whose addresses the display names and comments of a header show.
 */
#ifndef SENDWARD_SHOWN_H
#define SENDWARD_SHOWN_H

#include "base/header_address.h"
#include "engine/effective.h"

bool shown_is_own(const struct config *config, const struct effective *effective, const char *login,
		  const struct shown_address *shown);

/* The first that is not the login's own; NULL: there is none. */
const struct shown_address *shown_foreign(const struct config *config,
					  const struct effective *effective, const char *login,
					  const struct originators *header);

#endif
