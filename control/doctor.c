#include "control/doctor.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "control/need.h"
#include "control/text.h"

/* Octets of a finding; longer ones are cut. */
#define TEXT_MAX 1024

static const char *const level_names[] = { "ok", "unknown", "warning", "error" };

void doctor_say(struct doctor *doctor, enum doctor_level level, const char *advice,
		const char *format, ...)
{
	char text[TEXT_MAX];
	json_t *finding;
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	finding = need(json_pack("{s:s, s:s, s:o}", "level", level_names[level], "check",
				 doctor->check, "text", text_json(text)));
	if (doctor->server)
		json_object_set_new(finding, "server", text_json(doctor->server));
	if (doctor->service)
		json_object_set_new(finding, "service", text_json(doctor->service));
	if (advice)
		json_object_set_new(finding, "advice", text_json(advice));
	json_array_append_new(doctor->findings, finding);
	if (level > doctor->worst)
		doctor->worst = level;
}

static const char *text_of(const json_t *finding, const char *name)
{
	return json_string_value(json_object_get(finding, name));
}

static void print_part(const char *before, const char *text)
{
	char *printable;

	if (!text)
		return;
	printable = text_printable(text);
	printf("%s%s", before, printable);
	free(printable);
}

void doctor_print(const struct doctor *doctor)
{
	size_t i;
	json_t *finding;

	json_array_foreach(doctor->findings, i, finding) {
		printf("%-8s %-13s", text_of(finding, "level"), text_of(finding, "check"));
		print_part(" ", text_of(finding, "service"));
		print_part(text_of(finding, "service") ? ": " : " ", text_of(finding, "text"));
		print_part(" at ", text_of(finding, "server"));
		print_part("\n                       => ", text_of(finding, "advice"));
		putchar('\n');
	}
}
