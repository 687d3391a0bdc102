/*
 * Load on a milter: message after message as Postfix 3.7 sends them (its
 * src/milter/milter8.c): macros before each event, steps that the milter does
 * not want left out, replies waited for only where it answers.
 */
#include <arpa/inet.h>
#include <string.h>

#include "bench/load.h"
#include "bench/milter_words.h"

#define PROTOCOL_VERSION 6
#define ACTIONS 0x1ff
#define STEPS 0x1fffff

struct talk {
	bool negotiated;
	uint32_t said; /* the milter's steps */
	struct milter_words words;
};

static void next(struct milter_words *w)
{
	if (++w->times < milter_words_times(w->step))
		return;
	w->times = 0;
	do
		w->step++;
	while (w->step < STEPS_ALL && milter_words_times(w->step) == 0);
}

/* Says step after step until one has to be answered. Postfix sends the macros
 * of steps that are not wanted, too. */
static void go_on(struct talk *t, struct load_buffer *out)
{
	while (t->words.step < STEPS_ALL) {
		const struct step_kind *kind = &step_kinds[t->words.step];

		milter_words_macros(&t->words, out);
		if (!(t->said & kind->unwanted)) {
			milter_words_say(&t->words, out);
			if (!(t->said & kind->unanswered))
				return;
		}
		next(&t->words);
	}
}

static bool greet(void *talk, struct load_buffer *out)
{
	const uint32_t offer[3] = { htonl(PROTOCOL_VERSION), htonl(ACTIONS), htonl(STEPS) };
	struct talk *t = talk;

	t->words.step = STEP_CONNECT;
	milter_packet(out, 'O', offer, sizeof(offer));
	return true;
}

static void begin(void *talk, const struct message *message, struct load_buffer *out)
{
	struct talk *t = talk;

	/* The first message finds its connection before CONNECT. */
	if (t->words.step != STEP_CONNECT)
		t->words.step = STEP_MAIL;
	t->words.times = 0;
	milter_words_set_message(&t->words, message);
	go_on(t, out);
}

/* The last word on the present step. */
static enum hearing answered(struct talk *t, char command, struct load_buffer *out)
{
	if (!t->negotiated)
		return HEAR_NONSENSE;
	if (strchr("rtyd", command)) {
		/* As after a refused step: the message is over. */
		if (t->words.step != STEP_END)
			milter_packet(out, 'A', "", 0);
		t->words.step = STEP_MAIL;
		return HEAR_REFUSED;
	}
	if (!strchr("cas", command))
		return HEAR_MORE; /* a change, or a word of patience */
	if (t->words.step == STEP_END) {
		t->words.step = STEP_MAIL;
		return HEAR_PASSED;
	}
	next(&t->words);
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
	milter_packet(out, 'Q', "", 0);
}

int main(int argc, char **argv)
{
	static const struct protocol milter = {
		.talk_size = sizeof(struct talk),
		.prepare = milter_words_prepare,
		.greet = greet,
		.begin = begin,
		.hear = hear,
		.part = part,
	};

	return load_main(argc, argv, &milter);
}
