/*
 * What is in force for a login, setting by setting (engine/effective.h), as
 * JSON and as text.
 */
#ifndef SENDWARD_CONTROL_EFFECT_H
#define SENDWARD_CONTROL_EFFECT_H

#include <jansson.h>

#include "base/config.h"
#include "control/value.h"
#include "engine/effective.h"

/* The value: a list of texts, a number (0: no cap), a text, an object (a ramp),
 * or null for none. A new reference. */
json_t *effect_json(const struct effective *effective, enum plan_setting setting);

/* The same of quotas and a ramp that stand elsewhere. */
json_t *effect_quotas(const struct quota *list, size_t n);
json_t *effect_ramp(const struct ramp *ramp);

/* For people: one such value, or one entry of a list. */
#define EFFECT_TEXT_MAX 1024
void effect_text(enum plan_setting setting, const json_t *value, char out[EFFECT_TEXT_MAX]);

/* What an empty list means ("anywhere"); NULL for what is no list. */
const char *effect_empty(enum plan_setting setting);

#endif
