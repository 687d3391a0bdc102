#include "control/remarks.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/need.h"
#include "control/text.h"

#define REASON_MAX 2048

void remarks_init(struct remarks *remarks, bool keep)
{
	*remarks = (struct remarks){ .list = keep ? need(json_array()) : NULL };
}

void remarks_fini(struct remarks *remarks)
{
	json_decref(remarks->list);
	remarks->list = NULL;
}

static void keep(struct remarks *remarks, enum remark kind, struct origin origin, const char *what,
		 const char *reason)
{
	json_t *object = need(json_object());

	json_object_set_new(object, "file", text_json(origin.file));
	json_object_set_new(object, "line", need(json_integer((json_int_t)origin.line)));
	json_object_set_new(object, "entry", text_json(what));
	json_object_set_new(object, "reason", text_json(reason));
	json_object_set_new(object, "fault", json_boolean(kind == REMARK_FAULT));
	json_array_append_new(remarks->list, object);
}

void remarks_add(struct remarks *remarks, enum remark kind, struct origin origin, const char *what,
		 const char *format, ...)
{
	char reason[REASON_MAX], *printable_what = text_printable(what), *printable;
	va_list args;

	va_start(args, format);
	vsnprintf(reason, sizeof(reason), format, args);
	va_end(args);
	printable = text_printable(reason);
	fprintf(stderr, "%s:%zu: %s%s%s\n", origin.file, origin.line, printable_what,
		*what ? ": " : "", printable);
	free(printable_what);
	free(printable);
	*(kind == REMARK_FAULT ? &remarks->faults : &remarks->nothings) += 1;
	if (remarks->list)
		keep(remarks, kind, origin, what, reason);
}
