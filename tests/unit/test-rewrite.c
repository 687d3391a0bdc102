#include "engine/rewrite.h"

#include <stdio.h>
#include <string.h>

#include "base/header_address.h"
#include "tests/unit/fixture.h"
#include "tests/unit/suite.h"

#define ROSE "rose@example.org"
#define BOSS "boss@bank.example"

static struct originators header;
static struct rewrite rewrite;

/* The header of "Name: value" lines. */
static void read_header(const char *text)
{
	char copy[400], *rest = copy, *line;

	snprintf(copy, sizeof(copy), "%s", text);
	originators_init(&header);
	while ((line = strsep(&rest, "\n"))) {
		char *colon = strchr(line, ':');

		if (!colon)
			continue;
		*colon = '\0';
		originators_add(&header, line, colon + 1, strlen(colon + 1));
	}
	originators_end(&header);
}

static const char *settings = "";

static const char *plan(const char *senders, const char *login)
{
	const struct request request = { .login = login, .originators = &header };
	char text[512];
	struct config *config;
	struct effective e;
	const char *reason;

	snprintf(text, sizeof(text), "%s\nplan default { senders = { %s } }\n", settings,
		 senders);
	config = fixture_config(text);
	effective_resolve(config, NULL, login, FIXTURE_NOW_S, &e);
	memset(&rewrite, 0, sizeof(rewrite));
	reason = rewrite_plan(config, &e, &request, &rewrite);
	config_unref(&config);
	return reason;
}

static void test_main_address(void)
{
	static const struct {
		const char *senders, *login, *address; /* NULL: none */
	} rows[] = {
		{ "\"%login\"", ROSE, ROSE },
		{ "\"sales@example.org\", \"%login\"", ROSE, ROSE },
		{ "\"*@example.org\"", ROSE, ROSE },
		{ "\"*@example.org\", \"sales@example.org\"", "rose", "sales@example.org" },
		{ "\"!%login\", \"sales@example.org\", \"b@example.org\"", ROSE,
		  "sales@example.org" },
		{ "\"!a@example.org\", \"a@example.org\", \"b@example.org\"", "rose",
		  "b@example.org" },
		{ "\"user+*@example.org\", \"*@example.org\"", "rose", NULL },
		{ "", ROSE, NULL },
		{ "\"\\\"a b\\\"@example.org\"", "rose", "\"a b\"@example.org" },
	};

	read_header("From: " BOSS);
	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		const char *reason = plan(rows[i].senders, rows[i].login);

		suite_row("%s of %s", rows[i].senders, rows[i].login);
		if (rows[i].address)
			SUITE_TEXT_EQUAL(rewrite.address, rows[i].address);
		SUITE_TEXT_EQUAL(reason,
				 rows[i].address ?
					 NULL :
					 "the login has no address of its own to put there");
		SUITE_INT_EQUAL(rewrite.fields != 0, rows[i].address != NULL);
	}
}

#define FROM (1U << ORIGINATOR_FROM)
#define SENDER (1U << ORIGINATOR_SENDER)
#define RESENT_FROM (1U << ORIGINATOR_RESENT_FROM)
#define RESENT_SENDER (1U << ORIGINATOR_RESENT_SENDER)

static void test_fields(void)
{
	static const struct {
		const char *header;
		unsigned fields;
		const char *display;
	} rows[] = {
		{ "From: " BOSS, FROM, "" },
		{ "", FROM, "" },
		{ "From: " BOSS "\nFrom: Rose <" ROSE ">", FROM, "" },
		{ "From: The Boss <" BOSS ">", FROM, "The Boss" },
		{ "From: =?utf-8?Q?J=C3=A9r=C3=B4me?= <" BOSS ">", FROM, "J\xc3\xa9r\xc3\xb4me" },
		{ "From: =?iso-8859-1?Q?J=E9r=F4me?= <" BOSS ">", FROM, "J\xc3\xa9r\xc3\xb4me" },
		{ "From: =?x-nobody?Q?J=E9r=F4me?= <" BOSS ">", FROM, "" },
		{ "From: \"" BOSS "\" <" BOSS ">", FROM, "" },
		{ "From: \"" ROSE "\" <" BOSS ">", FROM, "" },
		{ "From: The Boss <" BOSS ">, Rose <" ROSE ">", FROM, "" },
		{ "From: The Boss <" BOSS "> extra", FROM, "" },
		{ "From: team: The Boss <" BOSS ">;", FROM, "The Boss" },
		{ "From: " BOSS "\nSender: " ROSE, FROM, "" },
		{ "From: " ROSE "\nSender: " BOSS, FROM | SENDER, "" },
		{ "From: " ROSE "\nSender: " ROSE "\nSender: " ROSE, FROM | SENDER, "" },
		{ "From: " ROSE "\nSender: <<", FROM | SENDER, "" },
		{ "From: <<\nSender: " BOSS, FROM | SENDER, "" },
		{ "From: " BOSS "\nResent-From: " BOSS "\nResent-From: " ROSE, FROM | RESENT_FROM,
		  "" },
		{ "From: " ROSE "\nResent-From: " ROSE "\nResent-Sender: " BOSS,
		  FROM | RESENT_SENDER, "" },
		{ "From: " BOSS "\nSender: \"" BOSS "\" <" ROSE ">", FROM, "" },
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		suite_row("%s", rows[i].header);
		read_header(rows[i].header);
		SUITE_TEXT_EQUAL(plan("\"%login\"", ROSE), NULL);
		SUITE_INT_EQUAL(rewrite.fields, rows[i].fields);
		SUITE_TEXT_EQUAL(rewrite.display, rows[i].display);
	}
}

/* With display_name_address = reject. */
static void test_shown(void)
{
	static const struct {
		const char *header;
		unsigned fields;
	} rows[] = {
		{ "From: Rose <" ROSE ">\nSender: \"" BOSS "\" <" ROSE ">", FROM | SENDER },
		{ "From: " BOSS "\nSender: \"" BOSS "\" <" ROSE ">", FROM | SENDER },
		{ "From: " BOSS "\nSender: \"rose+x@example.org\" <" ROSE ">", FROM },
		{ "From: \"" BOSS "\" <" ROSE ">\nSender: " ROSE, FROM },
		{ "From: \"1@d.example 2@d.example 3@d.example 4@d.example 5@d.example "
		  "6@d.example 7@d.example 8@d.example 9@d.example\" <" ROSE ">\nSender: " ROSE,
		  FROM | SENDER },
	};

	settings = "display_name_address = reject";
	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		suite_row("%s", rows[i].header);
		read_header(rows[i].header);
		SUITE_TEXT_EQUAL(plan("\"%login\"", ROSE), NULL);
		SUITE_INT_EQUAL(rewrite.fields, rows[i].fields);
	}
	settings = "";
}

static void test_counts(void)
{
	read_header("From: " BOSS "\nFROM : " BOSS "\nX-Original-From: x\nx-original-from: y\n"
		    "X-Original-Sender: z\nX-Original-To: w");
	SUITE_TEXT_EQUAL(plan("\"%login\"", ROSE), NULL);
	SUITE_INT_EQUAL(rewrite.seen[ORIGINATOR_FROM], 2);
	SUITE_INT_EQUAL(rewrite.copies[ORIGINATOR_FROM], 2);
	SUITE_INT_EQUAL(rewrite.copies[ORIGINATOR_SENDER], 1);
	SUITE_INT_EQUAL(rewrite.copies[ORIGINATOR_RESENT_FROM], 0);
}

static void test_many(void)
{
	static const char *const names[] = { "From", "X-Original-Sender" };

	for (size_t k = 0; k < SUITE_LEN(names); k++) {
		originators_init(&header);
		for (int i = 0; i < HEADER_FIELDS_MAX; i++)
			originators_add(&header, names[k], BOSS, strlen(BOSS));
		SUITE_TEXT_EQUAL(plan("\"%login\"", ROSE), NULL);
		originators_add(&header, names[k], BOSS, strlen(BOSS));
		originators_end(&header);
		SUITE_TEXT_EQUAL(plan("\"%login\"", ROSE), "there are too many fields");
	}
}

static const struct suite_test tests[] = {
	{ "the main address is the login, else the first single one it owns", test_main_address },
	{ "From is taken out, the others when they are unsound or foreign", test_fields },
	{ "fields whose names show foreign addresses are taken out where that is refused",
	  test_shown },
	{ "fields are counted, with the copies that came with the message", test_counts },
	{ "too many fields cannot be taken out", test_many },
};

int main(void)
{
	header_address_init();
	return suite_run("rewrite", tests, SUITE_LEN(tests));
}
