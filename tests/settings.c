/*
 * Prints every setting: section, name and default, separated by tabs. For
 * tests/man, which compares them with sendward.conf(5).
 */
#include <stdio.h>

#include "base/config.h"

static void print(const char *section, const char *name, const char *default_text, void *arg)
{
	(void)arg;
	printf("%s\t%s\t%s\n", section, name, default_text);
}

int main(void)
{
	config_setting_each(print, NULL);
	return 0;
}
