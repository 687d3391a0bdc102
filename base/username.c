#include "base/username.h"

#include <string.h>

#include "base/ascii.h"
#include "base/builder.h"

static const char name_others[] = "_-";

static bool is_name_start(char c)
{
	return (c >= 'a' && c <= 'z') || ascii_is_digit(c);
}

bool username_credential_is_valid(const char *name)
{
	size_t len = strlen(name);

	if (!is_name_start(name[0]) || len > CREDENTIAL_NAME_MAX)
		return false;
	for (size_t i = 1; i < len; i++)
		if (!is_name_start(name[i]) && !strchr(name_others, name[i]))
			return false;
	return true;
}

bool username_separator_is_valid(const char *separator)
{
	size_t len = strlen(separator);

	/* A domain would be a credential's name behind "@" or ".". */
	return len <= CREDENTIAL_SEPARATOR_MAX && strspn(separator, "+!#$%&*/=?^|~:") == len;
}

/* The last separator of the text, NULL when it has none. */
static const char *last_separator(const char *text, const char *separator)
{
	const char *found = NULL;

	for (const char *p = text; *separator && (p = strstr(p, separator)); p++)
		found = p;
	return found;
}

bool username_split(const char *text, const char *separator, struct username *out)
{
	const char *end = last_separator(text, separator);
	const char *name = end ? end + strlen(separator) : "";
	size_t len = strlen(text);

	out->login[0] = out->credential[0] = '\0';
	if (len > LOGIN_MAX)
		return false;
	if (end && end > text && username_credential_is_valid(name)) {
		len = (size_t)(end - text);
		memcpy(out->credential, name, strlen(name) + 1);
	}
	memcpy(out->login, text, len);
	out->login[len] = '\0';
	return true;
}

bool username_join(const char *login, const char *separator, const char *credential,
		   char out[LOGIN_MAX + 1])
{
	struct builder text;

	builder_init(&text, out, LOGIN_MAX + 1);
	builder_add(&text, login);
	if (*credential) {
		builder_add(&text, separator);
		builder_add(&text, credential);
	}
	return !text.cut && (*separator || !*credential);
}
