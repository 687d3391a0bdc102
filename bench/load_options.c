#include "bench/load_options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/logins.h"

enum number {
	CONNECTIONS,
	RATE,
	SECONDS,
	WARM_UP,
	MESSAGES,
	PER_CONNECTION,
	LOGINS,
	ZIPF,
	IN_TURN,
	SEED,
	RECIPIENTS,
	HEADERS,
	BODY,
	NUMBERS
};

static const struct {
	const char *name;
	double least, most, usual;
	const char *text;
} numbers[NUMBERS] = {
	[CONNECTIONS] = { "connections", 1, CONNECTIONS_MAX, 100, "that ask" },
	[RATE] = { "rate", 0, 1e7, 0,
		   "messages a second; 0: as many as the server takes (closed loop)" },
	[SECONDS] = { "seconds", 0.1, 86400, 5, "measured" },
	[WARM_UP] = { "warm-up", 0, 86400, 0, "seconds before those; 0: a tenth of them" },
	[MESSAGES] = { "messages", 0, 1e12, 0, "in all, instead of seconds" },
	[PER_CONNECTION] = { "per-connection", 0, 1e9, 0,
			     "messages, then the connection is made anew; 0: never" },
	[LOGINS] = { "logins", 1, LOGINS_MAX, 1000, "that send" },
	[ZIPF] = { "zipf", 0, 4, 0, "exponent of Zipf's law; 0: all logins alike" },
	[IN_TURN] = { "in-turn", 0, 1, 0, "1: one login after the other, none by chance" },
	[SEED] = { "seed", 0, 9e15, 1, "of the random numbers" },
	[RECIPIENTS] = { "recipients", 1, 1000, 1, "of a message" },
	[HEADERS] = { "headers", 1, 1000, 8, "header fields of a message (milter)" },
	[BODY] = { "body", 0, 1e9, 4096, "octets of a message's body (milter), its size (policy)" },
};
#define OPTION_STAGE_NAME NUMBERS
#define OPTION_HELP_TEXT (NUMBERS + 1)

static void help(const char *program)
{
	printf("usage: %s [options] unix:PATH|inet:HOST:PORT\n\n", program);
	for (int i = 0; i < NUMBERS; i++)
		printf("  --%-16s %s [%g]\n", numbers[i].name, numbers[i].text, numbers[i].usual);
	printf("  --%-16s protocol_state (policy) [END-OF-MESSAGE]\n", "stage");
}

static void misuse(const char *program, const char *what, const char *why)
{
	fprintf(stderr, "%s: %s: %s\n", program, what, why);
	exit(2);
}

static void set_number(const char *program, int i, double values[NUMBERS])
{
	char *end;

	values[i] = strtod(optarg, &end);
	if (*end || end == optarg || values[i] < numbers[i].least || values[i] > numbers[i].most)
		misuse(program, numbers[i].name, "is not a number in its range");
}

static void build(struct option longs[NUMBERS + 3])
{
	for (int i = 0; i < NUMBERS; i++)
		longs[i] = (struct option){ numbers[i].name, required_argument, NULL, i };
	longs[NUMBERS] = (struct option){ "stage", required_argument, NULL, OPTION_STAGE_NAME };
	longs[NUMBERS + 1] = (struct option){ "help", no_argument, NULL, OPTION_HELP_TEXT };
	longs[NUMBERS + 2] = (struct option){ 0 };
}

static void fill(const double v[NUMBERS], struct load_options *out)
{
	out->connections = (int)v[CONNECTIONS];
	out->rate = v[RATE];
	out->seconds = v[SECONDS];
	out->warm_up = v[WARM_UP] > 0 ? v[WARM_UP] : v[SECONDS] / 10;
	out->messages = (uint64_t)v[MESSAGES];
	out->messages_per_connection = (int)v[PER_CONNECTION];
	out->logins = (size_t)v[LOGINS];
	out->zipf = v[ZIPF];
	out->in_turn = v[IN_TURN] > 0;
	out->seed = (uint64_t)v[SEED];
	out->shape.recipients = (int)v[RECIPIENTS];
	out->shape.headers = (int)v[HEADERS];
	out->shape.body_octets = (size_t)v[BODY];
}

void load_options_parse(int argc, char **argv, struct load_options *out)
{
	struct option longs[NUMBERS + 3];
	double values[NUMBERS];
	const char *why;
	int letter;

	*out = (struct load_options){ .shape.stage = "END-OF-MESSAGE" };
	build(longs);
	for (int i = 0; i < NUMBERS; i++)
		values[i] = numbers[i].usual;
	while ((letter = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (letter == OPTION_STAGE_NAME) {
			out->shape.stage = optarg;
		} else if (letter == OPTION_HELP_TEXT) {
			help(argv[0]);
			exit(EXIT_SUCCESS);
		} else if (letter == '?') {
			exit(2);
		} else {
			set_number(argv[0], letter, values);
		}
	}
	fill(values, out);
	if (optind + 1 != argc)
		misuse(argv[0], "address", "there must be exactly one");
	if (!endpoint_parse(argv[optind], &out->address, &why))
		misuse(argv[0], argv[optind], why);
}
