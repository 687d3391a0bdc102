/*
 * The least that a policy server can be: one epoll loop, requests found by
 * their empty line and not parsed.
 */
#ifndef SENDWARD_BENCH_SERVER_H
#define SENDWARD_BENCH_SERVER_H

#include <stddef.h>

struct server;

/* Octets of one request. */
#define SERVER_REQUEST_MAX 8192

/* One request, text[0..len) without its empty line, of the connection fd. Answered
 * by server_answer(), now or later. */
typedef void server_request(const char *text, size_t len, int fd, void *arg);

/* path: of a unix socket; a file there is replaced. Ends the process with a
 * message when that cannot be. */
struct server *server_new(const char *path, server_request *request, void *arg);

/* Calls ready(arg) whenever fd can be read. */
void server_watch(struct server *server, int fd, void (*ready)(void *arg), void *arg);

/* Calls flush(arg) after each round of events; NULL: nothing to do. */
void server_run(struct server *server, void (*flush)(void *arg), void *arg);

/* "DUNNO", "450 4.7.28 text" */
void server_answer(int fd, const char *action);

#endif
