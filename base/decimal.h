/*
 * Numbers as decimal digits, without printf's cost: for what is written with
 * every decision.
 */
#ifndef SENDWARD_DECIMAL_H
#define SENDWARD_DECIMAL_H

#include <stddef.h>
#include <stdint.h>

/* A sign, 19 digits, a NUL. */
#define DECIMAL_MAX 21

/* Returns the length. */
size_t decimal_format(int64_t number, char out[DECIMAL_MAX]);

#endif
