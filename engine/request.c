#include "engine/request.h"

static const char *const stage_names[STAGES] = {
	[STAGE_MAIL] = "MAIL",
	[STAGE_RCPT] = "RCPT",
	[STAGE_DATA] = "DATA",
	[STAGE_END_OF_MESSAGE] = "END-OF-MESSAGE",
};

const char *stage_name(enum stage stage)
{
	return stage_names[stage];
}
