/*
 * Commands as they travel to Redis: RESP2, an array of bulk strings
 * (https://redis.io/docs/latest/develop/reference/protocol-spec/).
 */
#ifndef SENDWARD_RESP_H
#define SENDWARD_RESP_H

#include <stddef.h>

/* Octets that resp_format() may need. lengths NULL: the arguments are texts. */
size_t resp_room(int argc, const char *const *argv, const size_t *lengths);

/* Returns the length. */
size_t resp_format(int argc, const char *const *argv, const size_t *lengths, char *out);

#endif
