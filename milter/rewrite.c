#include "milter/rewrite.h"

#include <stddef.h>

#include "milter/text.h"

struct copier {
	SMFICTX *ctx;
	const char *name;
};

static bool add(SMFICTX *ctx, const char *name, const char *value)
{
	return smfi_addheader(ctx, libmilter_text(name), libmilter_text(value)) == MI_SUCCESS;
}

static bool change(SMFICTX *ctx, const char *name, unsigned index, const char *value)
{
	return smfi_chgheader(ctx, libmilter_text(name), (int)index,
			      value ? libmilter_text(value) : NULL) == MI_SUCCESS;
}

/* All fields of that name but the first few, from behind: so no index moves. */
static bool delete_but(SMFICTX *ctx, const char *name, unsigned first, unsigned n)
{
	while (n > first)
		if (!change(ctx, name, n--, NULL))
			return false;
	return true;
}

static bool copy(const char *value, void *arg)
{
	const struct copier *copier = arg;
	char text[HEADER_TEXT_ROOM];

	header_write_text(value, text);
	return add(copier->ctx, copier->name, text);
}

static bool keep_originals(SMFICTX *ctx, const struct rewrite *rewrite, enum originator field,
			   const struct originals *originals)
{
	struct copier copier = { .ctx = ctx, .name = originator_copy_name(field) };

	return delete_but(ctx, copier.name, 0, rewrite->copies[field]) &&
	       originals_each(originals, field, copy, &copier);
}

static bool write_from(SMFICTX *ctx, const struct rewrite *rewrite)
{
	const char *name = originator_name(ORIGINATOR_FROM);
	unsigned seen = rewrite->seen[ORIGINATOR_FROM];
	char value[HEADER_MAILBOX_MAX];

	header_write_mailbox(rewrite->display, rewrite->address, value);
	if (seen == 0)
		return add(ctx, name, value);
	return change(ctx, name, 1, value) && delete_but(ctx, name, 1, seen);
}

bool rewrite_message(SMFICTX *ctx, const struct rewrite *rewrite, const struct originals *originals)
{
	for (unsigned i = 0; i < ORIGINATORS; i++) {
		enum originator field = (enum originator)i;
		bool done;

		if (!(rewrite->fields & 1U << i))
			continue;
		done = keep_originals(ctx, rewrite, field, originals);
		if (done && field == ORIGINATOR_FROM)
			done = write_from(ctx, rewrite);
		else if (done)
			done = delete_but(ctx, originator_name(field), 0, rewrite->seen[field]);
		if (!done)
			return false;
	}
	return true;
}
