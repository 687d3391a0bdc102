/*
 * Watches whether the process may still open a file.
 *
 * libmilter's listener does not: with a connection waiting and no descriptor
 * for it, accept(2) fails and poll(2) says at once that there is a connection
 * (mi_listener() in its listener.c, 8.17 and 8.18), which takes a whole
 * processor. So whoever knows the listener's thread lets it rest meanwhile.
 *
 * Belongs to the loop's thread.
 */
#ifndef SENDWARD_MILTER_DESCRIPTORS_H
#define SENDWARD_MILTER_DESCRIPTORS_H

struct event_base;
struct descriptors;

/* How often it is looked; rest() comes as often while none is left. */
#define DESCRIPTORS_EVERY_MS 1000

/* rest() is called on the loop. NULL when the loop cannot. */
struct descriptors *descriptors_new(struct event_base *base, void (*rest)(void *arg), void *arg);
void descriptors_free(struct descriptors **descriptors);

#endif
