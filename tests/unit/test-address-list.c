#include "base/address_list.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/suite.h"

/* What was visited: "alice@example.com[Alice] [Group]". */
struct visits {
	char text[512];
	size_t n, stop_at;
};

static const char *note(const struct address *address, const char *display, void *arg)
{
	struct visits *visits = arg;
	char text[ADDRESS_TEXT_MAX] = "";
	size_t len = strlen(visits->text);

	if (visits->n == visits->stop_at)
		return "enough";
	if (address)
		address_format(address, text);
	snprintf(visits->text + len, sizeof(visits->text) - len, "%s%s[%s]",
		 visits->n > 0 ? " " : "", text, display);
	visits->n++;
	return NULL;
}

static void test_display(void)
{
	static const struct {
		const char *text;
		const char *visits;
	} rows[] = {
		{ "a@x.example", "a@x.example[]" },
		{ "<a@x.example>", "a@x.example[]" },
		{ "Alice <a@x.example>", "a@x.example[Alice]" },
		{ "Alice  B. C <a@x.example>", "a@x.example[Alice B. C]" },
		{ "\"Alice \\\"B\\\" (C)\" <a@x.example>", "a@x.example[Alice \"B\" (C)]" },
		{ "\"A\"\"B\"C \"D\" <a@x.example>", "a@x.example[ABC D]" },
		{ "a@x.example (Alice)", "a@x.example[Alice]" },
		{ "(one)a@x.example(two (three\\)))(four)", "a@x.example[one two three) four]" },
		{ "A (b) C <\"d\"@x.example> (e)", "d@x.example[A b C e]" },
		{ "A <a@x.example>, B <b@x.example>", "a@x.example[A] b@x.example[B]" },
		{ "G (h): A <a@x.example>, b@x.example (B); (c), D <d@x.example>",
		  "[G h] a@x.example[A] b@x.example[B] [c] d@x.example[D]" },
		{ "\"a b\"@x.example", "\"a b\"@x.example[]" },
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		struct visits visits = { .stop_at = 10 };

		suite_row("%s", rows[i].text);
		SUITE_TEXT_EQUAL(
			address_list_read(rows[i].text, strlen(rows[i].text), note, &visits), NULL);
		SUITE_TEXT_EQUAL(visits.text, rows[i].visits);
	}
}

static void test_length(void)
{
	struct visits visits = { .stop_at = 10 };

	SUITE_TEXT_EQUAL(address_list_read("a@x.example, b", 11, note, &visits), NULL);
	SUITE_TEXT_EQUAL(visits.text, "a@x.example[]");
	SUITE_TEXT_EQUAL(address_list_read("", 0, note, &visits), "no address");
}

static void test_stop(void)
{
	static const char text[] = "a@x.example, b@x.example, c@x.example";
	struct visits visits = { .stop_at = 2 };

	SUITE_TEXT_EQUAL(address_list_read(text, strlen(text), note, &visits), "enough");
	SUITE_INT_EQUAL(visits.n, 2);
}

static void test_long_address(void)
{
	struct visits visits = { .stop_at = 10 };
	char text[WRITTEN_MAX + 100];

	memset(text, 'd', sizeof(text));
	text[0] = 'a';
	text[1] = '@';
	SUITE_TEXT_EQUAL(address_list_read(text, WRITTEN_MAX, note, &visits),
			 "domain is longer than 255 octets");
	SUITE_TEXT_EQUAL(address_list_read(text, WRITTEN_MAX + 1, note, &visits),
			 "an address is too long");
}

static const struct suite_test tests[] = {
	{ "every mailbox is visited with the words and comments around it", test_display },
	{ "nothing behind the length is read", test_length },
	{ "a visitor can end the reading", test_stop },
	{ "an address that cannot be one is not even copied", test_long_address },
};

int main(void)
{
	return suite_run("address-list", tests, SUITE_LEN(tests));
}
