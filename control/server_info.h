/*
 * What a Redis server says of itself in INFO: lines of "name:value".
 */
#ifndef SENDWARD_CONTROL_SERVER_INFO_H
#define SENDWARD_CONTROL_SERVER_INFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The value of a name; "" when it is not there. */
void server_info(const char *info, const char *name, char *out, size_t size);

/* The same for a number; 0 when it is not there. */
int64_t server_info_number(const char *info, const char *name);

/* "redis 7.0.15", "valkey 8.1.1"; "" when it does not say. */
#define SERVER_VERSION_MAX 64
void server_info_version(const char *info, char out[SERVER_VERSION_MAX]);

#endif
