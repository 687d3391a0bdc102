#include "sasld/protocol.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/ascii.h"
#include "base/builder.h"

#define TEXT_(x) #x
#define TEXT(x) TEXT_(x)

/* Everything but data: a connection that never speaks touches no page of it. */
void protocol_init(struct protocol *p)
{
	memset(p, 0, offsetof(struct protocol, data));
}

void protocol_fini(struct protocol *p)
{
	explicit_bzero(p->data, p->used);
}

char *protocol_room(struct protocol *p, size_t *size)
{
	*size = sizeof(p->data) - p->used;
	return p->data + p->used;
}

void protocol_filled(struct protocol *p, size_t n)
{
	p->used += n;
}

const char *protocol_fault(const struct protocol *p)
{
	return p->fault;
}

bool protocol_in_request(const struct protocol *p)
{
	return p->used > p->start;
}

static enum protocol_result bad(struct protocol *p, const char *fault)
{
	p->fault = fault;
	return PROTOCOL_BAD;
}

/* ---- one line ------------------------------------------------------------- */

struct words {
	size_t n;
	char *text[PROTOCOL_WORDS_MAX];
};

/* False when there are too many. */
static bool split(char *line, struct words *words)
{
	words->n = 0;
	for (char *next = line; next;) {
		if (words->n == PROTOCOL_WORDS_MAX)
			return false;
		words->text[words->n++] = next;
		next = strchr(next, '\t');
		if (next)
			*next++ = '\0';
	}
	return true;
}

static bool read_number(const char *text, uint32_t *out)
{
	uint64_t number = 0;

	if (!*text)
		return false;
	for (; *text; text++) {
		if (!ascii_is_digit(*text))
			return false;
		number = number * 10 + (unsigned)(*text - '0');
		if (number > UINT32_MAX)
			return false;
	}
	*out = (uint32_t)number;
	return true;
}

static const char *read_version(struct protocol *p, const struct words *words,
				struct protocol_request *out)
{
	(void)out;
	p->greeted = words->n >= 2 && strcmp(words->text[1], "1") == 0;
	return p->greeted ? NULL : "the protocol's version is not 1";
}

static const char *read_id(const struct protocol *p, const struct words *words,
			   struct protocol_request *out)
{
	if (!p->greeted)
		return "no VERSION before the first request";
	if (words->n < 2 || !read_number(words->text[1], &out->id))
		return "a request has no number";
	return NULL;
}

static void read_parameter(const char *word, struct protocol_request *out)
{
	const struct {
		const char *name;
		const char **value;
	} known[] = {
		{ "service=", &out->service },
		{ "rip=", &out->client_address },
		{ "tls_protocol=", &out->tls_protocol },
		{ "resp=", &out->data },
	};

	if (strcmp(word, "secured") == 0 || strncmp(word, "secured=", 8) == 0)
		out->secured = true;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strncmp(word, known[i].name, strlen(known[i].name)) == 0)
			*known[i].value = word + strlen(known[i].name);
}

static const char *read_auth(struct protocol *p, const struct words *words,
			     struct protocol_request *out)
{
	const char *fault = read_id(p, words, out);

	if (fault)
		return fault;
	if (words->n < 3)
		return "AUTH without a mechanism";
	out->mechanism = words->text[2];
	for (size_t i = 3; i < words->n; i++)
		read_parameter(words->text[i], out);
	return NULL;
}

static const char *read_cont(struct protocol *p, const struct words *words,
			     struct protocol_request *out)
{
	out->data = words->n > 2 ? words->text[2] : "";
	return read_id(p, words, out);
}

static const char *read_cancel(struct protocol *p, const struct words *words,
			       struct protocol_request *out)
{
	return read_id(p, words, out);
}

static const struct {
	const char *word;
	enum protocol_command command;
	const char *(*read)(struct protocol *p, const struct words *words,
			    struct protocol_request *out);
} commands[] = {
	{ "AUTH", PROTOCOL_AUTH, read_auth },
	{ "CONT", PROTOCOL_CONT, read_cont },
	{ "CANCEL", PROTOCOL_CANCEL, read_cancel },
	{ "VERSION", PROTOCOL_NOTHING, read_version },
};

/* The fault of a line that is none, or NULL. */
static const char *read_line(struct protocol *p, char *line, struct protocol_request *out)
{
	struct words words;

	*out = (struct protocol_request){ .command = PROTOCOL_NOTHING,
					  .mechanism = "",
					  .service = "",
					  .client_address = "",
					  .tls_protocol = "" };
	if (!split(line, &words))
		return "more than " TEXT(PROTOCOL_WORDS_MAX) " words in a line";
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(words.text[0], commands[i].word) != 0)
			continue;
		out->command = commands[i].command;
		return commands[i].read(p, &words, out);
	}
	return NULL;
}

/* ---- the buffer ----------------------------------------------------------- */

/* The line that was lent, and the room it took, are not needed any more. */
static void take_back(struct protocol *p)
{
	explicit_bzero(p->data, p->start);
	memmove(p->data, p->data + p->start, p->used - p->start);
	explicit_bzero(p->data + p->used - p->start, p->start);
	p->used -= p->start;
	p->start = 0;
	p->lent = false;
}

enum protocol_result protocol_next(struct protocol *p, struct protocol_request *out)
{
	char *end;

	if (p->fault)
		return PROTOCOL_BAD;
	if (p->lent)
		take_back(p);
	end = memchr(p->data, '\n', p->used);
	if (!end)
		return p->used > PROTOCOL_LINE_MAX ?
			       bad(p, "a line is longer than " TEXT(PROTOCOL_LINE_MAX) " bytes") :
			       PROTOCOL_MORE;
	if (memchr(p->data, '\0', (size_t)(end - p->data)))
		return bad(p, "a NUL in a line");
	*end = '\0';
	p->start = (size_t)(end + 1 - p->data);
	p->lent = true;
	p->fault = read_line(p, p->data, out);
	return p->fault ? PROTOCOL_BAD : PROTOCOL_REQUEST;
}

/* ---- answers -------------------------------------------------------------- */

static void add_clean(struct builder *line, const char *text)
{
	for (; *text; text++)
		builder_add_char(line, ascii_is_control(*text) ? ' ' : *text);
}

static void begin(struct builder *line, char out[PROTOCOL_ANSWER_MAX], const char *word,
		  uint32_t id)
{
	char number[16];

	/* Room for the LF, whatever is cut. */
	builder_init(line, out, PROTOCOL_ANSWER_MAX - 1);
	snprintf(number, sizeof(number), "\t%lu", (unsigned long)id);
	builder_add(line, word);
	builder_add(line, number);
}

static void add_named(struct builder *line, const char *name, const char *value)
{
	if (!*value)
		return;
	builder_add_char(line, '\t');
	builder_add(line, name);
	builder_add_char(line, '=');
	add_clean(line, value);
}

static size_t end(char out[PROTOCOL_ANSWER_MAX])
{
	size_t len = strlen(out);

	memcpy(out + len, "\n", 2);
	return len + 1;
}

size_t protocol_mech(const char *name, unsigned properties, char out[PROTOCOL_ANSWER_MAX])
{
	static const struct {
		unsigned property;
		const char *word;
	} words[] = {
		{ PROTOCOL_PLAINTEXT, "\tplaintext" },
		{ PROTOCOL_DICTIONARY, "\tdictionary" },
		{ PROTOCOL_ACTIVE, "\tactive" },
		{ PROTOCOL_MUTUAL, "\tmutual-auth" },
	};
	struct builder line;

	builder_init(&line, out, PROTOCOL_ANSWER_MAX - 1);
	builder_add(&line, "MECH\t");
	builder_add(&line, name);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (properties & words[i].property)
			builder_add(&line, words[i].word);
	return end(out);
}

size_t protocol_version(char out[PROTOCOL_ANSWER_MAX])
{
	return (size_t)snprintf(out, PROTOCOL_ANSWER_MAX, "VERSION\t1\t2\n");
}

size_t protocol_done(long pid, uint32_t connection, const char *cookie,
		     char out[PROTOCOL_ANSWER_MAX])
{
	return (size_t)snprintf(out, PROTOCOL_ANSWER_MAX,
				"SPID\t%ld\nCUID\t%lu\nCOOKIE\t%.64s\nDONE\n", pid,
				(unsigned long)connection, cookie);
}

size_t protocol_continue(uint32_t id, const char *challenge, char out[PROTOCOL_ANSWER_MAX])
{
	struct builder line;

	begin(&line, out, "CONT", id);
	builder_add_char(&line, '\t');
	add_clean(&line, challenge);
	return end(out);
}

size_t protocol_ok(uint32_t id, const char *username, char out[PROTOCOL_ANSWER_MAX])
{
	struct builder line;

	begin(&line, out, "OK", id);
	add_named(&line, "user", username);
	return end(out);
}

size_t protocol_fail(uint32_t id, const char *username, const char *reason,
		     char out[PROTOCOL_ANSWER_MAX])
{
	struct builder line;

	begin(&line, out, "FAIL", id);
	add_named(&line, "user", username);
	add_named(&line, "reason", reason);
	return end(out);
}
