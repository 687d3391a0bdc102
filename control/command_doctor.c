/*
 * doctor: looks at what Sendward needs, says what is wrong, and what to do.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/commands.h"
#include "control/control.h"
#include "control/doctor.h"
#include "control/need.h"
#include "control/text.h"
#include "store/rights.h"

static void look_at_redis(struct doctor *doctor)
{
	doctor_reach(doctor);
	doctor_servers(doctor);
}

static const struct part {
	const char *name;
	void (*look)(struct doctor *doctor);
} parts[] = {
	{ "redis", look_at_redis },
	{ "host", doctor_host },
	{ "postfix", doctor_postfix },
};

#define PARTS (sizeof(parts) / sizeof(parts[0]))

static void print_json(const struct doctor *doctor)
{
	const struct redis_settings *redis = &doctor->control->config->redis;
	char address[REDIS_NAME_MAX], line[RIGHTS_LINE_MAX];
	json_t *object;

	redis_name(redis, address);
	rights_line(redis, line);
	object = need(json_pack("{s:o, s:b, s:O, s:s}", "redis", text_json(address), "ok",
				doctor->worst < DOCTOR_ERROR, "findings", doctor->findings, "acl",
				line));
	rights_sentinel_line(redis, line);
	if (redis->n_sentinels > 0)
		json_object_set_new(object, "sentinel_acl", json_string(line));
	if (doctor->postfix)
		json_object_set_new(object, "postfix", text_json(doctor->postfix));
	control_print_json(object);
}

static void print_lines(const struct redis_settings *redis)
{
	char line[RIGHTS_LINE_MAX];

	rights_line(redis, line);
	printf("\nAll that is needed, in words for redis-cli%s:\n%s\n",
	       redis->n_cluster > 0 ? ", on every node" : "", line);
	rights_sentinel_line(redis, line);
	if (redis->n_sentinels > 0)
		printf("\nOn the sentinels:\n%s\n", line);
}

static void print_postfix(const char *directory)
{
	char *printable = text_printable(directory);

	printf("postfix at %s\n", printable);
	free(printable);
}

static void print(const struct doctor *doctor, const char *part)
{
	const struct redis_settings *redis = &doctor->control->config->redis;
	char address[REDIS_NAME_MAX];

	redis_name(redis, address);
	if (!part || strcmp(part, "postfix") != 0)
		printf("redis at %s\n", address);
	if (doctor->postfix)
		print_postfix(doctor->postfix);
	doctor_print(doctor);
	if (!part || strcmp(part, "redis") == 0)
		print_lines(redis);
}

static bool value_part(const char *text, struct value *out, const char **reason)
{
	for (size_t i = 0; i < PARTS; i++)
		if (strcmp(parts[i].name, text) == 0)
			return value_any(text, out, reason);
	*reason = "there is no such part; there are: redis, host, postfix";
	return false;
}

/* NULL: every part. */
static void look(struct doctor *doctor, const char *name)
{
	for (size_t i = 0; i < PARTS; i++)
		if (!name || strcmp(parts[i].name, name) == 0)
			parts[i].look(doctor);
}

static int command_doctor(struct control *control)
{
	const char *name = control->argument.text;
	struct doctor doctor = { .control = control, .all = !name };

	if (control_has(control, OPTION_CONFIG_DIRECTORY) && name && strcmp(name, "postfix") != 0)
		return control_misuse(control, "--config-directory is for part postfix");
	if (!control_load(control))
		return STATUS_REFUSED;
	doctor.findings = need(json_array());
	look(&doctor, name);
	if (control->json)
		print_json(&doctor);
	else
		print(&doctor, name);
	json_decref(doctor.findings);
	free(doctor.postfix);
	return doctor.worst < DOCTOR_ERROR ? STATUS_DONE : STATUS_REFUSED;
}

const struct command commands_doctor[] = {
	{ .name = "doctor",
	  .argument = "PART",
	  .argument_optional = true,
	  .check = value_part,
	  .options = OPTION_LIST(OPTION_CONFIG_DIRECTORY),
	  .help = "look for what is missing or set up badly",
	  .notes =
		  "PART is redis: what the server is, what Sendward may do there, settings that\n"
		  "matter; and the ACL line of a user that may do what is needed; or host: the\n"
		  "sockets of this host's daemons, and whether they were seen; or postfix: whether\n"
		  "main.cf and master.cf let it ask them, in the right places, and what it does\n"
		  "while they are away. Without PART all of them.\n"
		  "Nothing is changed. The exit status is 1 when there is an error.",
	  .run = command_doctor },
	{ 0 },
};
