/* Whether a server is asked, and what is said of it. */
#include <string.h>

#include "base/log.h"
#include "store/breaker.h"
#include "tests/unit/suite.h"

static int lines;
static char last[1000];

static void on_line(enum log_level level, const char *line, void *arg)
{
	(void)level;
	(void)arg;
	lines++;
	strncpy(last, line, sizeof(last) - 1);
}

static struct breaker begin(bool quiet)
{
	const struct endpoint server = { .kind = ENDPOINT_INET, .host = "192.0.2.1", .port = 6379 };
	struct breaker breaker;

	lines = 0;
	log_capture(on_line, NULL);
	breaker_init(&breaker, &server, quiet);
	return breaker;
}

static void test_one_outage(void)
{
	struct breaker b = begin(false);

	SUITE_TRUE(breaker_close(&b));
	SUITE_TRUE(breaker_is_settled(&b));
	SUITE_TRUE(breaker_open(&b, "gone"));
	SUITE_TRUE(!breaker_open(&b, "refused"));
	SUITE_INT_EQUAL(lines, 1);
	SUITE_TRUE(strstr(last, "192.0.2.1:6379: gone; not asked until it answers again") != NULL);
	SUITE_TRUE(strstr(b.error, "refused") != NULL);
	breaker_probe(&b);
	SUITE_INT_EQUAL(b.state, BREAKER_HALF_OPEN);
	breaker_settle(&b);
	SUITE_INT_EQUAL(lines, 1);
	SUITE_TRUE(breaker_close(&b));
	SUITE_TRUE(!breaker_close(&b));
	SUITE_INT_EQUAL(lines, 1);
	SUITE_TRUE(!breaker_is_settled(&b));
	breaker_settle(&b);
	breaker_settle(&b);
	SUITE_INT_EQUAL(lines, 2);
	SUITE_TRUE(strstr(last, "answers again after ") != NULL);
	SUITE_TRUE(breaker_is_settled(&b));
	SUITE_INT_EQUAL(b.outages, 1);
	SUITE_TRUE(breaker_open(&b, "gone"));
	SUITE_INT_EQUAL(lines, 3);
	SUITE_INT_EQUAL(b.outages, 2);
}

static void test_comes_and_goes(void)
{
	struct breaker b = begin(false);

	breaker_close(&b);
	for (int i = 0; i < 20; i++) {
		SUITE_TRUE(breaker_open(&b, "gone"));
		SUITE_TRUE(!breaker_is_settled(&b));
		SUITE_TRUE(breaker_close(&b));
		SUITE_TRUE(!breaker_is_settled(&b));
	}
	SUITE_INT_EQUAL(lines, 1);
	SUITE_INT_EQUAL(b.outages, 1);
	breaker_settle(&b);
	SUITE_TRUE(breaker_is_settled(&b));
	SUITE_INT_EQUAL(lines, 2);
}

static void test_quiet(void)
{
	struct breaker b = begin(true);

	breaker_close(&b);
	breaker_open(&b, "gone");
	breaker_close(&b);
	breaker_settle(&b);
	SUITE_INT_EQUAL(lines, 0);
	SUITE_INT_EQUAL(b.outages, 1);
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "an outage is one line when it begins and one when it is over", test_one_outage },
		{ "a server that comes and goes has one outage, which ends when it stays",
		  test_comes_and_goes },
		{ "a quiet one counts outages and says nothing", test_quiet },
	};

	return suite_run("breaker", tests, SUITE_LEN(tests));
}
