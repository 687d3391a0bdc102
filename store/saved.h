/*
 * A map from keys to values that survives the end of the process: the state
 * file of a daemon. Every change is appended to the file at once; when half of
 * the file is of no use any more it is written anew, in small steps.
 *
 * What is put is there for the next process as soon as saved_put() returns,
 * however this one ends. It is not forced to the disk (that would stop the
 * loop for as long as the disk likes): after a crash of the whole machine the
 * last seconds may be missing. Before a rewritten file takes the old one's
 * place it is on the disk.
 *
 * The file is DIRECTORY/NAME, mode 0600, with NAME.lock (one process at a time)
 * and sometimes NAME.new beside it; store/saved_format.h has its format.
 * Trouble with the file is said in one log line when it begins and one when it
 * is over, and nothing else happens: the caller goes on without it.
 *
 * Values are not kept in memory, keys are.
 */
#ifndef SENDWARD_SAVED_H
#define SENDWARD_SAVED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/saved_format.h"

struct saved;

/* Octets of all that is in use: beyond it nothing is put. The file is at most
 * about twice as large, and more than SAVED_FILE_MAX is not read. */
#define SAVED_LIVE_MAX (192 * 1024 * 1024)
#define SAVED_FILE_MAX (512 * 1024 * 1024)

/* The file is written anew when it is twice as large as what is in use, and
 * larger than this; so many octets in one step. */
#define SAVED_REWRITE_MIN (1024 * 1024)
#define SAVED_STEP (256 * 1024)

/* Opens the file or makes it, and calls each for all there is, those put last
 * at the end. NULL, after one log line, when it cannot be used: the directory
 * is not there or not writable, another process has it, the file is no plain
 * file of our user or was written by a newer Sendward. */
struct saved *saved_open(const char *directory, const char *name,
			 void (*each)(const char *key, const char *value, size_t len, void *arg),
			 void *arg);
void saved_close(struct saved **saved);

/* key is text of 1 to SAVED_KEY_MAX octets, value has at most SAVED_VALUE_MAX.
 * False when it could not be written. */
bool saved_put(struct saved *saved, const char *key, const char *value, size_t len);
void saved_remove(struct saved *saved, const char *key);
/* Removes everything. */
void saved_clear(struct saved *saved);

/* Is there something to rewrite? Then saved_step() does a bit of it. */
bool saved_is_due(const struct saved *saved);
void saved_step(struct saved *saved);

/* Trouble with writing is over when nothing has failed for so long. */
#define SAVED_CALM_MS 10000

struct saved_stats {
	size_t keys;
	int64_t live, file; /* octets */
	bool failing;	    /* writing is in trouble */
};
void saved_stats(const struct saved *saved, struct saved_stats *out);

#endif
