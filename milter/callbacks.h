/*
 * What libmilter calls: one function a stage, on any of its threads.
 *
 * A session without a login is left alone: its message is accepted at the first
 * RCPT, and the next MAIL of the connection is looked at again.
 */
#ifndef SENDWARD_MILTER_CALLBACKS_H
#define SENDWARD_MILTER_CALLBACKS_H

#include "milter/bridge.h"
#include "milter/desk.h"

/* Registers with libmilter, under that name in its log lines. Once, before
 * smfi_opensocket(). False: libmilter's header and library do not match. */
bool callbacks_register(const char *name);

/* Before smfi_main(). Both are used until the process ends. */
void callbacks_use(struct bridge *bridge, struct desk *desk);

#endif
