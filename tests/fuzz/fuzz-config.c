/*
 * Any text is a configuration or is refused with one line of text that says
 * where; and what is refused leaves nothing behind for the next one.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/config.h"
#include "tests/fuzz/target.h"

static void expect_refusal(const char *error)
{
	if (strncmp(error, "fuzz.conf:", 10) != 0 || strchr(error, '\n'))
		abort();
}

static void expect_good(const char *text)
{
	char error[512];
	struct config *config = config_load_text(text, "fuzz.conf", error, sizeof(error));

	if (!config)
		abort();
	config_unref(&config);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char error[512] = "";
	struct config *config;
	char *text = target_text(data, size);

	config = config_load_text(text, "fuzz.conf", error, sizeof(error));
	if (!config)
		expect_refusal(error);
	config_unref(&config);
	expect_good("node = a");
	free(text);
	return 0;
}
