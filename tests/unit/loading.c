#include "tests/unit/loading.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/suite.h"

char loading_error[1024];

struct config *loading_text(const char *text)
{
	loading_error[0] = '\0';
	return config_load_text(text, "test.conf", loading_error, sizeof(loading_error));
}

struct config *loading_good(const char *text)
{
	struct config *config = loading_text(text);

	SUITE_TEXT_EQUAL(loading_error, "");
	if (!config)
		abort();
	return config;
}

void loading_expect(const char *expected)
{
	size_t len = strlen(expected);

	if (len >= 2 && !strcmp(expected + len - 2, ": ") && strlen(loading_error) > len)
		loading_error[len] = '\0';
	SUITE_TEXT_EQUAL(loading_error, expected);
}

void loading_refused(const struct loading_refusal *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct config *config = loading_text(rows[i].text);

		suite_row("%s", rows[i].text);
		SUITE_TRUE(config == NULL);
		loading_expect(rows[i].error);
		config_unref(&config);
	}
}
