/*
 * Who is at the other end of a connection, for the log: "pid 1234" (of the
 * Postfix process, as its own log lines have it) or "[192.0.2.1]:12345".
 */
#ifndef SENDWARD_PEER_H
#define SENDWARD_PEER_H

#include "base/network.h"

#define PEER_TEXT_MAX (IP_TEXT_MAX + 16)

/* Returns out. */
const char *peer_format(int fd, char out[PEER_TEXT_MAX]);

#endif
