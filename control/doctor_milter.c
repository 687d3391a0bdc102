/*
 * doctor postfix: is our milter asked, and as the last one?
 */
#include <stdio.h>
#include <string.h>

#include "control/doctor_postfix.h"

/* ---- endpoints -------------------------------------------------------------- */

void doctor_advise(const struct asked *asked, const char *format, const struct endpoint *listener,
		   char out[ADVICE_MAX])
{
	char name[SETUP_PATH_MAX];
	const char *percent = strstr(format, "%s");

	if (setup_name(asked->setup, asked->service->chrooted, listener, name))
		snprintf(out, ADVICE_MAX, "%.*s%s%s", (int)(percent - format), format, name,
			 percent + 2);
	else
		snprintf(
			out, ADVICE_MAX,
			"this smtpd is chrooted (5th column of master.cf): let the daemon listen on a "
			"socket below %s",
			setup_value(&asked->setup->main, "queue_directory"));
}

bool doctor_wrong_target(struct doctor *doctor, const struct asked *asked, const char *setting,
			 const char *endpoint, const struct setup_target *target,
			 enum setup_part needed)
{
	char advice[ADVICE_MAX];

	if (target->place == PLACE_MISLEADING) {
		doctor_advise(
			asked,
			"name it %s, which is below the queue directory with and without a chroot",
			target->listener, advice);
		doctor_say(doctor, DOCTOR_ERROR, advice,
			   "%s names %s, which is %s to this smtpd, that is %schrooted; %s is %s",
			   setting, endpoint, target->path, asked->service->chrooted ? "" : "not ",
			   setup_part_name(target->part), target->listener->path);
		return true;
	}
	if (target->place == PLACE_BARE) {
		doctor_advise(asked, "write %s", target->listener, advice);
		doctor_say(doctor, DOCTOR_ERROR, advice,
			   "%s names %s without unix: or inet: before it: Postfix cannot ask it, "
			   "and may refuse all mail",
			   setting, endpoint);
		return true;
	}
	if (target->place == PLACE_FOREIGN || target->part == needed)
		return false;
	doctor_say(doctor, DOCTOR_ERROR,
		   "each daemon speaks a protocol of its own: name the right one",
		   "%s names %s, which is %s, where %s is needed", setting, endpoint,
		   setup_part_name(target->part), setup_part_name(needed));
	return true;
}

/* ---- ours ------------------------------------------------------------------- */

static bool rewrites(const struct config *config)
{
	for (size_t i = 0; i < config->n_plans; i++)
		if (config->plans[i].modes[CHECK_HEADER_FROM] == MODE_REWRITE)
			return true;
	return false;
}

static void say_not_asked(struct doctor *doctor, const struct asked *asked)
{
	const struct config *config = doctor->control->config;
	bool charges = config_charge_by(config) == CHARGE_MILTER;
	char advice[ADVICE_MAX], name[ENDPOINT_TEXT_MAX];

	endpoint_format(&config->milter_listen, name);
	doctor_advise(
		asked,
		"put %s at the end of its smtpd_milters; to do without the milter, take section "
		"milter out of sendward.conf",
		&config->milter_listen, advice);
	doctor_say(doctor, charges ? DOCTOR_ERROR : DOCTOR_WARNING, advice,
		   "smtpd_milters is \"%s\": milter.listen %s is not asked, so %s",
		   setup_value(&asked->service->force, "smtpd_milters"), name,
		   charges ? "nothing is charged: that is left to the milter" :
			     "nobody looks at the header");
}

/* What is there of ours, but is never reached. True when something was said. */
static bool is_kept_away(struct doctor *doctor, const struct asked *asked, size_t ours)
{
	const struct setup_settings *force = &asked->service->force;
	bool charges = config_charge_by(doctor->control->config) == CHARGE_MILTER;

	if (setup_lists(force, "receive_override_options", "no_milters"))
		doctor_say(
			doctor, charges ? DOCTOR_ERROR : DOCTOR_WARNING,
			"take no_milters out of its receive_override_options: it belongs behind the "
			"content filter, not before",
			"receive_override_options has no_milters: no milter is asked here%s",
			charges ? ", and nothing is charged" : "");
	else if (*setup_value(force, "smtpd_proxy_filter"))
		doctor_say(
			doctor, charges ? DOCTOR_ERROR : DOCTOR_WARNING,
			"set charge = policyd, with the policy service in smtpd_end_of_data_restrictions",
			"smtpd_proxy_filter is set: milters see neither header nor end of a message%s",
			charges ? ", and nothing is charged" : "");
	else if (asked_too_old(asked, ours))
		doctor_say(
			doctor, DOCTOR_ERROR,
			"leave milter_protocol at 6, and set protocol=2 for the milter that needs it",
			"milter_protocol is %s: sendward-milter needs 6 and ends each connection, "
			"and Postfix does its milter_default_action with all mail",
			asked_protocol(asked, ours));
	else
		return false;
	return true;
}

static void look_behind(struct doctor *doctor, const struct asked *asked, size_t ours)
{
	const struct asked_milter *next = &asked->milters[ours + 1];

	if (next->target.place == PLACE_OURS && next->target.part == PART_MILTER)
		doctor_say(doctor, DOCTOR_WARNING, "name it once", "smtpd_milters names %s twice",
			   next->server.endpoint);
	else if (rewrites(doctor->control->config))
		doctor_say(doctor, DOCTOR_OK, NULL,
			   "smtpd_milters has %s behind %s: it may sign, and must refuse nothing",
			   next->server.endpoint, asked->milters[ours].server.endpoint);
	else
		doctor_say(doctor, DOCTOR_WARNING, "put ours at the end of smtpd_milters",
			   "smtpd_milters has %s behind %s: what it refuses has been charged",
			   next->server.endpoint, asked->milters[ours].server.endpoint);
}

static void look_at_ours(struct doctor *doctor, const struct asked *asked, size_t ours)
{
	const char *maps = setup_value(&asked->service->force, "smtpd_milter_maps");

	doctor_attributes(doctor, "smtpd_milters", &asked->milters[ours].server, PART_MILTER);
	if (is_kept_away(doctor, asked, ours))
		return;
	if (*maps)
		doctor_say(doctor, DOCTOR_WARNING, "let each entry name ours, too, as the last one",
			   "smtpd_milter_maps (%s) goes before smtpd_milters: clients it has with "
			   "DISABLE, or without our milter, are not looked at",
			   maps);
	if (ours + 1 < asked->n_milters)
		look_behind(doctor, asked, ours);
	else
		doctor_say(doctor, DOCTOR_OK, NULL, "smtpd_milters names %s, as the last one",
			   asked->milters[ours].server.endpoint);
}

/* Is it a socket in the same directory as that of the listener? */
static bool is_beside(const struct asked *asked, const struct setup_target *target,
		      const struct endpoint *listener)
{
	char theirs[SETUP_PATH_MAX], ours[SETUP_PATH_MAX];
	const char *slash = strrchr(target->path, '/'), *end = strrchr(listener->path, '/');

	if (!target->is_path || listener->kind != ENDPOINT_UNIX || !slash || !end)
		return false;
	snprintf(theirs, sizeof(theirs), "%.*s", (int)(slash - target->path), target->path);
	snprintf(ours, sizeof(ours), "%.*s", (int)(end - listener->path), listener->path);
	return asked->setup->same(theirs, ours);
}

/* Section milter was taken out of sendward.conf, and Postfix was not told. */
static void look_for_former(struct doctor *doctor, const struct asked *asked)
{
	const struct config *config = doctor->control->config;

	for (size_t i = 0; i < asked->n_milters; i++) {
		const struct asked_milter *milter = &asked->milters[i];

		if (config->n_policyd_listen > 0 && milter->target.place == PLACE_FOREIGN &&
		    is_beside(asked, &milter->target, &config->policyd_listen[0]))
			doctor_say(
				doctor, DOCTOR_WARNING,
				"take it out of smtpd_milters, or put section milter back",
				"smtpd_milters names %s, beside policyd's socket, but there is no "
				"section milter: sendward-milter does not start without one",
				milter->server.endpoint);
	}
}

void doctor_milter(struct doctor *doctor, const struct asked *asked)
{
	size_t ours = asked_milter(asked);
	bool wrong = false;

	doctor->check = "milter";
	for (size_t i = 0; i < asked->n_milters; i++)
		wrong |= doctor_wrong_target(doctor, asked, "smtpd_milters",
					     asked->milters[i].server.endpoint,
					     &asked->milters[i].target, PART_MILTER);
	if (!doctor->control->config->milter_configured)
		look_for_former(doctor, asked);
	if (ours < asked->n_milters)
		look_at_ours(doctor, asked, ours);
	else if (!wrong && doctor->control->config->milter_configured &&
		 setup_is_submission(asked->service))
		say_not_asked(doctor, asked);
}
