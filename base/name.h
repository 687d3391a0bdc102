/*
 * Names that an operator gives to things in the configuration: plans, groups of
 * accounts, groups of senders.
 */
#ifndef SENDWARD_NAME_H
#define SENDWARD_NAME_H

#include <stdbool.h>

/* Octets of a name. */
#define NAME_LENGTH_MAX 64

/* 1 to 64 ASCII letters, digits, ".", "-" or "_". */
bool name_is_valid(const char *name);

#endif
