#include "base/calendar.h"

#include "tests/unit/suite.h"

static void test_names(void)
{
	SUITE_TEXT_EQUAL(calendar_name(CALENDAR_HOUR), "hour");
}

static const struct suite_test tests[] = {
	{ "a calendar has its name", test_names },
};

int main(void)
{
	return suite_run("calendar", tests, SUITE_LEN(tests));
}
