/*
 * What Postfix 3.7 says to a milter at each step of a message, in packets
 * (its src/milter/milter8.c).
 */
#ifndef SENDWARD_BENCH_MILTER_WORDS_H
#define SENDWARD_BENCH_MILTER_WORDS_H

#include <stddef.h>
#include <stdint.h>

#include "bench/buffer.h"
#include "bench/load.h"

/* The steps of a message, in their order; those of a connection come first. */
enum step {
	STEP_CONNECT,
	STEP_HELO,
	STEP_MAIL,
	STEP_RCPT,
	STEP_DATA,
	STEP_HEADER,
	STEP_EOH,
	STEP_BODY,
	STEP_END,
	STEPS_ALL
};

/* The command of each, and the bits by which a milter says that it does not
 * want it or does not answer (libmilter's mfdef.h, SMFIP_...). */
struct step_kind {
	char command;
	uint32_t unwanted, unanswered;
};
extern const struct step_kind step_kinds[STEPS_ALL];

/* Where a conversation is, and which message it is about. */
struct milter_words {
	enum step step;
	int times; /* of the step, before */
	struct message message;
	/* The macro that nearly every step says, as a packet but for its command. */
	char id_macros[4 + 4 + QUEUE_ID_MAX];
	size_t id_macros_len;
};

/* Before all else, once: makes what is alike in all messages. */
void milter_words_prepare(const struct message_shape *shape);

/* The message that is spoken of from now on. */
void milter_words_set_message(struct milter_words *words, const struct message *message);

/* How often a step is said in each message; 0: not at all. */
int milter_words_times(enum step step);

/* The macros in front of the present step, if there are any, and the step. */
void milter_words_macros(const struct milter_words *words, struct load_buffer *out);
void milter_words_say(const struct milter_words *words, struct load_buffer *out);

/* One packet. */
void milter_packet(struct load_buffer *out, char command, const void *data, size_t len);

#endif
