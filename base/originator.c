/* Apart from base/header_address.c, because the engine names the fields and
 * has no use for GMime. */
#include <string.h>

#include "base/ascii.h"
#include "base/header_address.h"

static const char *const names[ORIGINATORS] = {
	[ORIGINATOR_FROM] = "From",
	[ORIGINATOR_SENDER] = "Sender",
	[ORIGINATOR_RESENT_FROM] = "Resent-From",
	[ORIGINATOR_RESENT_SENDER] = "Resent-Sender",
	[ORIGINATOR_REPLY_TO] = "Reply-To",
};

static const char *const copy_names[ORIGINATORS] = {
	[ORIGINATOR_FROM] = "X-Original-From",
	[ORIGINATOR_SENDER] = "X-Original-Sender",
	[ORIGINATOR_RESENT_FROM] = "X-Original-Resent-From",
	[ORIGINATOR_RESENT_SENDER] = "X-Original-Resent-Sender",
	[ORIGINATOR_REPLY_TO] = "X-Original-Reply-To",
};

const char *originator_name(enum originator field)
{
	return names[field];
}

const char *originator_copy_name(enum originator field)
{
	return copy_names[field];
}

static bool is_name(const char *text, size_t len, const char *name)
{
	return strlen(name) == len && ascii_equal_nocase(name, text, len);
}

/* Postfix takes away blanks before the colon, programs differ. */
static bool find(const char *name, const char *const table[ORIGINATORS], enum originator *out)
{
	size_t len = strlen(name);

	while (len > 0 && ascii_is_blank(name[len - 1]))
		len--;
	for (unsigned i = 0; i < ORIGINATORS; i++) {
		if (!is_name(name, len, table[i]))
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
