/*
 * Carries out what the engine says of a header From that the login may not use
 * (engine/rewrite.h), at the end of the message.
 *
 * Tried out with Postfix 3.7 and 3.10: fields are counted from 1 for each name, a field
 * that is deleted moves those behind it, and a changed one stays in its place.
 * New fields go to the end of the header.
 */
#ifndef SENDWARD_MILTER_REWRITE_H
#define SENDWARD_MILTER_REWRITE_H

#include <stdbool.h>
#include <sys/types.h>

#include <libmilter/mfapi.h>

#include "engine/rewrite.h"
#include "milter/original.h"

/* False when Postfix could not be told; the message must not be accepted then,
 * as part of it may have been done. */
bool rewrite_message(SMFICTX *ctx, const struct rewrite *rewrite,
		     const struct originals *originals);

#endif
