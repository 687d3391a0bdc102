/*
 * doctor postfix: who says which login it is, and who owns an address.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
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

/* "socketmap:unix:/sendward/senders:senders" in the setting, cut at both ends. */
struct map {
	char *text;	      /* owned */
	const char *endpoint; /* NULL: there is none */
	const char *name;
	struct setup_target target;
};

static void map_init(struct map *map, const struct asked *asked)
{
	static const char type[] = "socketmap:", proxy[] = "proxy:";
	const char *setting = setup_value(&asked->service->force, "smtpd_sender_login_maps");
	bool chrooted = asked->service->chrooted;
	char *found, *colon;

	*map = (struct map){ .text = memory_strdup(setting) };
	found = strstr(map->text, type);
	if (!found)
		return;
	if (found - map->text >= (long)strlen(proxy) &&
	    strncmp(found - strlen(proxy), proxy, strlen(proxy)) == 0)
		chrooted = asked->setup->proxymap_chrooted;
	found += strlen(type);
	found[strcspn(found, ", \t}")] = '\0';
	colon = strrchr(found, ':');
	if (!colon)
		return;
	*colon = '\0';
	map->endpoint = found;
	map->name = colon + 1;
	setup_find_server(asked->setup, chrooted, found, &map->target);
}

static const struct {
	const char *name;
	bool without_login; /* refuses who has not logged in, when the address has an owner */
} restrictions[] = {
	{ "reject_sender_login_mismatch", true },
	{ "reject_unauthenticated_sender_login_mismatch", true },
	{ "reject_authenticated_sender_login_mismatch", false },
	{ "reject_known_sender_login_mismatch", false },
};

/* Is there one in any list; of the first kind only? */
static bool is_used(const struct asked *asked, bool without_login)
{
	for (enum asked_list list = 0; list < ASKED_LISTS; list++)
		for (size_t i = 0; i < sizeof(restrictions) / sizeof(restrictions[0]); i++)
			if ((restrictions[i].without_login || !without_login) &&
			    setup_lists(&asked->service->force, asked_list_name(list),
					restrictions[i].name))
				return true;
	return false;
}

static void look_at_map(struct doctor *doctor, const struct asked *asked, const struct map *map)
{
	bool senders = strcmp(map->name, "senders") == 0;

	if (doctor_wrong_target(doctor, asked, "smtpd_sender_login_maps", map->endpoint,
				&map->target, PART_SENDERS))
		return;
	if (!senders && strcmp(map->name, "accounts") != 0)
		doctor_say(doctor, DOCTOR_ERROR, "write :senders, or :accounts for port 25",
			   "smtpd_sender_login_maps asks for the map \"%s\", which there is not",
			   map->name);
	else if (senders && !setup_is_submission(asked->service) && is_used(asked, true))
		doctor_say(
			doctor, DOCTOR_ERROR,
			"ask for the map accounts here, or set smtpd_sender_login_maps for the submission "
			"services alone",
			"nobody logs in here, and in the map senders every address has an owner: all "
			"mail is refused");
	else if (!is_used(asked, false))
		doctor_say(doctor, DOCTOR_WARNING,
			   "put reject_sender_login_mismatch into smtpd_sender_restrictions",
			   "smtpd_sender_login_maps names our map, and no restriction asks it");
	else
		doctor_say(doctor, DOCTOR_OK, NULL,
			   "smtpd_sender_login_maps asks sendward-policyd");
}

/* "socketmap:unix:/sendward/senders:senders": the path as the chroot has it. */
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
	struct map map;

	doctor->check = "senders";
	if (doctor->control->config->n_sender_login_listen == 0)
		return;
	map_init(&map, asked);
	if (map.endpoint && map.target.place != PLACE_FOREIGN)
		look_at_map(doctor, asked, &map);
	else if (setup_is_submission(asked->service))
		say_no_map(doctor, asked);
	free(map.text);
}

bool doctor_map_target(const struct asked *asked, struct setup_target *out)
{
	struct map map;

	map_init(&map, asked);
	*out = map.target;
	free(map.text);
	return map.endpoint != NULL;
}
