/*
 * Load on a milter: message after message as Postfix 3.7 sends them (its
 * src/milter/milter8.c): macros before each event, steps that the milter does
 * not want left out, replies waited for only where it answers.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "bench/load.h"

#define PROTOCOL_VERSION 6
#define ACTIONS 0x1ff
#define STEPS 0x1fffff

/* Octets of one packet that are ours but for the body. */
#define PACKET_MAX 1024
#define CHUNK_MAX 65535

/* The steps of a message, in their order; those of a connection come first. */
enum step { STEP_CONNECT, STEP_HELO, STEP_MAIL, STEP_RCPT, STEP_DATA, STEP_HEADER, STEP_EOH,
	    STEP_BODY, STEP_END, STEPS_ALL };

/* The command of each, and the bits by which a milter says that it does not
 * want it or does not answer (libmilter's mfdef.h, SMFIP_...). */
static const struct {
	char command;
	uint32_t unwanted, unanswered;
} steps[STEPS_ALL] = {
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

struct talk {
	bool negotiated;
	uint32_t said; /* the milter's steps */
	enum step step;
	int times; /* of the present step */
	struct message_shape shape;
	char login[LOGIN_NAME_MAX];
	char queue_id[20];
};

/* ---- packets -------------------------------------------------------------------- */

static void packet(struct load_buffer *out, char command, const void *data, size_t len)
{
	uint32_t n = htonl((uint32_t)len + 1);

	load_buffer_add(out, &n, sizeof(n));
	load_buffer_add(out, &command, 1);
	load_buffer_add(out, data, len);
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

static void macros(struct load_buffer *out, char command, const char *const *list)
{
	char data[PACKET_MAX];

	data[0] = command;
	packet(out, 'D', data, 1 + texts(data + 1, list));
}

/* ---- what is said at each step ------------------------------------------------------ */

static void say_connect(const struct talk *t, struct load_buffer *out)
{
	static const char data[] = "client.example\0004\x9c\x40"
				   "192.0.2.7";

	(void)t;
	packet(out, 'C', data, sizeof(data));
}

static void say_helo(const struct talk *t, struct load_buffer *out)
{
	(void)t;
	packet(out, 'H', "client.example", sizeof("client.example"));
}

static void say_mail(const struct talk *t, struct load_buffer *out)
{
	char address[LOGIN_NAME_MAX + 2], data[PACKET_MAX];

	snprintf(address, sizeof(address), "<%s>", t->login);
	packet(out, 'M', data, texts(data, (const char *const[]){ address, "" }));
}

static void say_rcpt(const struct talk *t, struct load_buffer *out)
{
	char address[64], data[PACKET_MAX];

	snprintf(address, sizeof(address), "<friend%d@far.example>", t->times);
	packet(out, 'R', data, texts(data, (const char *const[]){ address, "" }));
}

static void say_nothing(const struct talk *t, struct load_buffer *out)
{
	packet(out, steps[t->step].command, "", 0);
}

/* The header fields of an ordinary message, From the second; what is asked for
 * beyond them is X-Field. */
static void say_header(const struct talk *t, struct load_buffer *out)
{
	static const char *const fields[][2] = {
		{ "Date", " Fri, 20 Nov 2026 18:00:00 +0000" },
		{ "From", NULL },
		{ "To", " A Friend <friend@far.example>" },
		{ "Subject", " the minutes of our last meeting, and an invitation" },
		{ "Message-ID", " <20261120180000.1.user@bench.example>" },
		{ "MIME-Version", " 1.0" },
		{ "Content-Type", " text/plain; charset=utf-8" },
		{ "User-Agent", " bench/1" },
	};
	size_t n = sizeof(fields) / sizeof(fields[0]), i = (size_t)t->times;
	const char *name = i < n ? fields[i][0] : "X-Field";
	const char *value = i < n ? fields[i][1] : " one more line of no great length";
	char from[LOGIN_NAME_MAX + 32], data[PACKET_MAX];

	snprintf(from, sizeof(from), " A User <%s>", t->login);
	packet(out, 'L', data,
	       texts(data, (const char *const[]){ name, value ? value : from, "" }));
}

static void say_body(const struct talk *t, struct load_buffer *out)
{
	static const char line[] = "All work and no play makes Jack a dull boy. 0123456789 abcdefghij\r\n";
	static char chunk[CHUNK_MAX];
	size_t done = (size_t)t->times * CHUNK_MAX, left = t->shape.body_octets - done;

	for (size_t i = 0; !chunk[CHUNK_MAX - 1] && i < CHUNK_MAX; i++)
		chunk[i] = line[i % (sizeof(line) - 1)];
	packet(out, 'B', chunk, left < CHUNK_MAX ? left : CHUNK_MAX);
}

static void (*const say[STEPS_ALL])(const struct talk *t, struct load_buffer *out) = {
	[STEP_CONNECT] = say_connect, [STEP_HELO] = say_helo,	  [STEP_MAIL] = say_mail,
	[STEP_RCPT] = say_rcpt,	      [STEP_DATA] = say_nothing,  [STEP_HEADER] = say_header,
	[STEP_EOH] = say_nothing,     [STEP_BODY] = say_body,	  [STEP_END] = say_nothing,
};

static void say_macros(const struct talk *t, struct load_buffer *out)
{
	char command = steps[t->step].command;

	if (t->step == STEP_CONNECT)
		macros(out, command, (const char *const[]){ "j", "mx.example", "" });
	else if (t->step == STEP_MAIL)
		macros(out, command,
		       (const char *const[]){ "{auth_type}", "PLAIN", "{auth_authen}", t->login,
					      "{mail_addr}", t->login, "" });
	else if (t->step == STEP_RCPT && t->times == 0)
		macros(out, command, (const char *const[]){ "{rcpt_addr}", "friend0@far.example", "" });
	else if (t->step >= STEP_RCPT)
		macros(out, command, (const char *const[]){ "i", t->queue_id, "" });
}

/* ---- the conversation ------------------------------------------------------------------ */

static int times_of(const struct talk *t)
{
	switch (t->step) {
	case STEP_RCPT:
		return t->shape.recipients;
	case STEP_HEADER:
		return t->shape.headers;
	case STEP_BODY:
		return (int)((t->shape.body_octets + CHUNK_MAX - 1) / CHUNK_MAX);
	default:
		return 1;
	}
}

static void next(struct talk *t)
{
	if (++t->times < times_of(t))
		return;
	t->times = 0;
	do
		t->step++;
	while (t->step < STEPS_ALL && times_of(t) == 0);
}

/* Says step after step until one has to be answered. Postfix sends the macros
 * of steps that are not wanted, too. */
static void go_on(struct talk *t, struct load_buffer *out)
{
	while (t->step < STEPS_ALL) {
		say_macros(t, out);
		if (!(t->said & steps[t->step].unwanted)) {
			say[t->step](t, out);
			if (!(t->said & steps[t->step].unanswered))
				return;
		}
		next(t);
	}
}

static bool greet(void *talk, struct load_buffer *out)
{
	const uint32_t offer[3] = { htonl(PROTOCOL_VERSION), htonl(ACTIONS), htonl(STEPS) };
	struct talk *t = talk;

	t->step = STEP_CONNECT;
	packet(out, 'O', offer, sizeof(offer));
	return true;
}

static void begin(void *talk, const struct message_shape *shape, uint64_t id, const char *login,
		  struct load_buffer *out)
{
	struct talk *t = talk;

	/* The first message finds its connection before CONNECT. */
	if (t->step != STEP_CONNECT)
		t->step = STEP_MAIL;
	t->times = 0;
	t->shape = *shape;
	snprintf(t->login, sizeof(t->login), "%s", login);
	snprintf(t->queue_id, sizeof(t->queue_id), "%llX",
		 (unsigned long long)id);
	go_on(t, out);
}

/* The last word on the present step. */
static enum hearing answered(struct talk *t, char command, struct load_buffer *out)
{
	if (!t->negotiated)
		return HEAR_NONSENSE;
	if (strchr("rtyd", command)) {
		/* As after a refused step: the message is over. */
		if (t->step != STEP_END)
			packet(out, 'A', "", 0);
		t->step = STEP_MAIL;
		return HEAR_REFUSED;
	}
	if (!strchr("cas", command))
		return HEAR_MORE; /* a change, or a word of patience */
	if (t->step == STEP_END) {
		t->step = STEP_MAIL;
		return HEAR_PASSED;
	}
	next(t);
	go_on(t, out);
	return HEAR_MORE;
}

static enum hearing hear(void *talk, struct load_buffer *in, struct load_buffer *out)
{
	struct talk *t = talk;
	enum hearing heard = HEAR_MORE;
	uint32_t n, said[3];

	while (heard == HEAR_MORE && in->end - in->start >= sizeof(n)) {
		const char *at = in->bytes + in->start;

		memcpy(&n, at, sizeof(n));
		n = ntohl(n);
		if (n < 1 || n > LOAD_BUFFER_MAX / 2)
			return HEAR_NONSENSE;
		if (in->end - in->start < sizeof(n) + n)
			break;
		in->start += sizeof(n) + n;
		at += sizeof(n);
		if (*at == 'O' && !t->negotiated && n >= 1 + sizeof(said)) {
			memcpy(said, at + 1, sizeof(said));
			t->said = ntohl(said[2]);
			t->negotiated = true;
			heard = HEAR_PASSED;
		} else {
			heard = answered(t, *at, out);
		}
	}
	if (in->start == in->end)
		in->start = in->end = 0;
	return heard;
}

static void part(void *talk, struct load_buffer *out)
{
	(void)talk;
	packet(out, 'Q', "", 0);
}

int main(int argc, char **argv)
{
	static const struct protocol milter = {
		.talk_size = sizeof(struct talk),
		.greet = greet,
		.begin = begin,
		.hear = hear,
		.part = part,
	};

	return load_main(argc, argv, &milter);
}
