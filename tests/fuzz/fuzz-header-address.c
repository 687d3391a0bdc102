/*
 * Header fields. Fields are separated by the octet 0xfe; the first octet of
 * each chooses its name. A message without a fault has an address, keeps the
 * limits, and is read the same with blanks around every value and with CRLF
 * for LF. Whatever the values are, what is kept of them when a header is
 * rewritten is sound.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/header_address.h"

#define SEPARATOR 0xfe

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A copy of the value, changed when asked for, in a buffer of its own size so
 * that reading behind it is found out. */
static char *variant(const uint8_t *value, size_t len, int changed, size_t *out_len)
{
	char *out = malloc(2 * len + 3), *exact;
	size_t n = 0;

	if (!out)
		abort();
	if (changed)
		out[n++] = ' ';
	for (size_t i = 0; i < len; i++) {
		if (changed && value[i] == '\n' && (i == 0 || value[i - 1] != '\r'))
			out[n++] = '\r';
		out[n++] = (char)value[i];
	}
	if (changed)
		out[n++] = '\t';
	exact = malloc(n ? n : 1);
	if (!exact)
		abort();
	memcpy(exact, out, n);
	free(out);
	*out_len = n;
	return exact;
}

/* No line of what is written can be too long, nor be read as a field. */
static void check_lines(const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\n");

		if (*text != ' ' || len > 940 || memchr(text, '\r', len))
			abort();
		text += len + (text[len] == '\n');
	}
}

/* As a milter keeps a field that it takes out. */
static void check_kept(const char *value, size_t len)
{
	char *text = malloc(len + 1), out[HEADER_TEXT_ROOM];

	if (!text)
		abort();
	memcpy(text, value, len);
	text[len] = '\0';
	header_write_text(text, out);
	check_lines(out);
	free(text);
}

static void check_display(const struct originators *o)
{
	char out[HEADER_MAILBOX_MAX];

	if (o->display[0] && !header_write_is_name(o->display))
		abort();
	header_write_mailbox(o->display, "a@b.example", out);
	check_lines(out);
}

static void read_message(const uint8_t *data, size_t size, int changed, struct originators *o)
{
	static const char *const names[] = { "From", "Sender", "Resent-From", "resent-sender" };

	originators_init(o);
	originators_want_reply_to(o);
	while (size > 0) {
		const uint8_t *end = memchr(data, SEPARATOR, size);
		size_t len = end ? (size_t)(end - data) : size;

		if (len > 0) {
			size_t n;
			char *value = variant(data + 1, len - 1, changed, &n);

			originators_add(o, data[0] == 'y' ? "Reply-To" : names[data[0] % 4], value,
					n);
			check_kept(value, n);
			free(value);
		}
		data += end ? len + 1 : len;
		size -= end ? len + 1 : len;
	}
	originators_end(o);
}

static void check_items(const struct originators *o)
{
	if (o->n == 0 || o->n > HEADER_ADDRESSES_MAX || o->fields_seen[ORIGINATOR_FROM] != 1)
		abort();
	for (size_t i = 0; i < o->n; i++) {
		char text[ADDRESS_TEXT_MAX];
		struct address again;
		const char *reason;

		address_format(&o->items[i].address, text);
		if (address_parse(text, ADDRESS_HEADER, &again, &reason) != ADDRESS_OK ||
		    !address_equal(&again, &o->items[i].address, true))
			abort();
	}
}

static void check_same(const struct originators *a, const struct originators *b)
{
	/* The blank may have made a line too long. */
	if (strstr(b->fault, "longer than"))
		return;
	if (b->fault[0] || a->n != b->n || strcmp(a->display_address, b->display_address) != 0)
		abort();
	for (size_t i = 0; i < a->n; i++)
		if (a->items[i].field != b->items[i].field ||
		    !address_equal(&a->items[i].address, &b->items[i].address, true))
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int ready;
	static struct originators a, b;

	if (!ready)
		header_address_init();
	ready = 1;
	read_message(data, size, 0, &a);
	check_display(&a);
	if (a.fault[0])
		return 0;
	check_items(&a);
	read_message(data, size, 1, &b);
	check_same(&a, &b);
	return 0;
}
