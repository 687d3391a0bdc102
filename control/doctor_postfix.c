/*
 * doctor postfix: does the Postfix of this host ask us, in the right places, and what
 * does it do while we are away? postconf(1) says how it is set up; the mail that has
 * passed unasked does not.
 */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "control/doctor_postfix.h"
#include "control/postconf.h"

/* Sockets and their directories that were looked at already: each is said once. */
#define SEEN_MAX 16

struct visit {
	struct doctor *doctor;
	const struct setup *setup;
	struct {
		char path[SETUP_PATH_MAX];
		bool passable;
	} seen[SEEN_MAX];
	size_t n_seen;
};

/* ---- what there is ---------------------------------------------------------- */

static bool asks_us(const struct setup *setup, const struct setup_service *service)
{
	struct asked asked;
	bool any;

	asked_init(&asked, setup, service);
	any = asked.n_policies > 0 || asked_milter(&asked) < asked.n_milters;
	asked_fini(&asked);
	return any;
}

static void say_no_submission(struct doctor *doctor, const struct setup *setup)
{
	const char *others = setup_value(&setup->main, "multi_instance_directories");
	char advice[ADVICE_MAX];
	bool any = false;

	for (size_t i = 0; i < setup->n; i++)
		any = any || asks_us(setup, &setup->services[i]);
	doctor->service = NULL;
	snprintf(
		advice, sizeof(advice),
		"set smtpd_sasl_auth_enable = yes in the submission services of master.cf; or look "
		"at another instance%s%s%s with --config-directory",
		*others ? " (" : "", others, *others ? ")" : "");
	doctor_say(doctor, any ? DOCTOR_WARNING : DOCTOR_ERROR, advice,
		   "no smtpd offers AUTH: there are no logins%s",
		   any ? ", and identities are all that is looked at" : " to look at");
}

static void look_at_services(struct doctor *doctor, const struct setup *setup)
{
	size_t n = 0;

	doctor->check = "services";
	for (size_t i = 0; i < setup->n; i++) {
		const struct setup_service *service = &setup->services[i];

		doctor->service = service->name;
		if (service->stray)
			doctor_say(
				doctor, DOCTOR_ERROR,
				"write -o { name = value } where there are blanks in a value",
				"master.cf has \"%s\" behind smtpd, which is no option: smtpd ends "
				"when a client connects",
				service->stray);
		if (setup_is_submission(service)) {
			n++;
			doctor_say(doctor, DOCTOR_OK, NULL, "users log in here%s",
				   service->chrooted ? ", in a chroot" : "");
		} else if (setup_is_reinjection(service)) {
			doctor_say(
				doctor, DOCTOR_OK, NULL,
				"taken for the way back from a content filter, and not looked at");
		}
	}
	if (n == 0)
		say_no_submission(doctor, setup);
	doctor->service = NULL;
	if (setup->too_many)
		doctor_say(doctor, DOCTOR_UNKNOWN, NULL,
			   "master.cf has more smtpd services than the %d that are looked at",
			   SETUP_SERVICES_MAX);
}

/* ---- sockets ---------------------------------------------------------------- */

/* Its place in seen[], a new one when the path is new; SEEN_MAX: there is no room. */
static size_t see(struct visit *visit, const char *path, size_t len, bool *is_new)
{
	size_t i = 0;

	while (i < visit->n_seen &&
	       (strlen(visit->seen[i].path) != len || memcmp(visit->seen[i].path, path, len) != 0))
		i++;
	*is_new = i == visit->n_seen && i < SEEN_MAX;
	if (*is_new)
		snprintf(visit->seen[visit->n_seen++].path, SETUP_PATH_MAX, "%.*s", (int)len, path);
	return i;
}

static void reach(struct visit *visit, const struct setup_service *service,
		  const struct setup_target *target)
{
	const char *mail_owner = setup_value(&visit->setup->main, "mail_owner");
	const char *path = target->path, *slash = strrchr(path, '/');
	bool is_new;
	size_t i;

	if (target->place != PLACE_OURS || !target->is_path || service->privileged || !slash)
		return;
	i = see(visit, path, (size_t)(slash - path), &is_new);
	if (is_new)
		visit->seen[i].passable = doctor_way(visit->doctor, mail_owner, target);
	if (i == SEEN_MAX || !visit->seen[i].passable)
		return;
	see(visit, path, strlen(path), &is_new);
	if (is_new)
		doctor_socket(visit->doctor, mail_owner, path);
}

static void reach_all(struct visit *visit, const struct asked *asked)
{
	const struct setup_service *service = asked->service;
	struct setup_target sasl;

	for (size_t i = 0; i < asked->n_policies; i++)
		reach(visit, service, &asked->policies[i].target);
	for (size_t i = 0; i < asked->n_milters; i++)
		reach(visit, service, &asked->milters[i].target);
	reach(visit, service, &asked->senders.target);
	if (!setup_is_submission(service))
		return;
	setup_find(asked->setup, service->chrooted, setup_value(&service->force, "smtpd_sasl_path"),
		   &sasl);
	reach(visit, service, &sasl);
}

/* ---- one smtpd -------------------------------------------------------------- */

static void (*const looks[])(struct doctor *doctor, const struct asked *asked) = {
	doctor_milter, doctor_policy, doctor_charging, doctor_away, doctor_sasl, doctor_senders,
};

static void look_at_service(struct visit *visit, const struct setup_service *service)
{
	struct asked asked;

	if (setup_is_reinjection(service))
		return;
	asked_init(&asked, visit->setup, service);
	visit->doctor->service = service->name;
	for (size_t i = 0; i < sizeof(looks) / sizeof(looks[0]); i++)
		looks[i](visit->doctor, &asked);
	visit->doctor->service = NULL;
	reach_all(visit, &asked);
	asked_fini(&asked);
}

/* ---- mail without smtpd ----------------------------------------------------- */

static void look_at_other_mail(struct doctor *doctor, const struct setup *setup)
{
	const char *classes = setup_value(&setup->main, "internal_mail_filter_classes");
	struct postfix_list list;

	doctor->check = "other mail";
	postfix_list_init(&list, setup_value(&setup->main, "non_smtpd_milters"));
	for (size_t i = 0; i < list.n; i++) {
		struct postfix_server server;
		struct setup_target target;

		postfix_server_init(&server, list.items[i]);
		setup_find(setup, false, server.endpoint, &target);
		if (target.place != PLACE_FOREIGN)
			doctor_say(
				doctor, DOCTOR_WARNING, "take it out of non_smtpd_milters",
				"non_smtpd_milters names %s: mail from sendmail(1)%s%s has no login; what is "
				"refused of it bounces, or stays in the maildrop queue",
				server.endpoint,
				*classes ? " and of internal_mail_filter_classes " : "", classes);
		postfix_server_fini(&server);
	}
	postfix_list_fini(&list);
}

/* ---- all of it -------------------------------------------------------------- */

/* Is there something here that Postfix should ask? */
static bool is_anything_asked(const struct config *config)
{
	return config->n_policyd_listen > 0 || config->milter_configured ||
	       config->sasld.n_listen > 0 || config->n_sender_login_listen > 0;
}

static void look(struct doctor *doctor, const struct setup *setup, const struct postconf *postconf)
{
	struct visit visit = { .doctor = doctor, .setup = setup };

	doctor->postfix = memory_strdup(setup_value(&setup->main, "config_directory"));
	doctor->check = "postconf";
	for (size_t i = 0; i < postconf->n_warnings; i++)
		doctor_say(doctor, DOCTOR_WARNING, NULL, "%s", postconf->warnings[i]);
	look_at_services(doctor, setup);
	for (size_t i = 0; i < setup->n; i++)
		look_at_service(&visit, &setup->services[i]);
	look_at_other_mail(doctor, setup);
}

void doctor_postfix(struct doctor *doctor)
{
	const struct value *directory = control_value(doctor->control, OPTION_CONFIG_DIRECTORY);
	struct postconf postconf;
	struct setup setup;

	doctor->check = "postconf";
	if (!is_anything_asked(doctor->control->config)) {
		doctor_say(doctor, doctor->all ? DOCTOR_OK : DOCTOR_WARNING,
			   doctor->all ? NULL : "add a section policyd or milter",
			   "no daemon is configured here that Postfix could ask");
		return;
	}
	setup_init(&setup, doctor->control->config, doctor_same_place);
	if (postconf_read(directory ? directory->text : NULL, &setup, &postconf))
		look(doctor, &setup, &postconf);
	else
		doctor_say(doctor, postconf.missing && doctor->all ? DOCTOR_UNKNOWN : DOCTOR_ERROR,
			   postconf.missing ? "run this on the host of Postfix" :
					      "see what \"postconf -n\" says; with "
					      "--config-directory another instance is looked at",
			   "%s", postconf.error);
	postconf_fini(&postconf);
	setup_fini(&setup);
}
