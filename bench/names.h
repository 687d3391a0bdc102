/*
 * What a message is known by. One is written for each message on the
 * processors that the server under test needs: so without printf.
 */
#ifndef SENDWARD_BENCH_NAMES_H
#define SENDWARD_BENCH_NAMES_H

#include <stddef.h>
#include <stdint.h>

/* Octets of a login's name, of a queue id, with their NUL. */
#define LOGIN_NAME_MAX 40
#define QUEUE_ID_MAX 17

/* Both return the length without the NUL. */

/* "user000017@bench.example" */
size_t login_name(size_t number, char out[LOGIN_NAME_MAX]);

/* In capital hexadecimal, as Postfix writes it. */
size_t queue_id_name(uint64_t id, char out[QUEUE_ID_MAX]);

#endif
