/*
 * A yardstick: a policy server that has no objection to anything.
 */
#include <stdio.h>

#include "bench/server.h"

static void answer(const char *text, size_t len, int fd, void *arg)
{
	(void)text;
	(void)len;
	(void)arg;
	server_answer(fd, "DUNNO");
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: %s SOCKET\n", argv[0]);
		return 2;
	}
	server_run(server_new(argv[1], answer, NULL), NULL, NULL);
	return 0;
}
