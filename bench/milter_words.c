#include "bench/milter_words.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"

/* Octets of one packet that are ours but for the body. */
#define PACKET_MAX 1024
#define CHUNK_MAX 65535

const struct step_kind step_kinds[STEPS_ALL] = {
	[STEP_CONNECT] = { 'C', 0x1, 0x1000 },
	[STEP_HELO] = { 'H', 0x2, 0x2000 },
	[STEP_MAIL] = { 'M', 0x4, 0x4000 },
	[STEP_RCPT] = { 'R', 0x8, 0x8000 },
	[STEP_DATA] = { 'T', 0x200, 0x10000 },
	[STEP_HEADER] = { 'L', 0x20, 0x80 },
	[STEP_EOH] = { 'N', 0x40, 0x40000 },
	[STEP_BODY] = { 'B', 0x10, 0x80000 },
	[STEP_END] = { 'E', 0, 0 },
};

static struct message_shape shape;
static char body_chunk[CHUNK_MAX];

/* Of the steps that are alike in all messages the packets, one for each time. One
 * that is empty is made for each message. */
static struct load_buffer *prepared[STEPS_ALL];

/* ---- packets -------------------------------------------------------------------- */

void milter_packet(struct load_buffer *out, char command, const void *data, size_t len)
{
	uint32_t n = htonl((uint32_t)len + 1);
	char *at;

	load_buffer_room(out, sizeof(n) + 1 + len);
	at = out->bytes + out->end;
	memcpy(at, &n, sizeof(n));
	at[sizeof(n)] = command;
	memcpy(at + sizeof(n) + 1, data, len);
	out->end += sizeof(n) + 1 + len;
}

/* Texts, each ended with a NUL; "" ends the list. They fit into PACKET_MAX - 1. */
static size_t texts(char *out, const char *const *list)
{
	size_t used = 0;

	for (; **list; list++) {
		size_t n = strlen(*list) + 1;

		memcpy(out + used, *list, n);
		used += n;
	}
	return used;
}

/* The login between two texts, ended with a NUL. */
static size_t login_text(char *out, const char *before, const struct message *m, const char *after)
{
	size_t before_len = strlen(before), after_len = strlen(after) + 1;

	memcpy(out, before, before_len);
	memcpy(out + before_len, m->login, m->login_len);
	memcpy(out + before_len + m->login_len, after, after_len);
	return before_len + m->login_len + after_len;
}

static void macros(struct load_buffer *out, char command, const char *const *list)
{
	char data[PACKET_MAX];

	data[0] = command;
	milter_packet(out, 'D', data, 1 + texts(data + 1, list));
}

/* ---- the macro that names the message ------------------------------------------------ */

/* After the packet's length: 'D', the command, "i". */
#define ID_MACROS_COMMAND 5

void milter_words_set_message(struct milter_words *w, const struct message *message)
{
	static const char front[4] = { 'D', '\0', 'i', '\0' };
	size_t value_len = message->queue_id_len + 1;
	uint32_t n = htonl((uint32_t)(sizeof(front) + value_len));

	w->message = *message;
	memcpy(w->id_macros, &n, sizeof(n));
	memcpy(w->id_macros + sizeof(n), front, sizeof(front));
	memcpy(w->id_macros + sizeof(n) + sizeof(front), message->queue_id, value_len);
	w->id_macros_len = sizeof(n) + sizeof(front) + value_len;
}

static void id_macros(const struct milter_words *w, struct load_buffer *out, char command)
{
	load_buffer_add(out, w->id_macros, w->id_macros_len);
	out->bytes[out->end - w->id_macros_len + ID_MACROS_COMMAND] = command;
}

/* ---- what is said at each step ------------------------------------------------------ */

static void say_connect(const struct milter_words *w, struct load_buffer *out)
{
	static const char data[] = "client.example\0004\x9c\x40"
				   "192.0.2.7";

	(void)w;
	milter_packet(out, 'C', data, sizeof(data));
}

static void say_helo(const struct milter_words *w, struct load_buffer *out)
{
	(void)w;
	milter_packet(out, 'H', "client.example", sizeof("client.example"));
}

static void say_mail(const struct milter_words *w, struct load_buffer *out)
{
	char data[PACKET_MAX];

	milter_packet(out, 'M', data, login_text(data, "<", &w->message, ">"));
}

static void say_rcpt(const struct milter_words *w, struct load_buffer *out)
{
	char address[64], data[PACKET_MAX];

	snprintf(address, sizeof(address), "<friend%d@far.example>", w->times);
	milter_packet(out, 'R', data, texts(data, (const char *const[]){ address, "" }));
}

static void say_nothing(const struct milter_words *w, struct load_buffer *out)
{
	milter_packet(out, step_kinds[w->step].command, "", 0);
}

#define HEADER_FROM 1

/* The header fields of an ordinary message; what is asked for beyond them is X-Field. */
static void say_header(const struct milter_words *w, struct load_buffer *out)
{
	static const char *const fields[][2] = {
		{ "Date", " Fri, 20 Nov 2026 18:00:00 +0000" },
		[HEADER_FROM] = { "From", NULL },
		{ "To", " A Friend <friend@far.example>" },
		{ "Subject", " the minutes of our last meeting, and an invitation" },
		{ "Message-ID", " <20261120180000.1.user@bench.example>" },
		{ "MIME-Version", " 1.0" },
		{ "Content-Type", " text/plain; charset=utf-8" },
		{ "User-Agent", " bench/1" },
	};
	size_t n = sizeof(fields) / sizeof(fields[0]), i = (size_t)w->times, used;
	const char *name = i < n ? fields[i][0] : "X-Field";
	const char *value = i < n ? fields[i][1] : " one more line of no great length";
	char data[PACKET_MAX];

	if (value) {
		used = texts(data, (const char *const[]){ name, value, "" });
	} else {
		used = texts(data, (const char *const[]){ name, "" });
		used += login_text(data + used, " A User <", &w->message, ">");
	}
	milter_packet(out, 'L', data, used);
}

static void say_body(const struct milter_words *w, struct load_buffer *out)
{
	size_t done = (size_t)w->times * CHUNK_MAX, left = shape.body_octets - done;

	milter_packet(out, 'B', body_chunk, left < CHUNK_MAX ? left : CHUNK_MAX);
}

static void (*const say[STEPS_ALL])(const struct milter_words *w, struct load_buffer *out) = {
	[STEP_CONNECT] = say_connect, [STEP_HELO] = say_helo,	 [STEP_MAIL] = say_mail,
	[STEP_RCPT] = say_rcpt,	      [STEP_DATA] = say_nothing, [STEP_HEADER] = say_header,
	[STEP_EOH] = say_nothing,     [STEP_BODY] = say_body,	 [STEP_END] = say_nothing,
};

void milter_words_say(const struct milter_words *w, struct load_buffer *out)
{
	const struct load_buffer *same = prepared[w->step] ? &prepared[w->step][w->times] : NULL;

	if (same && same->end > 0)
		load_buffer_add(out, same->bytes, same->end);
	else
		say[w->step](w, out);
}

void milter_words_macros(const struct milter_words *w, struct load_buffer *out)
{
	char command = step_kinds[w->step].command;

	if (w->step == STEP_CONNECT)
		macros(out, command, (const char *const[]){ "j", "mx.example", "" });
	else if (w->step == STEP_MAIL)
		macros(out, command,
		       (const char *const[]){ "{auth_type}", "PLAIN", "{auth_authen}",
					      w->message.login, "{mail_addr}", w->message.login,
					      "" });
	else if (w->step == STEP_RCPT && w->times == 0)
		macros(out, command,
		       (const char *const[]){ "{rcpt_addr}", "friend0@far.example", "" });
	else if (w->step >= STEP_RCPT)
		id_macros(w, out, command);
}

int milter_words_times(enum step step)
{
	switch (step) {
	case STEP_RCPT:
		return shape.recipients;
	case STEP_HEADER:
		return shape.headers;
	case STEP_BODY:
		return (int)((shape.body_octets + CHUNK_MAX - 1) / CHUNK_MAX);
	default:
		return 1;
	}
}

/* ---- before all else ------------------------------------------------------------------ */

static void fill_body(void)
{
	static const char line[] =
		"All work and no play makes Jack a dull boy. 0123456789 abcdefghij\r\n";

	for (size_t i = 0; i < CHUNK_MAX; i++)
		body_chunk[i] = line[i % (sizeof(line) - 1)];
}

static void prepare_step(enum step step)
{
	struct milter_words w = { .step = step };
	int n = milter_words_times(step);

	prepared[step] = memory_zero((size_t)n * sizeof(struct load_buffer));
	for (; w.times < n; w.times++)
		if (step != STEP_HEADER || w.times != HEADER_FROM)
			say[step](&w, &prepared[step][w.times]);
}

/* What is said several times in a message; of the other steps none takes long. */
void milter_words_prepare(const struct message_shape *wanted)
{
	shape = *wanted;
	fill_body();
	prepare_step(STEP_RCPT);
	prepare_step(STEP_HEADER);
}
