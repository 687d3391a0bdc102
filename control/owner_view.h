/*
 * Why a login owns an address, or does not: every pattern that was asked, in
 * that order, and where it comes from.
 */
#ifndef SENDWARD_CONTROL_OWNER_VIEW_H
#define SENDWARD_CONTROL_OWNER_VIEW_H

#include <jansson.h>

#include "engine/effective.h"
#include "engine/ownership.h"

struct owner_view {
	const struct config *config;
	const struct effective *effective;
	const struct account *account; /* NULL: the login has none */
	const char *login;
	const char *config_option; /* as given with -c; NULL: it was not */
};

/* "/etc/sendward/sendward.conf:12"; NULL for line 0. Free it. */
char *owner_place(const struct config *config, int line);

/* A block of lines; what is "Envelope sender", "From", ... True when it ends
 * with a command that would make the address an own one; then, once,
 * owner_print_note() says what else that does. */
bool owner_print(const struct owner_view *view, const char *what, const struct address *address);
void owner_print_note(const struct owner_view *view);

/* An entry of "addresses"; field is "envelope", "From", ... A new reference. */
json_t *owner_json(const struct owner_view *view, const char *field, const struct address *address);

#endif
