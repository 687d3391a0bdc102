/*
 * Our numbers of the milter protocol are libmilter's. Built where its headers
 * are.
 */
#include <sys/types.h>

#include <libmilter/mfapi.h>
#include <libmilter/mfdef.h>

#include "milter/protocol.h"
#include "tests/unit/suite.h"

struct number {
	const char *name;
	long ours, theirs;
};

#define NUMBER(ours, theirs)        \
	{                           \
#ours, ours, theirs \
	}

static const struct number commands[] = {
	NUMBER(COMMAND_ABORT, SMFIC_ABORT),	 NUMBER(COMMAND_BODY, SMFIC_BODY),
	NUMBER(COMMAND_CONNECT, SMFIC_CONNECT),	 NUMBER(COMMAND_MACROS, SMFIC_MACRO),
	NUMBER(COMMAND_END, SMFIC_BODYEOB),	 NUMBER(COMMAND_HELO, SMFIC_HELO),
	NUMBER(COMMAND_QUIT_NEW, SMFIC_QUIT_NC), NUMBER(COMMAND_HEADER, SMFIC_HEADER),
	NUMBER(COMMAND_MAIL, SMFIC_MAIL),	 NUMBER(COMMAND_END_HEADER, SMFIC_EOH),
	NUMBER(COMMAND_NEGOTIATE, SMFIC_OPTNEG), NUMBER(COMMAND_QUIT, SMFIC_QUIT),
	NUMBER(COMMAND_RCPT, SMFIC_RCPT),	 NUMBER(COMMAND_DATA, SMFIC_DATA),
	NUMBER(COMMAND_UNKNOWN, SMFIC_UNKNOWN),	 NUMBER(FAMILY_INET, SMFIA_INET),
	NUMBER(FAMILY_INET6, SMFIA_INET6),	 NUMBER(PROTOCOL_VERSION, SMFI_PROT_VERSION),
};

static const struct number words[] = {
	NUMBER(WORD_ADD_RECIPIENT, SMFIR_ADDRCPT),   NUMBER(WORD_DELETE_RECIPIENT, SMFIR_DELRCPT),
	NUMBER(WORD_ACCEPT, SMFIR_ACCEPT),	     NUMBER(WORD_CONTINUE, SMFIR_CONTINUE),
	NUMBER(WORD_DISCARD, SMFIR_DISCARD),	     NUMBER(WORD_ADD_HEADER, SMFIR_ADDHEADER),
	NUMBER(WORD_CHANGE_HEADER, SMFIR_CHGHEADER), NUMBER(WORD_QUARANTINE, SMFIR_QUARANTINE),
	NUMBER(WORD_TEMPFAIL, SMFIR_TEMPFAIL),	     NUMBER(WORD_REPLY, SMFIR_REPLYCODE),
};

static const struct number bits[] = {
	NUMBER(CAN_ADD_HEADERS, SMFIF_ADDHDRS),
	NUMBER(CAN_ADD_RECIPIENTS, SMFIF_ADDRCPT),
	NUMBER(CAN_DELETE_RECIPIENTS, SMFIF_DELRCPT),
	NUMBER(CAN_CHANGE_HEADERS, SMFIF_CHGHDRS),
	NUMBER(CAN_QUARANTINE, SMFIF_QUARANTINE),
	NUMBER(CAN_SET_MACROS, SMFIF_SETSYMLIST),
	NUMBER(STEP_SILENT_HEADER, SMFIP_NR_HDR),
	NUMBER(STEP_NO_UNKNOWN, SMFIP_NOUNKNOWN),
	NUMBER(STEP_SILENT_CONNECT, SMFIP_NR_CONN),
	NUMBER(STEP_SILENT_HELO, SMFIP_NR_HELO),
	NUMBER(STEP_SILENT_MAIL, SMFIP_NR_MAIL),
	NUMBER(STEP_SILENT_RCPT, SMFIP_NR_RCPT),
	NUMBER(STEP_SILENT_DATA, SMFIP_NR_DATA),
	NUMBER(STEP_SILENT_UNKNOWN, SMFIP_NR_UNKN),
	NUMBER(STEP_SILENT_END_HEADER, SMFIP_NR_EOH),
	NUMBER(STEP_SILENT_BODY, SMFIP_NR_BODY),
	NUMBER(STEP_LEADING_SPACE, SMFIP_HDR_LEADSPC),
	NUMBER(FOR_MAIL, SMFIM_ENVFROM),
	NUMBER(FOR_RCPT, SMFIM_ENVRCPT),
	NUMBER(FOR_END, SMFIM_EOM),
};

static void compare(const struct number *numbers, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		suite_row("%s", numbers[i].name);
		SUITE_INT_EQUAL(numbers[i].ours, numbers[i].theirs);
	}
}

static void test_commands(void)
{
	compare(commands, SUITE_LEN(commands));
}

static void test_words(void)
{
	compare(words, SUITE_LEN(words));
}

static void test_bits(void)
{
	compare(bits, SUITE_LEN(bits));
}

static const struct suite_test tests[] = {
	{ "commands are the same", test_commands },
	{ "words are the same", test_words },
	{ "actions, steps and stages are the same", test_bits },
};

int main(void)
{
	return suite_run("milter-numbers", tests, SUITE_LEN(tests));
}
