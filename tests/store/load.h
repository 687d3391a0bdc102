/*
 * Messages charged without a pause while the servers change, and the proof
 * afterwards that each is charged once.
 */
#ifndef SENDWARD_TESTS_STORE_LOAD_H
#define SENDWARD_TESTS_STORE_LOAD_H

#include "tests/store/rig.h"

#define LOAD_MESSAGES_MAX 20000

/* Logins that the messages belong to: in slots all over a cluster. */
#define LOAD_LOGINS 50

struct load_message {
	struct load *load;
	bool done;
	enum take_status status; /* of the last answer */
	bool accepted;		 /* some answer said that it is charged */
};

struct load {
	struct rig *rig;
	const char *name; /* beginning of the messages' keys */
	size_t n, answered;
	size_t by_status[TAKE_UNREADABLE + 1]; /* of the first answers */
	int64_t began_ms, slowest_ms;
	int64_t last_ok_ms, longest_gap_ms; /* without an accepted message */
	struct load_message messages[LOAD_MESSAGES_MAX];
	int64_t sent_ms[LOAD_MESSAGES_MAX];
};

/* One for each program. */
struct load *load_begin(struct rig *rig, const char *name);

/* Sends a message each ms for so long, or until *stop. */
void load_run(struct load *load, int64_t ms, const bool *stop);

/* So many at once. */
void load_burst(struct load *load, size_t n);

/* Waits for all answers; then asks for every message again, with its key, until
 * it is answered, and compares what is counted with what was sent. Returns how
 * many messages were accepted and had been forgotten: what an asynchronous
 * replica has lost. */
size_t load_prove(struct load *load);

#endif
