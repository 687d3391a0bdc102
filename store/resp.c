#include "store/resp.h"

#include <string.h>

#include "base/decimal.h"

/* "*", or "$", a number, CRLF; and CRLF behind an argument. */
#define AROUND_MAX (1 + DECIMAL_MAX + 2 + 2)

static size_t length_of(const char *const *argv, const size_t *lengths, int i)
{
	return lengths ? lengths[i] : strlen(argv[i]);
}

size_t resp_room(int argc, const char *const *argv, const size_t *lengths)
{
	size_t room = AROUND_MAX;

	for (int i = 0; i < argc; i++)
		room += AROUND_MAX + length_of(argv, lengths, i);
	return room;
}

static char *put_bytes(char *out, const char *bytes, size_t n)
{
	memcpy(out, bytes, n);
	return out + n;
}

static char *put_number(char *out, char kind, size_t number)
{
	*out++ = kind;
	out += decimal_format((int64_t)number, out);
	return put_bytes(out, "\r\n", 2);
}

size_t resp_format(int argc, const char *const *argv, const size_t *lengths, char *out)
{
	char *end = put_number(out, '*', (size_t)argc);

	for (int i = 0; i < argc; i++) {
		size_t n = length_of(argv, lengths, i);

		end = put_number(end, '$', n);
		end = put_bytes(end, argv[i], n);
		end = put_bytes(end, "\r\n", 2);
	}
	return (size_t)(end - out);
}
