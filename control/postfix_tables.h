/*
 * What the operator's Postfix tables say of who may use which sender: read,
 * and turned from address -> logins into login -> patterns.
 */
#ifndef SENDWARD_CONTROL_POSTFIX_TABLES_H
#define SENDWARD_CONTROL_POSTFIX_TABLES_H

#include "control/control.h"
#include "control/map.h"
#include "control/owners.h"
#include "control/remarks.h"

/* Logins that an alias may lead to unless --max-logins says otherwise: one that
 * leads to more is rather a list, and its readers do not write as the list. */
#define POSTFIX_ALIAS_LOGINS 10

struct postfix_tables {
	struct control *control;
	const char *domain; /* of users without one; NULL: not given */
	struct map *login_map, *alias_map;
	struct owners *owners;
	struct remarks remarks;
};

/* Reads the maps that the options name. False, said, when one of them cannot
 * be read. postfix_tables_fini() in any case. */
bool postfix_tables_read(struct control *control, struct postfix_tables *out);
void postfix_tables_fini(struct postfix_tables *tables);

/* Reads the files that name logins. tables->owners has the accounts by then,
 * so that a login is taken for its account whatever the case of its letters. */
bool postfix_tables_read_logins(struct postfix_tables *tables);

/* Works out what each login is to own. */
void postfix_tables_invert(struct postfix_tables *tables);

#endif
