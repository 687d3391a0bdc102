/*
 * What Postfix does with mail while a server that it asks is away: an action as
 * smtpd_policy_service_default_action and milter_default_action name one. Pure.
 * access(5), postconf(5); tried on Postfix 3.7 where they do not say.
 */
#ifndef SENDWARD_CONTROL_POSTFIX_ACTION_H
#define SENDWARD_CONTROL_POSTFIX_ACTION_H

#include "control/postfix_setup.h"

/* Restriction classes in restriction classes are followed so deep. */
#define ACTION_DEPTH_MAX 4

/* What becomes of mail from users, to be read behind "mail" (static); NULL: it comes again
 * later, as it should. A policy service's action may also be a list of restrictions and of
 * the classes that force, which is of one smtpd, defines. */
const char *postfix_policy_action(const struct setup_settings *force, const char *action);
const char *postfix_milter_action(const char *action);

#endif
