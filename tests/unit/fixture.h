/*
 * What tests of the engine and the store start from. A fixture that cannot be
 * made ends the test program with the reason: the test itself is wrong.
 */
#ifndef SENDWARD_TESTS_UNIT_FIXTURE_H
#define SENDWARD_TESTS_UNIT_FIXTURE_H

#include "base/config.h"
#include "engine/account.h"

/* The time at which tests begin when nothing else is said: 2023-11-14. */
#define FIXTURE_NOW_S INT64_C(1700000000)
#define FIXTURE_VERSION "0000000000000001"

/* A configuration of node mx1; one reference. */
struct config *fixture_config(const char *text);

/* The account of a JSON object, version FIXTURE_VERSION; one reference. */
struct account *fixture_account(const char *json);

struct address fixture_address(const char *text);

#endif
