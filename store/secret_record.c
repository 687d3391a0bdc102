#include "store/secret_record.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/units.h"

/* The members and where they go; a size of 0 is a number. */
static const struct member {
	const char *name;
	size_t offset, size;
} members[] = {
	{ "password", offsetof(struct secret_record, password), PASSWORD_HASH_MAX },
	{ "scram", offsetof(struct secret_record, scram), SCRAM_TEXT_MAX },
	{ "changed", offsetof(struct secret_record, changed_s), 0 },
	{ "previous", offsetof(struct secret_record, previous), PASSWORD_HASH_MAX },
	{ "previous_scram", offsetof(struct secret_record, previous_scram), SCRAM_TEXT_MAX },
	{ "previous_until", offsetof(struct secret_record, previous_until_s), 0 },
	{ "allow_nets", offsetof(struct secret_record, allow_nets), SECRET_NETWORKS_MAX + 1 },
};
#define MEMBERS (sizeof(members) / sizeof(members[0]))

static bool bad(const char *why, const char **reason)
{
	*reason = why;
	return false;
}

static bool read_text(const json_t *value, char *out, size_t size, const char **reason)
{
	const char *text = json_string_value(value);
	size_t len = json_string_length(value);

	if (!text || strlen(text) != len)
		return bad("a member of the secret's record is not a text", reason);
	if (len >= size)
		return bad("a member of the secret's record is too long", reason);
	memcpy(out, text, len + 1);
	return true;
}

static bool read_time(const json_t *value, int64_t *out, const char **reason)
{
	if (!json_is_integer(value) || json_integer_value(value) < 0 ||
	    json_integer_value(value) > AMOUNT_MAX)
		return bad("a time in the secret's record is not one", reason);
	*out = json_integer_value(value);
	return true;
}

static bool read_members(const json_t *object, struct secret_record *out, const char **reason)
{
	for (size_t i = 0; i < MEMBERS; i++) {
		const struct member *m = &members[i];
		const json_t *value = json_object_get(object, m->name);
		char *place = (char *)out + m->offset;

		if (!value || json_is_null(value))
			continue;
		if (m->size ? !read_text(value, place, m->size, reason) :
			      !read_time(value, (int64_t *)(void *)place, reason))
			return false;
	}
	return *out->password || bad("the secret's record has no password", reason);
}

bool secret_record_decode(const char *text, size_t len, struct secret_record *out,
			  const char **reason)
{
	json_t *object;
	bool ok;

	memset(out, 0, sizeof(*out));
	if (len > SECRET_RECORD_MAX)
		return bad("the secret's record is too long", reason);
	object = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(object))
		ok = bad("the secret's record is not a JSON object", reason);
	else
		ok = read_members(object, out, reason);
	json_decref(object);
	return ok;
}

char *secret_record_encode(const struct secret_record *record)
{
	json_t *object = json_object();
	char *text;

	for (size_t i = 0; i < MEMBERS; i++) {
		const char *place = (const char *)record + members[i].offset;
		int64_t number = 0;
		json_t *value = NULL;

		if (members[i].size)
			value = *place ? json_string(place) : NULL;
		else
			memcpy(&number, place, sizeof(number));
		if (number)
			value = json_integer(number);
		if (value)
			json_object_set_new(object, members[i].name, value);
	}
	text = json_dumps(object, JSON_COMPACT);
	json_decref(object);
	if (!text)
		memory_exhausted();
	return text;
}

/* In the time of grace of the one before the new secret is salted like it: SCRAM
 * shows the salt before it knows which of the two the client has. */
static bool make_verifier(const struct password_settings *settings, const struct secret *secret,
			  const struct secret_record *record, struct scram_verifier *out)
{
	if (record->previous_until_s != 0 && scram_parse(record->previous_scram, out) &&
	    out->iterations == settings->scram_iterations)
		return scram_derive(secret, out);
	return scram_make(secret, settings->scram_iterations, out);
}

bool secret_record_set(const struct password_settings *settings, const struct secret *secret,
		       struct secret_record *record, const char **reason)
{
	const struct password_cost cost = config_password_cost(settings);
	struct scram_verifier verifier;

	if (!password_hash_make(&cost, secret, record->password, reason))
		return false;
	*record->scram = '\0';
	if (settings->scram_iterations == 0)
		return true;
	if (!make_verifier(settings, secret, record, &verifier))
		return bad("no randomness for a verifier", reason);
	scram_format(&verifier, record->scram);
	return true;
}

void secret_record_keep_previous(struct secret_record *record, int64_t until_s)
{
	*record->previous = *record->previous_scram = '\0';
	record->previous_until_s = until_s;
	if (until_s == 0)
		return;
	memcpy(record->previous, record->password, sizeof(record->previous));
	memcpy(record->previous_scram, record->scram, sizeof(record->previous_scram));
}

enum secret_match secret_record_verify(const struct secret_record *record,
				       const struct secret *secret, int64_t now_s)
{
	if (password_hash_verify(record->password, secret))
		return SECRET_RIGHT;
	if (*record->previous && now_s < record->previous_until_s &&
	    password_hash_verify(record->previous, secret))
		return SECRET_PREVIOUS;
	return SECRET_WRONG;
}
