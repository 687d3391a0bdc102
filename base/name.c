#include "base/name.h"

#include <string.h>

#include "base/ascii.h"

bool name_is_valid(const char *name)
{
	size_t len = strlen(name), i;

	for (i = 0; i < len; i++)
		if (!ascii_is_letter(name[i]) && !ascii_is_digit(name[i]) &&
		    !strchr("-_.", name[i]))
			return false;
	return len > 0 && len <= NAME_LENGTH_MAX;
}
