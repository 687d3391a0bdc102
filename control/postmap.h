/*
 * Listing a Postfix table with `postmap -s` (postmap(1)): run without a shell,
 * with the caller's own rights and environment.
 */
#ifndef SENDWARD_CONTROL_POSTMAP_H
#define SENDWARD_CONTROL_POSTMAP_H

#include <stdbool.h>
#include <stdio.h>

/* What postmap says on standard error is shown up to so many octets. */
#define POSTMAP_SAID_MAX 4096

/* And so many lines of it, each once. */
#define POSTMAP_TOLD_MAX 64

struct postmap;

/* Is it "type:name", and not a file? */
bool postmap_is_table(const char *text);

/* Starts the listing; NULL, said, for types that have no list (regexp, ldap)
 * and when there is no postmap. */
struct postmap *postmap_open(const char *table);

/* Lines of key, tab, value; borrowed. */
FILE *postmap_file(struct postmap *postmap);

/* Waits for its end, at once when not everything was read. False, said, when
 * the listing did not succeed. Warnings are passed on. */
bool postmap_close(struct postmap **postmap);

#endif
