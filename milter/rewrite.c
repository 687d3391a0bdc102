#include "milter/rewrite.h"

#include <stddef.h>

#include "milter/protocol.h"

struct copier {
	struct packets *out;
	const char *name;
};

/* All fields of that name but the first few, from behind: so no index moves. */
static void delete_but(struct packets *out, const char *name, unsigned first, unsigned n)
{
	while (n > first)
		protocol_change_header(out, name, n--, NULL);
}

static bool copy(const char *value, void *arg)
{
	const struct copier *copier = arg;
	char text[HEADER_TEXT_ROOM];

	header_write_text(value, text);
	protocol_add_header(copier->out, copier->name, text);
	return true;
}

static void keep_originals(struct packets *out, const struct rewrite *rewrite,
			   enum originator field, const struct originals *originals)
{
	struct copier copier = { .out = out, .name = originator_copy_name(field) };

	delete_but(out, copier.name, 0, rewrite->copies[field]);
	originals_each(originals, field, copy, &copier);
}

static void write_from(struct packets *out, const struct rewrite *rewrite)
{
	const char *name = originator_name(ORIGINATOR_FROM);
	unsigned seen = rewrite->seen[ORIGINATOR_FROM];
	char value[HEADER_MAILBOX_MAX];

	header_write_mailbox(rewrite->display, rewrite->address, value);
	if (seen == 0) {
		protocol_add_header(out, name, value);
		return;
	}
	protocol_change_header(out, name, 1, value);
	delete_but(out, name, 1, seen);
}

void rewrite_message(struct packets *out, const struct rewrite *rewrite,
		     const struct originals *originals)
{
	for (unsigned i = 0; i < ORIGINATORS; i++) {
		enum originator field = (enum originator)i;

		if (!(rewrite->fields & 1U << i))
			continue;
		keep_originals(out, rewrite, field, originals);
		if (field == ORIGINATOR_FROM)
			write_from(out, rewrite);
		else
			delete_but(out, originator_name(field), 0, rewrite->seen[field]);
	}
}
