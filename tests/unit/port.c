#include "tests/unit/port.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* As tests/e2e/ports.py. */
#define BLOCK 256
#define LOWEST 10000
#define HIGHEST 65535
#define ENOUGH (16 * BLOCK)

static int first_port = LOWEST, last_port = HIGHEST;

/* Of the ports below and above the kernel's own range, the larger part. */
static void choose_range(void)
{
	FILE *file = fopen("/proc/sys/net/ipv4/ip_local_port_range", "re");
	int low, high;

	if (!file)
		return;
	if (fscanf(file, "%d %d", &low, &high) == 2) {
		if (low - LOWEST >= HIGHEST - high && low - LOWEST >= ENOUGH)
			last_port = low - 1;
		else if (HIGHEST - high >= ENOUGH)
			first_port = high + 1;
	}
	fclose(file);
}

static int claim(int start)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	int n = snprintf(name.sun_path + 1, sizeof(name.sun_path) - 1, "sendward-test-ports-%d",
			 start);
	socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1) + (socklen_t)n;
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && bind(fd, (struct sockaddr *)&name, len) == 0)
		return 0; /* open until the process ends */
	if (fd >= 0)
		close(fd);
	return -1;
}

static int claim_block(void)
{
	int blocks, start;

	choose_range();
	blocks = (last_port - first_port + 1) / BLOCK;
	for (int i = 0; i < blocks; i++) {
		start = first_port + (getpid() + i) % blocks * BLOCK;
		if (claim(start) == 0)
			return start;
	}
	fprintf(stderr, "every block of ports is claimed\n");
	abort();
}

static int is_free(int port)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
				       .sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1, bound;

	bound = fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
		bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
	if (fd >= 0)
		close(fd);
	return bound;
}

uint16_t port_free(void)
{
	static int start, next;
	int port;

	if (start == 0)
		start = claim_block();
	for (int i = 0; i < BLOCK; i++) {
		port = start + next;
		next = (next + 1) % BLOCK;
		if (is_free(port))
			return (uint16_t)port;
	}
	fprintf(stderr, "no free port on 127.0.0.1\n");
	abort();
}
