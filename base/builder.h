/*
 * A text put together piece by piece in a bounded buffer; for what is written
 * with every decision, where printf's cost would be most of it.
 */
#ifndef SENDWARD_BUILDER_H
#define SENDWARD_BUILDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct builder {
	char *out; /* borrowed; always NUL-terminated */
	size_t size;
	size_t len;
	bool cut; /* something did not fit: what does not fit is cut */
};

/* size is at least 1. */
void builder_init(struct builder *builder, char *out, size_t size);

void builder_add_int(struct builder *builder, int64_t number);

/* These in the caller, where the length of a constant is one. */
static inline void builder_add_bytes(struct builder *builder, const char *bytes, size_t len)
{
	size_t room = builder->size - 1 - builder->len;

	if (len > room) {
		builder->cut = true;
		len = room;
	}
	memcpy(builder->out + builder->len, bytes, len);
	builder->len += len;
	builder->out[builder->len] = '\0';
}

static inline void builder_add_char(struct builder *builder, char c)
{
	builder_add_bytes(builder, &c, 1);
}

static inline void builder_add(struct builder *builder, const char *text)
{
	builder_add_bytes(builder, text, strlen(text));
}

#endif
