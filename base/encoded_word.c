#include "base/encoded_word.h"

#include <errno.h>
#include <iconv.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/charset.h"
#include "base/memory.h"
#include "base/utf8.h"

/* UTF-8 octets that one octet of text can become. */
#define GROWTH 4

struct encoded_word {
	const char *start; /* "=?" */
	const char *charset;
	size_t charset_len;
	const char *payload;
	size_t payload_len;
	const char *behind; /* "?=" */
	bool base64;
};

/* The first encoded word at or behind text. */
static bool find_word(const char *text, struct encoded_word *word)
{
	while ((text = strstr(text, "=?"))) {
		const char *charset_end, *end;
		char encoding;

		word->start = text;
		word->charset = text += 2;
		charset_end = strchr(text, '?');
		if (!charset_end || charset_end[1] == '\0' || charset_end[2] != '?')
			continue;
		encoding = ascii_lower(charset_end[1]);
		if (encoding != 'b' && encoding != 'q')
			continue;
		word->charset_len = (size_t)(charset_end - word->charset);
		word->payload = charset_end + 3;
		end = strstr(word->payload, "?=");
		if (!end)
			return false;
		word->payload_len = (size_t)(end - word->payload);
		word->behind = end + 2;
		word->base64 = encoding == 'b';
		return true;
	}
	return false;
}

/* --- octets ------------------------------------------------------------------- */

/* The value of a digit, or -1. */
static int digit_value(const char *digits, char c)
{
	const char *p = c == '\0' ? NULL : strchr(digits, c);

	return p ? (int)(p - digits) : -1;
}

static int hex_value(char c)
{
	return digit_value("0123456789abcdef", ascii_lower(c));
}

static int base64_value(char c)
{
	return digit_value("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", c);
}

static size_t decode_quoted(const char *text, size_t len, char *out)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		if (text[i] == '=' && len - i > 2 && hex_value(text[i + 1]) >= 0 &&
		    hex_value(text[i + 2]) >= 0) {
			out[n++] = (char)(hex_value(text[i + 1]) << 4 | hex_value(text[i + 2]));
			i += 2;
		} else {
			out[n++] = text[i] == '_' ? ' ' : text[i];
		}
	}
	return n;
}

/* Base64 digits that do not make an octet yet. */
struct digits {
	uint32_t bits;
	unsigned n_bits;
};

/* Anything but digits is skipped, and padding at the end leaves nothing over. */
static size_t decode_base64(const char *text, size_t len, struct digits *digits, char *out)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		int value = base64_value(text[i]);

		if (value < 0)
			continue;
		digits->bits = digits->bits << 6 | (uint32_t)value;
		digits->n_bits += 6;
		if (digits->n_bits >= 8) {
			digits->n_bits -= 8;
			out[n++] = (char)(digits->bits >> digits->n_bits & 0xff);
		}
	}
	if (len > 0 && text[len - 1] == '=')
		digits->n_bits = 0;
	return n;
}

/* out has room for the payload's octets. digits: left over from the word before,
 * when the two are joined. */
static size_t decode_octets(const struct encoded_word *word, struct digits *digits, char *out)
{
	if (!word->base64)
		return decode_quoted(word->payload, word->payload_len, out);
	return decode_base64(word->payload, word->payload_len, digits, out);
}

/* --- control characters ------------------------------------------------------- */

/* ISO-2022-JP and its relatives shift with ESC, SO and SI (RFC 1468). */
static bool is_shifting(const struct encoded_word *word)
{
	static const char prefix[] = "iso-2022-";
	const size_t len = sizeof(prefix) - 1;

	return word->charset_len > len && ascii_equal_nocase(word->charset, prefix, len);
}

static bool has_control(const char *octets, size_t len, bool shifting)
{
	for (size_t i = 0; i < len; i++) {
		if (!ascii_is_control(octets[i]) || octets[i] == '\t')
			continue;
		if (!shifting || (octets[i] != 0x1b && octets[i] != 0x0e && octets[i] != 0x0f))
			return true;
	}
	return false;
}

bool encoded_words_any(const char *text)
{
	return strstr(text, "=?") != NULL;
}

const char *encoded_words_check(const char *text)
{
	char *octets = memory_alloc(strlen(text) + 1);
	struct encoded_word word;
	bool bad = false;

	while (!bad && find_word(text, &word)) {
		struct digits digits = { 0 };
		size_t len = decode_octets(&word, &digits, octets);

		bad = has_control(octets, len, is_shifting(&word));
		text = word.behind;
	}
	free(octets);
	return bad ? "an encoded word with a control character" : NULL;
}

/* --- characters --------------------------------------------------------------- */

static const char *iconv_name(const struct encoded_word *word)
{
	/* RFC 2231 section 5: "charset*language" */
	const char *star = memchr(word->charset, '*', word->charset_len);

	return charset_iconv_name(word->charset,
				  star ? (size_t)(star - word->charset) : word->charset_len);
}

static char *put_replacement(char *out)
{
	memcpy(out, "\xef\xbf\xbd", 3);
	return out + 3;
}

/* ASCII and UTF-8 as they are, any other octet as U+FFFD. */
static char *put_plain(const char *octets, size_t len, char *out)
{
	size_t n;

	for (size_t i = 0; i < len; i += n) {
		uint32_t code_point;

		n = utf8_sequence(octets + i, len - i, &code_point);
		if (n == 0) {
			out = put_replacement(out);
			n = 1;
		} else {
			memcpy(out, octets + i, n);
			out += n;
		}
	}
	return out;
}

/* Through iconv; what it does not take becomes U+FFFD. */
static char *put_converted(const char *name, char *octets, size_t len, char *out)
{
	size_t room = GROWTH * len;
	iconv_t converter = iconv_open("UTF-8", name);

	/* A system may come without the tables. */
	if (converter == (iconv_t)-1)
		return put_plain(octets, len, out);
	while (iconv(converter, &octets, &len, &out, &room) == (size_t)-1 && errno != E2BIG &&
	       len > 0 && room >= GROWTH) {
		out = put_replacement(out);
		room -= 3;
		octets++;
		len--;
	}
	/* What it held back to combine. */
	iconv(converter, NULL, NULL, &out, &room);
	iconv_close(converter);
	return out;
}

static bool is_blank_text(const char *text, const char *end)
{
	while (text < end && ascii_is_blank(*text))
		text++;
	return text == end;
}

/* Words that are decoded as one; most are so each by itself. */
struct run {
	struct encoded_word last; /* .start NULL: none was there yet */
	char *octets;
	size_t len;
	struct digits digits;
};

static char *put_run(struct run *run, char *out)
{
	const char *name = run->len > 0 ? iconv_name(&run->last) : NULL;

	out = name ? put_converted(name, run->octets, run->len, out) :
		     put_plain(run->octets, run->len, out);
	run->len = 0;
	run->digits.n_bits = 0;
	return out;
}

static bool goes_on(const struct run *run, const struct encoded_word *word)
{
	return run->last.base64 == word->base64 && run->last.charset_len == word->charset_len &&
	       ascii_equal_nocase(run->last.charset, word->charset, word->charset_len);
}

static char *decode(const char *text, bool joined)
{
	size_t len = strlen(text);
	char *decoded = memory_alloc(GROWTH * len + 1), *out = decoded;
	struct run run = { .octets = memory_alloc(len + 1) };
	struct encoded_word word;

	for (; find_word(text, &word); text = word.behind) {
		/* Blanks between two of them do not count (section 6.2). */
		bool beside = run.last.start && is_blank_text(text, word.start);

		if (!joined || !beside || !goes_on(&run, &word))
			out = put_run(&run, out);
		if (!beside) {
			memcpy(out, text, (size_t)(word.start - text));
			out += word.start - text;
		}
		run.len += decode_octets(&word, &run.digits, run.octets + run.len);
		run.last = word;
	}
	out = put_run(&run, out);
	memcpy(out, text, strlen(text) + 1);
	free(run.octets);
	return decoded;
}

char *encoded_words_decode(const char *text)
{
	return decode(text, false);
}

char *encoded_words_decode_joined(const char *text)
{
	return decode(text, true);
}

void encoded_words_mask(char *text)
{
	struct encoded_word word;

	while (find_word(text, &word)) {
		size_t before = (size_t)(word.start - text);
		size_t len = (size_t)(word.behind - word.start);

		memset(text + before, '_', len);
		text += before + len;
	}
	while ((text = strstr(text, "=?")))
		text[1] = '_';
}
