#include "base/check.h"

#include <stddef.h>
#include <string.h>

static const char *const check_names[CHECKS] = {
	[CHECK_STATE] = "state",
	[CHECK_NETWORKS] = "networks",
	[CHECK_ENVELOPE_SENDER] = "envelope_sender",
	[CHECK_HEADER_FROM] = "header_from",
	[CHECK_CAPS] = "caps",
	[CHECK_QUOTAS] = "quotas",
	[CHECK_SANDBOX] = "sandbox",
	[CHECK_SERVICES] = "services",
};

static const char *const mode_names[] = {
	[MODE_ENFORCE] = "enforce",
	[MODE_MONITOR] = "monitor",
	[MODE_OFF] = "off",
	[MODE_REWRITE] = "rewrite",
};
#define MODES (sizeof(mode_names) / sizeof(mode_names[0]))

const char *check_name(enum check check)
{
	return check_names[check];
}

const char *check_mode_name(enum check_mode mode)
{
	return mode_names[mode];
}

bool check_mode_parse(const char *text, enum check_mode *out)
{
	for (size_t i = 0; i < MODES; i++) {
		if (strcmp(text, mode_names[i]) == 0) {
			*out = (enum check_mode)i;
			return true;
		}
	}
	return false;
}
