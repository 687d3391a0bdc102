/* Apart from base/header_address.c, because the engine names the fields and
 * has no use for GMime. */
#include "base/header_address.h"

static const char *const names[ORIGINATORS] = {
	[ORIGINATOR_FROM] = "From",
	[ORIGINATOR_SENDER] = "Sender",
	[ORIGINATOR_RESENT_FROM] = "Resent-From",
	[ORIGINATOR_RESENT_SENDER] = "Resent-Sender",
	[ORIGINATOR_REPLY_TO] = "Reply-To",
};

static const char *const copy_names[ORIGINATORS] = {
	[ORIGINATOR_FROM] = "X-Original-From",
	[ORIGINATOR_SENDER] = "X-Original-Sender",
	[ORIGINATOR_RESENT_FROM] = "X-Original-Resent-From",
	[ORIGINATOR_RESENT_SENDER] = "X-Original-Resent-Sender",
	[ORIGINATOR_REPLY_TO] = "X-Original-Reply-To",
};

const char *originator_name(enum originator field)
{
	return names[field];
}

const char *originator_copy_name(enum originator field)
{
	return copy_names[field];
}
