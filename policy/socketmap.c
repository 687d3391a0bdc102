#include "policy/socketmap.h"

#include <stdio.h>
#include <string.h>

#include "base/ascii.h"

/* Digits of the length of a netstring that is not too long. */
#define LENGTH_DIGITS_MAX 4

static enum socketmap_result bad(const char *why, const char **fault)
{
	*fault = why;
	return SOCKETMAP_BAD;
}

/* "NAME KEY"; the key may be empty or have spaces. */
static enum socketmap_result read_question(const char *text, size_t len,
					   struct socketmap_question *out, const char **fault)
{
	const char *space = memchr(text, ' ', len);
	size_t name_len;

	if (!space)
		return bad("no space between the name of the map and the key", fault);
	if (memchr(text, '\0', len))
		return bad("a NUL in it", fault);
	name_len = (size_t)(space - text);
	memcpy(out->name, text, name_len);
	out->name[name_len] = '\0';
	memcpy(out->key, space + 1, len - name_len - 1);
	out->key[len - name_len - 1] = '\0';
	return SOCKETMAP_QUESTION;
}

enum socketmap_result socketmap_read(const char *data, size_t len, struct socketmap_question *out,
				     size_t *used, const char **fault)
{
	size_t size = 0, digits = 0;

	while (digits < len && digits <= LENGTH_DIGITS_MAX && ascii_is_digit(data[digits]))
		size = 10 * size + (size_t)(data[digits++] - '0');
	if (digits > LENGTH_DIGITS_MAX || size > SOCKETMAP_QUESTION_MAX)
		return bad("longer than 4096 octets", fault);
	if (digits == len)
		return SOCKETMAP_MORE;
	if (digits == 0 || data[digits] != ':')
		return bad("not a netstring", fault);
	if (len < digits + 1 + size + 1)
		return SOCKETMAP_MORE;
	if (data[digits + 1 + size] != ',')
		return bad("a netstring that does not end with a comma", fault);
	if (read_question(data + digits + 1, size, out, fault) == SOCKETMAP_BAD)
		return SOCKETMAP_BAD;
	*used = digits + 1 + size + 1;
	return SOCKETMAP_QUESTION;
}

size_t socketmap_write(enum socketmap_status status, const char *text,
		       char out[SOCKETMAP_NETSTRING_MAX + 1])
{
	static const char *const words[] = {
		[SOCKETMAP_OK] = "OK ",
		[SOCKETMAP_NOTFOUND] = "NOTFOUND ",
		[SOCKETMAP_TEMP] = "TEMP ",
		[SOCKETMAP_PERM] = "PERM ",
	};
	size_t word_len = strlen(words[status]), len = strlen(text);

	if (len > SOCKETMAP_ANSWER_MAX - word_len)
		len = SOCKETMAP_ANSWER_MAX - word_len;
	return (size_t)snprintf(out, SOCKETMAP_NETSTRING_MAX + 1, "%zu:%s%.*s,", word_len + len,
				words[status], (int)len, text);
}
