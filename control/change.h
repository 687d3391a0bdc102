/*
 * The options of `user add` and `user set`, carried out on a record.
 */
#ifndef SENDWARD_CONTROL_CHANGE_H
#define SENDWARD_CONTROL_CHANGE_H

#include <stdbool.h>

#include "control/control.h"
#include "control/edit.h"

/* False, said as wrong usage, when options contradict each other. */
bool change_makes_sense(const struct control *control);

/* An edit_change; arg is the struct control. */
edit_change change_settings;

#endif
