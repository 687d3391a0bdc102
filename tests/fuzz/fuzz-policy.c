/*
 * The policy protocol: whatever the bytes and wherever they are split, the
 * requests and the fault are the same, values stay inside the buffer, and
 * what is mapped to the engine gives one line of an answer.
 *
 * The first byte chooses the size of the pieces.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/protocol.h"
#include "policy/stage.h"
#include "policy/transaction.h"
#include "tests/fuzz/target.h"

/* What a run saw, in short. */
struct trace {
	uint64_t hash;
	unsigned n_requests;
	const char *fault;
	bool in_request;
};

static void note(struct trace *trace, const void *bytes, size_t len)
{
	trace->hash = trace->hash * 31 + transaction_hash(bytes, len);
}

static void check_request(const struct policy_request *request, struct transaction *transaction,
			  struct trace *trace)
{
	const struct config config = {
		.credential_separator = "+",
		.charge = trace->n_requests % 2 ? CHARGE_MILTER : CHARGE_POLICYD,
		.unauthenticated.n_quotas = trace->n_requests % 4 == 3,
	};
	const struct request *out;
	struct stage_question asked;
	const char *why = NULL;
	enum stage_task task;
	size_t i;

	for (i = 0; i < ATTRIBUTES; i++) {
		const struct attribute_value *value = &request->values[i];

		must(value->text[value->len] == '\0');
		must(!memchr(value->text, '\n', value->len));
		must(value->len <= PROTOCOL_LINE_MAX);
		must(request->may_hold_nul || strlen(value->text) == value->len);
		note(trace, value->text, value->len);
	}
	trace->n_requests++;
	task = stage_map(request, &config, NULL, transaction, &asked, &why);
	note(trace, &task, sizeof(task));
	if (task != STAGE_DECIDE)
		return;
	out = &asked.request;
	must((out->login[0] || config.unauthenticated.n_quotas) && strlen(out->login) <= LOGIN_MAX);
	must(out->recipients >= 0 && out->size_bytes >= 0);
	must(out->free_recipients >= 0 && out->free_recipients <= out->recipients);
	must(out->listed_recipients == 0 || out->listed_recipients == out->recipients);
	if (out->stage == STAGE_RCPT)
		transaction_add(transaction, asked.recipient, asked.recipient % 2,
				asked.recipient / 2 % 2);
}

static void check_answer(const uint8_t *data, size_t size)
{
	struct verdict verdict = { .action = ACTION_DEFER, .code = "450", .xcode = "4.7.1" };
	char answer[STAGE_ANSWER_MAX];
	size_t len = size < REPLY_TEXT_MAX ? size : REPLY_TEXT_MAX;

	memcpy(verdict.text, data, len);
	len = stage_answer(&verdict, false, answer).len;
	must(len < sizeof(answer) && len == strlen(answer));
	must(strstr(answer, "\n\n") == answer + len - 2);
	must(strchr(answer, '\n') == answer + len - 2);
}

static struct trace run(const uint8_t *data, size_t size, size_t piece)
{
	static struct protocol protocol;
	const struct policy_request *request;
	struct transaction transaction;
	struct trace trace = { 0 };
	enum protocol_result result;

	protocol_init(&protocol);
	transaction_init(&transaction);
	do {
		size_t room, n;
		char *at = protocol_room(&protocol, &room);

		must(room > 0);
		n = piece < size ? piece : size;
		n = n < room ? n : room;
		memcpy(at, data, n);
		protocol_filled(&protocol, n);
		data += n;
		size -= n;
		while ((result = protocol_next(&protocol, &request)) == PROTOCOL_REQUEST)
			check_request(request, &transaction, &trace);
	} while (size > 0 && result == PROTOCOL_MORE);
	trace.fault = result == PROTOCOL_BAD ? protocol_fault(&protocol) : NULL;
	trace.in_request = protocol_in_request(&protocol);
	transaction_fini(&transaction);
	return trace;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct trace whole, pieces;

	if (size < 1)
		return 0;
	whole = run(data + 1, size - 1, SIZE_MAX);
	pieces = run(data + 1, size - 1, (size_t)data[0] + 1);
	must(whole.hash == pieces.hash && whole.n_requests == pieces.n_requests);
	must((whole.fault == NULL) == (pieces.fault == NULL));
	if (!whole.fault)
		must(whole.in_request == pieces.in_request);
	check_answer(data, size);
	return 0;
}
