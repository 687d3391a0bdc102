/*
 * The rows of base/setting.h that are written down one by one; for base/setting.c.
 */
#ifndef SENDWARD_SETTING_TABLE_H
#define SENDWARD_SETTING_TABLE_H

#include "base/setting.h"
#include "base/setting_kind.h"

extern const struct setting setting_table[];
extern const size_t setting_table_rows;

/* Those of on_store_failure: for the rows of section store_failure. */
extern const struct word store_failure_words[];

#endif
