/*
 * The milter protocol: whatever the octets and wherever they are split, the
 * conversation is the same, texts stay inside their packets, and what is
 * written back is packets.
 *
 * The first octet chooses the size of the pieces; what is asked is answered by
 * its length.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "milter/inbox.h"
#include "milter/protocol.h"
#include "milter/talk.h"
#include "tests/fuzz/target.h"

/* What a run saw, in short. */
struct trace {
	uint64_t hash;
	unsigned n_packets, n_questions;
	enum heard end;
};

static struct config *config;

static void note(struct trace *trace, const void *octets, size_t n)
{
	const uint8_t *octet = octets;

	for (size_t i = 0; i < n; i++)
		trace->hash = (trace->hash ^ octet[i]) * UINT64_C(1099511628211);
}

static void check_written(struct packets *out, struct trace *trace)
{
	size_t used = 0, size;
	struct packet packet;

	while (used < out->len) {
		must(packet_read(out->bytes + used, out->len - used, &packet, &size) ==
			PACKET_WHOLE);
		must(strchr("O+-acdhmqty", packet.command) != NULL);
		used += size;
	}
	must(used == out->len);
	note(trace, out->bytes, out->len);
	packets_fini(out);
}

/* Any action there is. */
static void answer(struct talk *talk, const struct request *question, struct packets *out,
		   struct trace *trace)
{
	struct answer answer = { .code = "550", .xcode = "5.7.1", .text = "no" };
	char recipient[256];
	struct request copy = *question;

	trace->n_questions++;
	note(trace, question->sender, strlen(question->sender));
	note(trace, question->queue_id, strlen(question->queue_id));
	note(trace, question->recipient, strlen(question->recipient));
	note(trace, &question->size_bytes, sizeof(question->size_bytes));
	snprintf(recipient, sizeof(recipient), "%s", question->recipient);
	copy.recipient = recipient;
	answer.action = (enum action)(strlen(recipient) % 3);
	if (question->stage == STAGE_END_OF_MESSAGE) {
		answer.action = (enum action)(question->size_bytes % (ACTION_REDIRECT + 1));
		answer.redirect = question->size_bytes % 2 ? "box@example.org" : NULL;
	}
	free(talk_originators(talk, question));
	talk_answer(talk, &copy, &answer, out);
	if (question->stage == STAGE_END_OF_MESSAGE)
		talk_end_message(talk);
}

static void hear(struct talk *talk, const struct packet *packet, struct packets *out,
		 struct trace *trace)
{
	const struct talk_setting setting = { .config = config };
	struct request question;

	trace->n_packets++;
	note(trace, &packet->command, 1);
	trace->end = talk_hear(talk, &setting, packet, out, &question);
	must((trace->end == HEARD_BAD) == (talk->fault != NULL));
	if (trace->end == HEARD_ASK)
		answer(talk, &question, out, trace);
	check_written(out, trace);
}

/* All packets that are there. Returns how much a packet that is not wants. */
static size_t hear_all(struct inbox *inbox, struct talk *talk, struct packets *out,
		       struct trace *trace)
{
	struct packet packet;
	size_t n, wanted = PACKET_HEAD;

	while (trace->end == HEARD_ON || trace->end == HEARD_ASK) {
		const char *bytes = inbox_bytes(inbox, &n);

		switch (packet_read(bytes, n, &packet, &wanted)) {
		case PACKET_MORE:
			inbox_keep(inbox);
			return wanted;
		case PACKET_BAD:
			trace->end = HEARD_BAD;
			break;
		case PACKET_WHOLE:
			hear(talk, &packet, out, trace);
			inbox_drop(inbox, wanted);
			break;
		}
	}
	return wanted;
}

static struct trace run(const uint8_t *data, size_t size, size_t piece)
{
	static char room[4096];
	struct trace trace = { .end = HEARD_ON };
	struct inbox inbox = { 0 };
	struct talk talk = { 0 };
	struct packets out = { 0 };
	size_t wanted = PACKET_HEAD;

	while (size > 0 && (trace.end == HEARD_ON || trace.end == HEARD_ASK)) {
		size_t n;
		char *at = inbox_room(&inbox, room, sizeof(room), wanted, &n);

		must(n > 0);
		n = n < piece ? n : piece;
		n = n < size ? n : size;
		memcpy(at, data, n);
		inbox_filled(&inbox, n);
		data += n;
		size -= n;
		wanted = hear_all(&inbox, &talk, &out, &trace);
	}
	talk_fini(&talk);
	inbox_fini(&inbox);
	packets_fini(&out);
	return trace;
}

static void on_line(enum log_level level, const char *line, void *arg)
{
	(void)level;
	(void)line;
	(void)arg;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct trace whole, pieces;
	char error[512];

	if (!config) {
		header_address_init();
		log_capture(on_line, NULL);
		config = config_load_text("milter { listen = \"unix:/nowhere\" }\n", "fuzz.conf",
					  error, sizeof(error));
	}
	must(config);
	if (size < 1)
		return 0;
	whole = run(data + 1, size - 1, SIZE_MAX);
	pieces = run(data + 1, size - 1, (size_t)data[0] + 1);
	must(whole.hash == pieces.hash && whole.end == pieces.end);
	must(whole.n_packets == pieces.n_packets && whole.n_questions == pieces.n_questions);
	return 0;
}
