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

size_t sent_format(const struct request *request, const struct verdict *verdict, const char *node,
		   char out[SENT_LINE_MAX])
{
	struct builder line;
	char *sender;

	builder_init(&line, out, SENT_LINE_MAX);
	add_number(&line, verdict->now_ms);
	add_name(&line, action_name(verdict->action));
	add_number(&line, request->recipients);
	add_number(&line, request->size_bytes);
	add_name(&line, node);
	add_word(&line, request->queue_id);
	add_word(&line, request->client_address);
	add_word(&line, request_credential(request));
	sender = out + line.len;
	builder_add(&line, request->sender);
	while ((sender = strchr(sender, '\n')))
		*sender = '?';
	return line.len;
}

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
	bool good = take_number(&line, &out->time_ms) && (out->action = take_word(&line)) &&
		    take_number(&line, &out->recipients) && take_number(&line, &out->bytes) &&
		    (out->node = take_word(&line)) && (out->queue_id = take_word(&line)) &&
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
