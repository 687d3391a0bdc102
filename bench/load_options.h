/*
 * The command line of the load generators.
 */
#ifndef SENDWARD_BENCH_LOAD_OPTIONS_H
#define SENDWARD_BENCH_LOAD_OPTIONS_H

#include "bench/load.h"

/* Does not return for --help and for what is wrong. */
void load_options_parse(int argc, char **argv, struct load_options *out);

#endif
