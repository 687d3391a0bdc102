#include "store/sent_line.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/builder.h"
#include "base/octets.h"

#define IN_WORD(c) ((c) > ' ' && (c) != 0x7f)

static const struct octets in_word = OCTETS(IN_WORD);

static void add_word(struct builder *line, const char *word)
{
	size_t left = strlen(word), n;

	if (left == 0)
		builder_add_char(line, '-');
	while (left > 0) {
		n = octets_span(&in_word, word, left);
		builder_add_bytes(line, word, n);
		if (n < left)
			builder_add_char(line, '?');
		n += n < left;
		word += n;
		left -= n;
	}
	builder_add_char(line, ' ');
}

/* A word of ours. */
static void add_name(struct builder *line, const char *name)
{
	builder_add(line, name);
	builder_add_char(line, ' ');
}

static void add_number(struct builder *line, int64_t number)
{
	builder_add_int(line, number);
	builder_add_char(line, ' ');
}

void sent_format(const struct request *request, const struct verdict *verdict, const char *node,
		 struct sent_line *line)
{
	struct builder text;
	char *sender;

	builder_init(&text, line->text, SENT_LINE_MAX);
	add_number(&text, verdict->now_ms);
	add_number(&text, request->recipients);
	add_number(&text, request->size_bytes);
	add_word(&text, request->queue_id);
	line->tail = text.len;
	add_name(&text, action_name(verdict->action));
	add_name(&text, node);
	add_word(&text, request->client_address);
	add_word(&text, request_credential(request));
	sender = line->text + text.len;
	builder_add(&text, request->sender);
	while ((sender = strchr(sender, '\n')))
		*sender = '?';
	line->len = text.len;
}

/* ---- lines that are kept together --------------------------------------- */

#define WORDS_BEFORE_TAIL 4

/* NULL: it has none. */
static const char *tail_of(const char *line, const char *end)
{
	for (int words = 0; words < WORDS_BEFORE_TAIL; words++) {
		line = memchr(line, ' ', (size_t)(end - line));
		if (!line)
			return NULL;
		line++;
	}
	return line;
}

/* Returns len. */
static size_t put(char *out, size_t at, const char *octets, size_t len)
{
	if (out)
		memcpy(out + at, octets, len);
	return len;
}

size_t sent_expand(const char *lines, size_t len, char *out)
{
	const char *all = lines + len, *tail = NULL;
	size_t tail_len = 0, n = 0;

	while (lines < all) {
		const char *end = memchr(lines, '\n', (size_t)(all - lines));
		const char *own;

		if (!end)
			end = all;
		own = tail_of(lines, end);
		n += put(out, n, lines, (size_t)(end - lines));
		if (own) {
			/* A longer one is none of ours, and would make much of little. */
			tail_len = (size_t)(end - own);
			tail = tail_len < SENT_LINE_MAX ? own : NULL;
		} else if (tail) {
			n += put(out, n, " ", 1);
			n += put(out, n, tail, tail_len);
		}
		n += put(out, n, "\n", 1);
		lines = end + 1;
	}
	return n;
}

/* ---- reading ------------------------------------------------------------ */

/* The next word, cut off; "-" is an empty one. NULL when there is none. */
static const char *take_word(char **rest)
{
	char *word = *rest, *end = strchr(word, ' ');

	if (!end || end == word)
		return NULL;
	*end = '\0';
	*rest = end + 1;
	return strcmp(word, "-") == 0 ? "" : word;
}

static bool take_number(char **rest, int64_t *out)
{
	const char *word = take_word(rest);
	char *end;

	if (!word)
		return false;
	errno = 0;
	*out = strtoll(word, &end, 10);
	return errno == 0 && end != word && !*end && *out >= 0;
}

bool sent_parse(char *line, struct sent_message *out)
{
	bool good = take_number(&line, &out->time_ms) && take_number(&line, &out->recipients) &&
		    take_number(&line, &out->bytes) && (out->queue_id = take_word(&line)) &&
		    (out->action = take_word(&line)) && (out->node = take_word(&line)) &&
		    (out->client_address = take_word(&line)) &&
		    (out->credential = take_word(&line));

	out->sender = line;
	return good;
}

char *sent_cut_last(char *lines, size_t *len)
{
	size_t at = *len;

	if (at == 0)
		return NULL;
	while (at > 0 && lines[at - 1] != '\n')
		at--;
	*len = at > 0 ? at - 1 : 0;
	if (at > 0)
		lines[*len] = '\0';
	return lines + at;
}
