/*
 * Why something cannot be done, as a text for people.
 */
#ifndef SENDWARD_REFUSE_H
#define SENDWARD_REFUSE_H

#include <stdbool.h>
#include <stddef.h>

/* Writes the reason into error, cut at error_size - 1, and returns false. */
bool refuse(char *error, size_t error_size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
