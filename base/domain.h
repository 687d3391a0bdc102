/*
 * Domains of mail addresses, normalised for comparison: lower case A-labels
 * (RFC 5891, without the mappings of UTS 46) or a domain literal (RFC 5321 section
 * 4.1.3) in lower case.
 */
#ifndef SENDWARD_DOMAIN_H
#define SENDWARD_DOMAIN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/limits.h"

/* Normalises text[0..len), which has no trailing dot. Returns NULL, or a
 * static text that says why it is not a domain; out is then undefined. */
const char *domain_read(const char *text, size_t len, char out[DOMAIN_MAX + 1]);

/* The same for a whole text; one trailing dot is dropped. False when it is not
 * a domain, and then out is left alone. */
bool domain_normalise(const char *text, char out[DOMAIN_MAX + 1]);

/* Is text what libidn2 shows of the normalised domain? Yes also for labels that
 * are registered but not in IDNA 2008 (emoji); no for what does not show. */
bool domain_is_shown_as(const char *domain, const char *text);

/* What a program shows that shows the U-labels of the normalised domain: is it
 * that domain, and no other, when it is read again? Where that is not in IDNA
 * 2008 (emoji), can it be seen? */
bool domain_is_showable(const char *domain);

#endif
