/*
 * The value of an entry of a Postfix table, cut into what it lists.
 */
#ifndef SENDWARD_CONTROL_MAP_VALUES_H
#define SENDWARD_CONTROL_MAP_VALUES_H

#include <stddef.h>

/* Logins: words between commas and blanks (smtpd_sender_login_maps). */
char **map_values_logins(const char *text, size_t *n);

/* Addresses: the same, but quotes hold "a b"@example.com together. */
char **map_values_addresses(const char *text, size_t *n);

void map_values_free(char **values, size_t n);

#endif
