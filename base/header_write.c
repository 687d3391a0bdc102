#include "base/header_write.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/header_text.h"
#include "base/memory.h"
#include "base/utf8.h"

/* Where a line is folded when there is a blank (RFC 5322 section 2.1.1), and
 * where it is folded when there is none. */
#define LINE_GOOD 76
#define LINE_LONGEST 900

/* Octets of one encoded word (RFC 2047 section 2). */
#define ENCODED_WORD_MAX 75
#define WORD_START "=?UTF-8?Q?"
#define WORD_END "?="

/* --- display names ------------------------------------------------------------- */

static bool shows_address(const char *text)
{
	char *plain = memory_strdup(text);
	bool shows;

	header_text_make_plain(plain);
	shows = strchr(plain, '@') != NULL;
	free(plain);
	return shows;
}

bool header_write_is_name(const char *text)
{
	size_t len = strlen(text), n;
	bool seen = false;

	if (len > DISPLAY_NAME_MAX || strstr(text, "=?") || strstr(text, "\xef\xbf\xbd"))
		return false;
	for (size_t i = 0; i < len; i += n) {
		uint32_t code_point;

		n = utf8_sequence(text + i, len - i, &code_point);
		if (n == 0 || utf8_is_control(code_point))
			return false;
		seen = seen || code_point != ' ';
	}
	return seen && !shows_address(text);
}

static bool is_ascii(const char *text)
{
	while (*text && !ascii_is_8bit(*text))
		text++;
	return *text == '\0';
}

static char *put(char *out, const char *text)
{
	size_t len = strlen(text);

	memcpy(out, text, len);
	return out + len;
}

static char *put_quoted(char *out, const char *name)
{
	*out++ = '"';
	for (; *name; name++) {
		if (*name == '"' || *name == '\\')
			*out++ = '\\';
		*out++ = *name;
	}
	*out++ = '"';
	return out;
}

/* The n octets of one character in the "Q" encoding; RFC 2047 section 5 (3)
 * lists what may stand there as it is. */
static size_t encode(const char *character, size_t n, char out[13])
{
	size_t len = 0;

	if (n == 1 && (ascii_is_letter(*character) || ascii_is_digit(*character))) {
		out[len++] = *character;
	} else if (*character == ' ') {
		out[len++] = '_';
	} else {
		for (size_t i = 0; i < n; i++)
			len += (size_t)sprintf(out + len, "=%02X", (unsigned char)character[i]);
	}
	out[len] = '\0';
	return len;
}

/* A character is not divided between two words. */
static char *put_encoded(char *out, const char *name)
{
	size_t len = strlen(name), n, used = sizeof(WORD_START) - 1;

	out = put(out, WORD_START);
	for (size_t i = 0; i < len; i += n) {
		uint32_t code_point;
		char text[13];
		size_t size;

		n = utf8_sequence(name + i, len - i, &code_point);
		size = encode(name + i, n, text);
		if (used + size + sizeof(WORD_END) - 1 > ENCODED_WORD_MAX) {
			out = put(out, WORD_END "\n " WORD_START);
			used = sizeof(WORD_START) - 1;
		}
		out = put(out, text);
		used += size;
	}
	return put(out, WORD_END);
}

void header_write_mailbox(const char *name, const char *address, char out[HEADER_MAILBOX_MAX])
{
	const char *start = out;

	*out++ = ' ';
	if (*name) {
		out = is_ascii(name) ? put_quoted(out, name) : put_encoded(out, name);
		if ((size_t)(out - start) + strlen(address) > LINE_GOOD - sizeof("From: <>"))
			*out++ = '\n';
		out = put(out, " <");
		out = put(out, address);
		*out++ = '>';
	} else {
		out = put(out, address);
	}
	*out = '\0';
}

/* --- other values -------------------------------------------------------------- */

struct text_writer {
	char *out;
	size_t taken; /* octets of the value */
	size_t line;  /* octets of this line */
};

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static size_t word_length(const char *text)
{
	size_t n = 0;

	while (text[n] && !is_space(text[n]))
		n++;
	return n;
}

/* A space, or a fold when the next word would make the line long. */
static void begin_word(struct text_writer *w, size_t word)
{
	if (w->line > 1 && w->line + 1 + word > LINE_GOOD) {
		*w->out++ = '\n';
		w->line = 0;
	}
	*w->out++ = ' ';
	w->line++;
}

static bool put_character(struct text_writer *w, const char *text, size_t len, size_t *n)
{
	uint32_t code_point;
	size_t known = utf8_sequence(text, len, &code_point);
	bool bad = known == 0 || code_point < 0x20 || (code_point >= 0x7f && code_point < 0xa0);

	*n = known ? known : 1;
	if (w->taken + *n > HEADER_TEXT_MAX)
		return false;
	if (w->line + *n > LINE_LONGEST)
		begin_word(w, LINE_LONGEST);
	memcpy(w->out, bad ? "?" : text, bad ? 1 : *n);
	w->out += bad ? 1 : *n;
	w->line += *n;
	w->taken += *n;
	return true;
}

static bool put_word(struct text_writer *w, const char *text, size_t len)
{
	size_t n;

	begin_word(w, len);
	for (size_t i = 0; i < len; i += n)
		if (!put_character(w, text + i, len - i, &n))
			return false;
	w->taken++;
	return true;
}

void header_write_text(const char *value, char out[HEADER_TEXT_ROOM])
{
	struct text_writer w = { .out = out };

	while (*value) {
		size_t len = word_length(value);

		if (len > 0 && !put_word(&w, value, len)) {
			w.out = put(w.out, "...");
			break;
		}
		value += len;
		while (is_space(*value))
			value++;
	}
	*w.out = '\0';
}
