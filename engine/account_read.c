#include "engine/account_read.h"

#include <stdio.h>
#include <string.h>

#include "base/units.h"

static _Thread_local char reason_text[300];

bool account_fail(const char **reason, const char *field, const char *why)
{
	snprintf(reason_text, sizeof(reason_text), "account record: %s: %s", field, why);
	*reason = reason_text;
	return false;
}

bool account_read_string(struct record *r, const json_t *value, const struct field *field,
			 void *base, const char **reason)
{
	const char *text = json_string_value(value), *copy;

	if (!text)
		return account_fail(reason, field->name, "is not a string");
	if (json_string_length(value) != strlen(text))
		return account_fail(reason, field->name, "has a NUL byte");
	copy = arena_strdup(r->arena, text);
	memcpy((char *)base + field->offset, &copy, sizeof(copy));
	return copy || account_fail(reason, field->name, "out of memory");
}

bool account_read_integer(struct record *r, const json_t *value, const struct field *field,
			  void *base, const char **reason)
{
	int64_t number = json_integer_value(value);

	(void)r;
	if (!json_is_integer(value) || number < 0 || number > AMOUNT_MAX)
		return account_fail(reason, field->name, "is not a number from 0 to 2^53-1");
	memcpy((char *)base + field->offset, &number, sizeof(number));
	return true;
}

static bool read_items(struct record *r, const json_t *value, const struct field *field,
		       unsigned char *items, const char **reason)
{
	for (size_t i = 0; i < json_array_size(value); i++) {
		const char *text = json_string_value(json_array_get(value, i));
		const char *why = "is not a string";

		if (!text || !field->list->parse(r, text, items + i * field->list->item_size, &why))
			return account_fail(reason, field->name, why);
	}
	return true;
}

bool account_read_list(struct record *r, const json_t *value, const struct field *field,
		       void *base, const char **reason)
{
	size_t count = json_array_size(value);
	unsigned char *items;

	if (!json_is_array(value))
		return account_fail(reason, field->name, "is not a list");
	if (count > field->list->max)
		return account_fail(reason, field->name, "has too many entries");
	items = arena_array(r->arena, count ? count : 1, field->list->item_size);
	if (!items)
		return account_fail(reason, field->name, "out of memory");
	if (!read_items(r, value, field, items, reason))
		return false;
	memcpy((char *)base + field->offset, &items, sizeof(items));
	memcpy((char *)base + field->count_offset, &count, sizeof(count));
	return true;
}

bool account_parse_network(struct record *r, const char *text, void *item, const char **reason)
{
	(void)r;
	return network_parse(text, item, reason);
}

bool account_read_fields(struct record *r, const json_t *object, const struct field *fields,
			 size_t n, void *base, const char **reason)
{
	for (size_t i = 0; i < n; i++) {
		const json_t *value = json_object_get(object, fields[i].name);

		if (value && !json_is_null(value) &&
		    !fields[i].read(r, value, &fields[i], base, reason))
			return false;
	}
	return true;
}
