/* Apart from base/header_address.c, because the engine names the fields and
 * has no use for GMime. */
#include <string.h>

#include "base/ascii.h"
#include "base/header_address.h"

/* Every field of a message is compared with them, so their lengths are known. */
struct name {
	const char *text;
	size_t len;
};
#define NAME(text) { text, sizeof(text) - 1 }

static const struct name names[ORIGINATORS] = {
	[ORIGINATOR_FROM] = NAME("From"),
	[ORIGINATOR_SENDER] = NAME("Sender"),
	[ORIGINATOR_RESENT_FROM] = NAME("Resent-From"),
	[ORIGINATOR_RESENT_SENDER] = NAME("Resent-Sender"),
	[ORIGINATOR_REPLY_TO] = NAME("Reply-To"),
};

static const struct name copy_names[ORIGINATORS] = {
	[ORIGINATOR_FROM] = NAME("X-Original-From"),
	[ORIGINATOR_SENDER] = NAME("X-Original-Sender"),
	[ORIGINATOR_RESENT_FROM] = NAME("X-Original-Resent-From"),
	[ORIGINATOR_RESENT_SENDER] = NAME("X-Original-Resent-Sender"),
	[ORIGINATOR_REPLY_TO] = NAME("X-Original-Reply-To"),
};

const char *originator_name(enum originator field)
{
	return names[field].text;
}

const char *originator_copy_name(enum originator field)
{
	return copy_names[field].text;
}

/* Postfix takes away blanks before the colon, programs differ. */
static bool find(const char *name, const struct name table[ORIGINATORS], enum originator *out)
{
	size_t len = strlen(name);

	while (len > 0 && ascii_is_blank(name[len - 1]))
		len--;
	for (unsigned i = 0; i < ORIGINATORS; i++) {
		if (table[i].len != len || !ascii_equal_nocase(table[i].text, name, len))
			continue;
		*out = (enum originator)i;
		return true;
	}
	return false;
}

bool originator_find(const char *name, enum originator *out)
{
	return find(name, names, out);
}

bool originator_find_copy(const char *name, enum originator *out)
{
	return find(name, copy_names, out);
}

bool originators_wants(const char *name)
{
	enum originator field;

	return originator_find(name, &field) || originator_find_copy(name, &field);
}

void originators_init(struct originators *o)
{
	o->n = 0;
	o->reply_to = false;
	memset(o->fields_seen, 0, sizeof(o->fields_seen));
	memset(o->copies_seen, 0, sizeof(o->copies_seen));
	memset(o->faulty, 0, sizeof(o->faulty));
	o->fault[0] = '\0';
	o->n_shown = 0;
	o->mixed[0] = '\0';
	o->display[0] = '\0';
}

void originators_want_reply_to(struct originators *o)
{
	o->reply_to = true;
}
