/*
 * A server that answers anything: over a real connection, through the reader of
 * replies to the function that asked. Each question is answered once, and never
 * with nonsense.
 *
 * Input: which question, and whether the connection ends behind the reply (1
 * octet), then the reply.
 */
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/log.h"
#include "tests/fuzz/target.h"
#include "tests/store/parrot.h"

/* For what is no whole reply; the least a configuration may say. */
#define DEADLINE_MS 10

static void open_once(void)
{
	static bool opened;

	if (opened)
		return;
	opened = true;
	signal(SIGPIPE, SIG_IGN);
	log_set_level(LEVEL_ERROR);
	parrot_open(DEADLINE_MS);
	atexit(parrot_close);
}

static const struct question *question(unsigned number)
{
	size_t n = 0;

	while (parrot_questions[n].name)
		n++;
	return &parrot_questions[number % n];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct parrot_answer answer;

	/* Without an octet there is no answer. */
	if (size < 2)
		return 0;
	open_once();
	parrot_begin(false);
	parrot_say((const char *)data + 1, size - 1, data[0] & 0x80);
	answer = parrot_ask(question(data[0] & 0x7f));
	must(answer.calls == 1 && !answer.wrong);
	must(parrot_end() == 0);
	return 0;
}
