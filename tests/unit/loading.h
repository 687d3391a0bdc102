/*
 * Configurations from texts, for the tests of their reader.
 */
#ifndef SENDWARD_TESTS_UNIT_LOADING_H
#define SENDWARD_TESTS_UNIT_LOADING_H

#include "base/config.h"

/* Of the last text; "" when it was good. */
extern char loading_error[1024];

/* The text as file test.conf; one reference, or NULL. */
struct config *loading_text(const char *text);

/* Of a text that must be good; else the program ends. */
struct config *loading_good(const char *text);

/* Compares the error. An expected one that ends with a colon and a space may go on, in words
 * of another module. */
void loading_expect(const char *expected);

struct loading_refusal {
	const char *text, *error;
};

/* Each text must be refused with its error. */
void loading_refused(const struct loading_refusal *rows, size_t n);

#endif
