#include "bench/names.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "bench/logins.h"
#include "tests/unit/suite.h"

static void test_login(void)
{
	static const size_t numbers[] = {
		0, 1, 17, 999, 99999, 100000, 999999, 1000000, LOGINS_MAX
	};

	for (size_t i = 0; i < SUITE_LEN(numbers); i++) {
		char wanted[LOGIN_NAME_MAX], found[LOGIN_NAME_MAX];

		snprintf(wanted, sizeof(wanted), "user%06zu@bench.example", numbers[i]);
		SUITE_INT_EQUAL(login_name(numbers[i], found), strlen(wanted));
		SUITE_TEXT_EQUAL(found, wanted);
	}
}

static void test_queue_id(void)
{
	static const uint64_t ids[] = { 0,	   9,	10,  15,
					16,	   255, 256, UINT64_C(1763712000123456),
					UINT64_MAX };

	for (size_t i = 0; i < SUITE_LEN(ids); i++) {
		char wanted[QUEUE_ID_MAX], found[QUEUE_ID_MAX];

		snprintf(wanted, sizeof(wanted), "%" PRIX64, ids[i]);
		SUITE_INT_EQUAL(queue_id_name(ids[i], found), strlen(wanted));
		SUITE_TEXT_EQUAL(found, wanted);
	}
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "a login's name has six digits at least", test_login },
		{ "a queue id is in capital hexadecimal", test_queue_id },
	};

	return suite_run("bench-names", tests, SUITE_LEN(tests));
}
