/*
 * TCP ports for servers that cannot be told to choose one themselves.
 *
 * A port is never given to two processes of the tests at once: each claims a
 * block of ports, by a name in the abstract namespace of unix sockets, which
 * like ports belongs to the network namespace and ends with the process. The
 * blocks lie outside of what the kernel gives to outgoing connections.
 * tests/e2e/ports.py claims the same blocks.
 */
#ifndef SENDWARD_TESTS_UNIT_PORT_H
#define SENDWARD_TESTS_UNIT_PORT_H

#include <stdint.h>

/* A port of 127.0.0.1 that nobody listens on; the next 64 calls or so give
 * others. Aborts when there is none. */
uint16_t port_free(void);

#endif
