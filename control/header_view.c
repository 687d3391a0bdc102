#include "control/header_view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "control/need.h"
#include "control/text.h"

static void init(struct originators *o, bool reply_to)
{
	originators_init(o);
	if (reply_to)
		originators_want_reply_to(o);
}

struct header_view *header_view_new(bool reply_to)
{
	struct header_view *view = memory_zero(sizeof(*view));

	init(&view->originators, reply_to);
	return view;
}

void header_view_free(struct header_view **view)
{
	if (!*view)
		return;
	for (size_t i = 0; i < (*view)->n_fields; i++) {
		free((*view)->fields[i].value);
		free((*view)->fields[i].fault);
	}
	free((*view)->fields);
	free((*view)->items);
	free(*view);
	*view = NULL;
}

/* ---- reading ---------------------------------------------------------------- */

/* The value in one line, without what stands around it. */
static char *joined(const char *value)
{
	size_t len;
	char *copy;

	value += strspn(value, " \t\r\n");
	len = strlen(value);
	while (len > 0 && strchr(" \t\r\n", value[len - 1]))
		len--;
	copy = need_copy(value, len);
	for (char *p = copy; (p = strpbrk(p, "\r\n\t")); p++)
		*p = ' ';
	return copy;
}

/* The field by itself: which of them has the fault. */
static void read_alone(struct header_view *view, struct header_view_field *field,
		       const struct originators *one)
{
	field->first = view->n_items;
	if (one->fault[0])
		field->fault = memory_strdup(one->fault);
	/* What was read before the fault is only one of its readings. */
	if (one->fault[0] || one->n == 0)
		return;
	field->n = one->n;
	view->items = need_room(view->items, view->n_items + one->n, sizeof(*view->items));
	memcpy(view->items + view->n_items, one->items, one->n * sizeof(*one->items));
	view->n_items += one->n;
}

static void show(struct header_view *view, enum originator name, const char *value, int line)
{
	struct header_view_field *field;
	struct originators *one;

	view->fields = need_room(view->fields, view->n_fields + 1, sizeof(*view->fields));
	field = &view->fields[view->n_fields++];
	*field = (struct header_view_field){
		.name = name,
		.value = joined(value),
		.line = line,
	};
	one = memory_alloc(sizeof(*one));
	init(one, view->originators.reply_to);
	originators_add(one, originator_name(name), value, strlen(value));
	read_alone(view, field, one);
	free(one);
}

void header_view_add(struct header_view *view, const char *name, const char *value, int line)
{
	unsigned *seen = view->originators.fields_seen;
	enum originator field;

	originators_add(&view->originators, name, value, strlen(value));
	/* One that is not looked at is not seen. */
	if (originator_find(name, &field) && seen[field] > 0 && seen[field] <= HEADER_FIELDS_MAX)
		show(view, field, value, line);
}

void header_view_end(struct header_view *view)
{
	originators_end(&view->originators);
}

/* ---- printing --------------------------------------------------------------- */

static bool is_told(const struct header_view *view, const char *fault)
{
	for (size_t i = 0; i < view->n_fields; i++)
		if (view->fields[i].fault && strcmp(view->fields[i].fault, fault) == 0)
			return true;
	return false;
}

static void print_field(const struct header_view *view, const struct header_view_field *field)
{
	char *value = text_printable(field->value);
	char *fault = text_printable(field->fault ? field->fault : "");
	char text[ADDRESS_TEXT_MAX];

	if (field->line > 0)
		printf("%s (line %d): %s\n", originator_name(field->name), field->line, value);
	else
		printf("%s: %s\n", originator_name(field->name), value);
	if (field->fault)
		printf("  has no single reading: %s\n", fault);
	for (size_t i = field->first; i < field->first + field->n; i++) {
		address_format(&view->items[i].address, text);
		printf("  reads: %s\n", text);
	}
	free(fault);
	free(value);
}

void header_view_print(const struct header_view *view)
{
	for (size_t i = 0; i < view->n_fields; i++)
		print_field(view, &view->fields[i]);
	if (view->originators.fault[0] && !is_told(view, view->originators.fault))
		printf("the header: %s\n", view->originators.fault);
}

static json_t *text_or_null(const char *text)
{
	return text && *text ? text_json(text) : json_null();
}

static json_t *addresses_json(const struct header_view *view, const struct header_view_field *field)
{
	json_t *array = need(json_array());
	char text[ADDRESS_TEXT_MAX];

	for (size_t i = field->first; i < field->first + field->n; i++) {
		address_format(&view->items[i].address, text);
		json_array_append_new(array, text_json(text));
	}
	return array;
}

json_t *header_view_json(const struct header_view *view)
{
	json_t *fields = need(json_array());

	for (size_t i = 0; i < view->n_fields; i++) {
		const struct header_view_field *f = &view->fields[i];
		json_t *line = f->line > 0 ? json_integer(f->line) : json_null();

		json_array_append_new(fields, need(json_pack("{s:s, s:o, s:o, s:o, s:o}", "field",
							     originator_name(f->name), "line", line,
							     "value", text_json(f->value),
							     "addresses", addresses_json(view, f),
							     "fault", text_or_null(f->fault))));
	}
	return need(json_pack("{s:o, s:o}", "fields", fields, "fault",
			      text_or_null(view->originators.fault)));
}
