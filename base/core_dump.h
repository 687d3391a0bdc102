/*
 * A process that holds the password of Redis leaves no image of its memory
 * behind, and other processes of its user cannot look into it.
 */
#ifndef SENDWARD_CORE_DUMP_H
#define SENDWARD_CORE_DUMP_H

/* No core file, and none for a program that core_pattern pipes to (core(5)),
 * which the resource limit alone would not keep from it. A change of the user
 * undoes it, as exec() does: call it afterwards. */
void core_dump_forbid(void);

#endif
