#include "base/builder.h"

#include <string.h>

#include "base/decimal.h"

void builder_init(struct builder *b, char *out, size_t size)
{
	*b = (struct builder){ .out = out, .size = size };
	out[0] = '\0';
}

void builder_add_bytes(struct builder *b, const char *bytes, size_t len)
{
	size_t room = b->size - 1 - b->len;

	if (len > room) {
		b->cut = true;
		len = room;
	}
	memcpy(b->out + b->len, bytes, len);
	b->len += len;
	b->out[b->len] = '\0';
}

void builder_add_char(struct builder *b, char c)
{
	if (b->len + 1 >= b->size) {
		b->cut = true;
		return;
	}
	b->out[b->len++] = c;
	b->out[b->len] = '\0';
}

void builder_add_int(struct builder *b, int64_t number)
{
	char text[DECIMAL_MAX];

	builder_add_bytes(b, text, decimal_format(number, text));
}
