/*
 * Dovecot's authentication protocol, and the mechanisms behind it: whatever the
 * bytes and wherever they are split, the requests and the fault are the same;
 * what a client sends to a mechanism ends in one of its steps, and names and
 * passwords keep their limits.
 *
 * The first byte chooses the size of the pieces.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sasld/mechanism.h"
#include "sasld/protocol.h"
#include "tests/fuzz/target.h"

static struct mechanism_library *library;

/* What a run saw, in short. */
struct trace {
	uint64_t hash;
	unsigned n_requests;
	const char *fault;
};

static void note(struct trace *trace, const char *text)
{
	for (; *text; text++)
		trace->hash = (trace->hash ^ (uint8_t)*text) * UINT64_C(0x100000001b3);
	trace->hash *= UINT64_C(0x100000001b3);
}

static void check_username(const struct mechanism *m)
{
	const char *name = mechanism_username(m);

	must(*name && strlen(name) <= LOGIN_MAX && !strpbrk(name, "\t\n\r"));
}

/* One exchange in which the client says the same thing again and again. */
static void check_mechanism(enum sasl_mechanism which, const char *data)
{
	const struct scram_verifier verifier = { .iterations = 4096, .salt_length = 8 };
	struct mechanism *m = mechanism_new(library, which);
	enum mechanism_step step = MECHANISM_CHALLENGE;
	struct secret *password;

	while (step == MECHANISM_CHALLENGE) {
		step = mechanism_step(m, data);
		if (step == MECHANISM_VERIFIER) {
			check_username(m);
			step = mechanism_verify(m, &verifier, &verifier);
		}
		must(strlen(mechanism_challenge(m)) < MECHANISM_CHALLENGE_MAX);
	}
	if (step == MECHANISM_PASSWORD) {
		check_username(m);
		password = mechanism_take_password(m);
		must(password && secret_length(password) > 0);
		secret_free(&password);
	}
	must(step != MECHANISM_RIGHT);
	must(step != MECHANISM_MALFORMED || *mechanism_fault(m));
	mechanism_free(&m);
}

static void check_request(const struct protocol_request *request, struct trace *trace, bool whole)
{
	char line[PROTOCOL_ANSWER_MAX];
	enum sasl_mechanism which;

	trace->n_requests++;
	note(trace, request->mechanism);
	note(trace, request->service);
	note(trace, request->client_address);
	note(trace, request->tls_protocol);
	note(trace, request->data ? request->data : "\n");
	trace->hash += request->id + request->secured;
	must(protocol_fail(request->id, request->mechanism, request->client_address, line) ==
		strlen(line));
	must(strchr(line, '\n') == line + strlen(line) - 1);
	if (!whole)
		return;
	if (!mechanism_find(request->mechanism, &which))
		which = (enum sasl_mechanism)(request->id % SASL_MECHANISMS);
	check_mechanism(which, request->data);
}

static struct trace read_all(const uint8_t *data, size_t size, size_t piece, bool whole)
{
	struct protocol *protocol = malloc(sizeof(*protocol));
	struct trace trace = { 0 };
	struct protocol_request request;
	enum protocol_result result = PROTOCOL_MORE;
	size_t room, n;
	char *to;

	must(protocol);
	protocol_init(protocol);
	for (size_t at = 0; at < size && result != PROTOCOL_BAD; at += n) {
		to = protocol_room(protocol, &room);
		must(room > 0);
		n = size - at < piece ? size - at : piece;
		n = n < room ? n : room;
		memcpy(to, data + at, n);
		protocol_filled(protocol, n);
		while ((result = protocol_next(protocol, &request)) == PROTOCOL_REQUEST)
			check_request(&request, &trace, whole);
	}
	trace.fault = protocol_fault(protocol);
	protocol_fini(protocol);
	free(protocol);
	return trace;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *reason;
	struct trace whole, pieces;

	if (size < 1)
		return 0;
	if (!library)
		library = mechanism_library_new(&reason);
	must(library);
	whole = read_all(data + 1, size - 1, size, true);
	pieces = read_all(data + 1, size - 1, 1 + data[0], false);
	must(whole.hash == pieces.hash && whole.n_requests == pieces.n_requests);
	must(whole.fault == pieces.fault);
	return 0;
}
