/* Apart from base/header_address.c, because the engine names the fields and
 * has no use for GMime. */
#include "base/header_address.h"

static const char *const names[ORIGINATORS] = {
	[ORIGINATOR_FROM] = "From",
	[ORIGINATOR_SENDER] = "Sender",
	[ORIGINATOR_RESENT_FROM] = "Resent-From",
	[ORIGINATOR_RESENT_SENDER] = "Resent-Sender",
};

const char *originator_name(enum originator field)
{
	return names[field];
}
