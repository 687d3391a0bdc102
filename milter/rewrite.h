/*
 * Writes what the engine says of a header From that the login may not use
 * (engine/rewrite.h), at the end of the message.
 *
 * Tried out with Postfix 3.7 and 3.10: fields are counted from 1 for each name, a field
 * that is deleted moves those behind it, and a changed one stays in its place.
 * New fields go to the end of the header.
 */
#ifndef SENDWARD_MILTER_REWRITE_H
#define SENDWARD_MILTER_REWRITE_H

#include "engine/rewrite.h"
#include "milter/original.h"
#include "milter/packet.h"

void rewrite_message(struct packets *out, const struct rewrite *rewrite,
		     const struct originals *originals);

#endif
