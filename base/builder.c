#include "base/builder.h"

#include "base/decimal.h"

void builder_init(struct builder *b, char *out, size_t size)
{
	*b = (struct builder){ .out = out, .size = size };
	out[0] = '\0';
}

void builder_add_int(struct builder *b, int64_t number)
{
	char text[DECIMAL_MAX];

	/* Where it is to stand, as decimal_format() has it, when there is room for any. */
	if (b->size - b->len >= DECIMAL_MAX)
		b->len += decimal_format(number, b->out + b->len);
	else
		builder_add_bytes(b, text, decimal_format(number, text));
}
