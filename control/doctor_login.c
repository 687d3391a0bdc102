/*
 * doctor postfix: who says which login it is, and who owns an address.
 */
#include <stdio.h>
#include <string.h>

#include "control/doctor_postfix.h"

/* ---- the SASL server -------------------------------------------------------- */

static void say_elsewhere(struct doctor *doctor, const struct asked *asked)
{
	const struct setup_settings *force = &asked->service->force;
	char advice[ADVICE_MAX];

	doctor_advise(
		asked,
		"set smtpd_sasl_type = dovecot and smtpd_sasl_path = %s; or take section sasld out "
		"of sendward.conf",
		&doctor->control->config->sasld.listen[0], advice);
	doctor_say(doctor, DOCTOR_WARNING, advice,
		   "sendward-sasld is not asked: smtpd_sasl_type is %s, smtpd_sasl_path %s",
		   setup_value(force, "smtpd_sasl_type"), setup_value(force, "smtpd_sasl_path"));
}

void doctor_sasl(struct doctor *doctor, const struct asked *asked)
{
	const struct setup_settings *force = &asked->service->force;
	const char *path = setup_value(force, "smtpd_sasl_path");
	struct setup_target target;

	doctor->check = "sasl";
	if (doctor->control->config->sasld.n_listen == 0 || !setup_is_submission(asked->service))
		return;
	setup_find(asked->setup, asked->service->chrooted, path, &target);
	if (doctor_wrong_target(doctor, asked, "smtpd_sasl_path", path, &target, PART_SASLD))
		return;
	if (target.place == PLACE_FOREIGN ||
	    strcmp(setup_value(force, "smtpd_sasl_type"), "dovecot") != 0)
		say_elsewhere(doctor, asked);
	else
		doctor_say(doctor, DOCTOR_OK, NULL, "smtpd_sasl_path is sendward-sasld's");
}

/* ---- the map of senders ----------------------------------------------------- */

static void say_unreached(struct doctor *doctor, const struct asked_map *map)
{
	char advice[ADVICE_MAX];

	snprintf(advice, sizeof(advice), "put %s before %s", map->unreached, map->ender);
	doctor_say(doctor, DOCTOR_WARNING, advice,
		   "%s has %s before %s, which never asks our map about a login",
		   asked_list_name(map->list), map->ender, map->unreached);
}

static void look_at_map(struct doctor *doctor, const struct asked *asked)
{
	const struct asked_senders *map = &asked->senders;
	bool senders = strcmp(map->name, "senders") == 0;

	if (doctor_wrong_target(doctor, asked, "smtpd_sender_login_maps", map->endpoint,
				&map->target, PART_SENDERS))
		return;
	if (!senders && strcmp(map->name, "accounts") != 0)
		doctor_say(doctor, DOCTOR_ERROR, "write :senders, or :accounts for port 25",
			   "smtpd_sender_login_maps asks for the map \"%s\", which there is not",
			   map->name);
	else if (!setup_is_submission(asked->service))
		doctor_say(doctor, DOCTOR_OK, NULL,
			   "smtpd_sender_login_maps names our map, which Postfix does not ask "
			   "here: smtpd_sasl_auth_enable is not yes");
	else if (senders && setup_is_outside(asked->service) && asked->map.others)
		doctor_say(
			doctor, DOCTOR_ERROR,
			"ask for the map accounts here, or set smtpd_sender_login_maps for the submission "
			"services alone",
			"in the map senders every address has an owner: all mail from outside, which "
			"has no login, is refused");
	else if (asked->map.logins || (asked->map.others && !asked->map.unreached))
		doctor_say(doctor, DOCTOR_OK, NULL,
			   "smtpd_sender_login_maps asks sendward-policyd");
	else if (asked->map.unreached)
		say_unreached(doctor, &asked->map);
	else
		doctor_say(doctor, DOCTOR_WARNING,
			   "put reject_sender_login_mismatch into smtpd_sender_restrictions",
			   "smtpd_sender_login_maps names our map, and no restriction asks it");
}

static void say_no_map(struct doctor *doctor, const struct asked *asked)
{
	char advice[ADVICE_MAX];

	doctor_advise(
		asked,
		"set smtpd_sender_login_maps = socketmap:%s:senders; or take sender_login_listen "
		"out of sendward.conf",
		&doctor->control->config->sender_login_listen[0], advice);
	doctor_say(
		doctor, DOCTOR_WARNING, advice,
		"smtpd_sender_login_maps is \"%s\", and does not ask policyd.sender_login_listen",
		setup_value(&asked->service->force, "smtpd_sender_login_maps"));
}

void doctor_senders(struct doctor *doctor, const struct asked *asked)
{
	const struct asked_senders *map = &asked->senders;

	doctor->check = "senders";
	if (doctor->control->config->n_sender_login_listen == 0)
		return;
	if (map->endpoint && map->target.place != PLACE_FOREIGN)
		look_at_map(doctor, asked);
	else if (setup_is_submission(asked->service))
		say_no_map(doctor, asked);
}
