/*
 * Texts for libmilter, whose arguments are not const though it only reads
 * them.
 */
#ifndef SENDWARD_MILTER_TEXT_H
#define SENDWARD_MILTER_TEXT_H

static inline char *libmilter_text(const char *text)
{
	return (char *)text;
}

#endif
