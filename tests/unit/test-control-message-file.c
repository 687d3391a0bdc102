#include "control/message_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/suite.h"

static struct message_file file;
static char error[MESSAGE_ERROR_MAX];

/* The octets of a literal, those behind a NUL too. */
#define PARSE(text) parse(text, sizeof(text) - 1)

static bool parse(const char *text, size_t len)
{
	/* As large as the message, so that a sanitizer sees what is beyond. */
	char *octets = malloc(len + 1);
	bool ok;

	if (!octets)
		abort();
	memcpy(octets, text, len);
	octets = realloc(octets, len ? len : 1);
	error[0] = '\0';
	message_file_fini(&file);
	ok = message_file_parse(octets, len, "m.eml", &file, error);
	free(octets);
	return ok;
}

/* "From@1= a@b;Sender@2= c", line breaks as "/". */
static const char *fields(void)
{
	static char out[1024];

	out[0] = '\0';
	for (size_t i = 0; i < file.n_fields; i++) {
		const struct message_field *f = &file.fields[i];
		size_t len = strlen(out);

		snprintf(out + len, sizeof(out) - len, "%s%s@%d=%s", i ? ";" : "", f->name, f->line,
			 message_field_value(f));
	}
	for (char *p = out; (p = strchr(p, '\n')); p++)
		*p = '/';
	return out;
}

#define ROW(text, fields)                      \
	{                                      \
		text, sizeof(text) - 1, fields \
	}

static void test_fields(void)
{
	static const struct {
		const char *text;
		size_t len;
		const char *fields;
	} rows[] = {
		ROW("From: a@b\nTo: c\n\nhello\n", "From@1= a@b"),
		ROW("From: a@b\r\nTo: c\r\n\r\nFrom: body\r\n", "From@1= a@b"),
		ROW("From: a@b", "From@1= a@b"),
		ROW("From:a@b\n", "From@1=a@b"),
		ROW("From:", "From@1="),
		ROW("From: a\n\t<a@b>\n c\nSender: d\n", "From@1= a/\t<a@b>/ c;Sender@4= d"),
		ROW("From: a\r\n b\r\n", "From@1= a/ b"),
		ROW("From:\n a\n", "From@1=/ a"),
		ROW("To: x\n From: folded\nFrom: a\n", "From@3= a"),
		ROW("fROM: a\nRESENT-from: b\nreturn-PATH: <c>\n",
		    "fROM@1= a;RESENT-from@2= b;return-PATH@3= <c>"),
		ROW("To: x\nFrom : a\n", "From@2= a"),
		ROW("To: x\nFrom\t \t: a\n", "From@2= a"),
		ROW("From: a\rb\n", "From@1= a b"),
		ROW("From: a\r\r\n", "From@1= a"),
		ROW("From: a\0b\n c\0\n", "From@1= a/ c"),
		ROW("\nFrom: body\n", ""),
		ROW("\r\n", ""),
		ROW("From x@y Fri\nFrom: a\n", "From@2= a"),
		ROW(">From x@y Fri\r\nfrom y Fri\r\nFrom: a\r\n", "From@3= a"),
		ROW("To: x\nhello\nFrom: a\n", ""),
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		suite_row("row %zu", i);
		SUITE_TRUE(parse(rows[i].text, rows[i].len));
		SUITE_TEXT_EQUAL(fields(), rows[i].fields);
	}
}

static void test_end(void)
{
	static const struct {
		const char *text;
		size_t len;
		int body_line;
	} rows[] = {
		ROW("From: a\n\nhello\n", 0),	    ROW("From: a\n", 0),
		ROW("From: a\nhello\n", 2),	    ROW("From: a\n b\nhello there: x\n", 3),
		ROW("From x@y\nFrom: a\n: x\n", 3), ROW("From: a\nFrom x@y Fri\n", 2),
		ROW("To: a\nX\0Y: b\n", 2),	    ROW("To: a\nX\xc3\xa9: b\n", 2),
		ROW("To: a\nX\rY: b\n", 2),
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		suite_row("row %zu", i);
		SUITE_TRUE(parse(rows[i].text, rows[i].len));
		SUITE_INT_EQUAL(file.body_line, rows[i].body_line);
	}
}

static void test_no_message(void)
{
	static const char reason[] = "neither a header field nor the empty line behind the header";
	static const struct {
		const char *text;
		size_t len;
		int line;
	} rows[] = {
		ROW("hello\n", 1),
		ROW(" From: a\n", 1),
		ROW("\xef\xbb\xbf"
		    "From: a\n",
		    1),
		ROW("From x@y Fri\nhello", 2),
		ROW("\x89PNG\r\n", 1),
		ROW("\0\0\0", 1),
	};
	char wanted[200];

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		suite_row("row %zu", i);
		SUITE_TRUE(!parse(rows[i].text, rows[i].len));
		snprintf(wanted, sizeof(wanted), "m.eml:%d: %s", rows[i].line, reason);
		SUITE_TEXT_EQUAL(error, wanted);
	}
	SUITE_TRUE(!PARSE(""));
	SUITE_TEXT_EQUAL(error, "m.eml: is empty");
}

static void test_size(void)
{
	SUITE_TRUE(PARSE("From: a\n\nhello\n"));
	SUITE_INT_EQUAL(file.size_bytes, 9 + 2 + 7);
	SUITE_TRUE(PARSE("From: a\r\n\r\nhello\r\n"));
	SUITE_INT_EQUAL(file.size_bytes, 9 + 2 + 7);
	SUITE_TRUE(PARSE("From x@y Fri\nFrom: a\n\nhello"));
	SUITE_INT_EQUAL(file.size_bytes, 9 + 2 + 7);
}

static void test_sender(void)
{
	static const struct {
		const char *text;
		size_t len;
		const char *sender;
	} rows[] = {
		ROW("From: a\n", NULL),
		ROW("From - Fri\nFrom: a\n", NULL),
		ROW("From x@y Fri\nFrom: a\n", "x@y"),
		ROW("From x@y Fri\nReturn-Path: <a@b>\n", " <a@b>"),
		ROW("Return-Path:<>\nReturn-Path: <x@y>\n", "<>"),
		ROW("To: a\n\nReturn-Path: <x@y>\n", NULL),
	};
	const char *where;

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		suite_row("row %zu", i);
		SUITE_TRUE(parse(rows[i].text, rows[i].len));
		SUITE_TEXT_EQUAL(message_file_sender(&file, &where), rows[i].sender);
	}
	SUITE_TRUE(PARSE("From x@y Fri\nReturn-Path: <a@b>\n"));
	message_file_sender(&file, &where);
	SUITE_TEXT_EQUAL(where, "Return-Path field");
	SUITE_TRUE(PARSE("From x@y Fri\n\n"));
	message_file_sender(&file, &where);
	SUITE_TEXT_EQUAL(where, "mbox line");
}

/* Folded lines of 100 octets each. */
static size_t folded(char *text, const char *begin, size_t lines)
{
	size_t len = strlen(begin);

	memcpy(text, begin, len);
	for (size_t i = 0; i < lines; i++, len += 100)
		snprintf(text + len, 101, " %098zu\n", i);
	return len;
}

static void test_limits(void)
{
	char *text = malloc(2 * MESSAGE_HEADER_MAX);
	size_t len;

	if (!text)
		abort();
	len = folded(text, "From: a\n", 599);
	SUITE_TRUE(parse(text, len));
	SUITE_INT_EQUAL((long long)file.fields[0].len, 7 + 599 * 100);
	/* 60007 octets are not too many, then it is full. */
	len = folded(text, "From: a\n", 1000);
	SUITE_TRUE(parse(text, len));
	SUITE_INT_EQUAL((long long)file.fields[0].len, 7 + 600 * 100);
	len = folded(text, "Subject: a\n", MESSAGE_HEADER_MAX / 100 + 2);
	memcpy(text + len, "From: b\n", 9);
	SUITE_TRUE(!parse(text, len + 8));
	SUITE_TRUE(strstr(error, "the header is longer than 1048576 octets") != NULL);
	/* A body may be longer. */
	memcpy(text, "From: a\n\n", 9);
	SUITE_TRUE(parse(text, len));
	free(text);
}

static void test_read(void)
{
	message_file_fini(&file);
	SUITE_TRUE(!message_file_read("/nonexistent/m.eml", &file, error));
	SUITE_TEXT_EQUAL(error, "/nonexistent/m.eml: No such file or directory");
	SUITE_TRUE(!message_file_read("/", &file, error));
	SUITE_TEXT_EQUAL(error, "/: Is a directory");
	SUITE_TRUE(!message_file_read("/dev/zero", &file, error));
	SUITE_TEXT_EQUAL(error, "/dev/zero: is larger than 67108864 octets");
	message_file_fini(&file);
}

static const struct suite_test tests[] = {
	{ "fields are read as Postfix hands them to a milter", test_fields },
	{ "a line that is no field begins the body", test_end },
	{ "what does not begin like a message is none", test_no_message },
	{ "the size is that of the message in SMTP", test_size },
	{ "the envelope sender is in Return-Path, else in the mbox line", test_sender },
	{ "fields that are too long are cut, headers that are too long refused", test_limits },
	{ "a file that cannot be read, or not to its end, is told", test_read },
};

int main(void)
{
	int status = suite_run("control-message-file", tests, SUITE_LEN(tests));

	message_file_fini(&file);
	return status;
}
