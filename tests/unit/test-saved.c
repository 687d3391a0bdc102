/* The state file, in a directory of the test's own. */
#include "store/saved.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "tests/unit/suite.h"

#define NAME "test.state"

static char directory[64], path[100], lock_path[110], new_path[110];

static char last_line[LOG_LINE_MAX + 1];
static int lines;

static void capture(enum log_level level, const char *line, void *arg)
{
	(void)level;
	(void)arg;
	lines++;
	snprintf(last_line, sizeof(last_line), "%s", line);
}

/* What was found, "key=value key=value", long values as their length. */
static char found[4000];
static size_t n_found;

static void on_entry(const char *key, const char *value, size_t len, void *arg)
{
	size_t used = strlen(found);

	(void)arg;
	n_found++;
	if (len > 100)
		snprintf(found + used, sizeof(found) - used, "%s=(%zu) ", key, len);
	else
		snprintf(found + used, sizeof(found) - used, "%s=%.*s ", key, (int)len, value);
}

static struct saved *reopen(void)
{
	found[0] = '\0';
	n_found = 0;
	lines = 0;
	last_line[0] = '\0';
	return saved_open(directory, NAME, on_entry, NULL);
}

static bool put(struct saved *s, const char *key, const char *value)
{
	return saved_put(s, key, value, strlen(value));
}

static void remove_files(void)
{
	unlink(path);
	unlink(lock_path);
	unlink(new_path);
}

/* A file with the entries a to e. */
static void make_file(void)
{
	struct saved *s;

	remove_files();
	s = reopen();
	for (const char *key = "abcde"; *key; key++)
		put(s, (const char[]){*key, '\0'}, "value");
	saved_close(&s);
}

static size_t file_size(void)
{
	struct stat st;

	return stat(path, &st) == 0 ? (size_t)st.st_size : 0;
}

static void flip(size_t at, int bit)
{
	int fd = open(path, O_RDWR);
	unsigned char c;

	if (pread(fd, &c, 1, (off_t)at) != 1)
		abort();
	c ^= (unsigned char)(1 << bit);
	if (pwrite(fd, &c, 1, (off_t)at) != 1)
		abort();
	close(fd);
}

/* ---- tests --------------------------------------------------------------- */

static void test_round_trip(void)
{
	struct stat st;
	struct saved *s;

	remove_files();
	s = reopen();
	SUITE_INT_EQUAL(n_found, 0);
	SUITE_INT_EQUAL(lines, 0);
	SUITE_TRUE(put(s, "a:rose", "1"));
	SUITE_TRUE(put(s, "a:tulip", ""));
	SUITE_TRUE(put(s, "a:lily", "old"));
	SUITE_TRUE(put(s, "b", "gone"));
	SUITE_TRUE(put(s, "a:rose", "2"));
	SUITE_TRUE(put(s, "a:lily", "\xff\n"));
	saved_remove(s, "b");
	saved_remove(s, "never there");
	saved_close(&s);
	SUITE_TRUE(s == NULL);
	SUITE_TRUE(stat(path, &st) == 0 && (st.st_mode & 0777) == 0600);
	s = reopen();
	SUITE_TEXT_EQUAL(found, "a:tulip= a:rose=2 a:lily=\xff\n ");
	saved_clear(s);
	SUITE_TRUE(put(s, "a:rose", "3"));
	saved_close(&s);
	s = reopen();
	SUITE_TEXT_EQUAL(found, "a:rose=3 ");
	SUITE_INT_EQUAL(lines, 0);
	saved_close(&s);
}

/* What is written is there without an end of the process. */
static void test_killed(void)
{
	struct saved *s, *again;
	char copy[220];

	remove_files();
	s = reopen();
	put(s, "a", "1");
	snprintf(copy, sizeof(copy), "cp %s %s.copy", path, path);
	SUITE_INT_EQUAL(system(copy), 0);
	found[0] = '\0';
	again = saved_open(directory, NAME ".copy", on_entry, NULL);
	SUITE_TEXT_EQUAL(found, "a=1 ");
	saved_close(&again);
	saved_close(&s);
	snprintf(copy, sizeof(copy), "rm -f %s.copy*", path);
	SUITE_INT_EQUAL(system(copy), 0);
}

static void test_torn(void)
{
	size_t whole;

	make_file();
	whole = file_size();
	for (size_t len = whole - 1; len > 0; len--) {
		struct saved *s;

		suite_row("%zu of %zu octets", len, whole);
		make_file();
		SUITE_INT_EQUAL(truncate(path, (off_t)len), 0);
		s = reopen();
		SUITE_INT_EQUAL(n_found, len < SAVED_HEADER_SIZE ? 0 :
							(len - SAVED_HEADER_SIZE) /
								((whole - SAVED_HEADER_SIZE) / 5));
		SUITE_TRUE(lines <= 1);
		SUITE_TRUE(put(s, "new", "1"));
		saved_close(&s);
		s = reopen();
		SUITE_TRUE(strstr(found, "new=1 ") != NULL);
		saved_close(&s);
	}
}

static void test_flipped(void)
{
	size_t whole;

	make_file();
	whole = file_size();
	for (size_t at = 0; at < whole; at++) {
		struct saved *s;

		suite_row("octet %zu", at);
		make_file();
		flip(at, (int)(at % 8));
		s = reopen();
		SUITE_TRUE(s != NULL);
		SUITE_INT_EQUAL(n_found, at < SAVED_HEADER_SIZE ? 5 : 4);
		SUITE_INT_EQUAL(lines, 1);
		SUITE_TRUE(strstr(last_line, "damaged in 1 places") != NULL);
		/* The damage goes by itself. */
		while (s && saved_is_due(s))
			saved_step(s);
		saved_close(&s);
		s = reopen();
		SUITE_INT_EQUAL(n_found, at < SAVED_HEADER_SIZE ? 5 : 4);
		SUITE_INT_EQUAL(lines, 0);
		saved_close(&s);
	}
}

static void test_newer(void)
{
	static const char newer[] = "sendward-state 0002 ";
	char header[40];
	struct saved *s;
	int fd;

	make_file();
	snprintf(header, sizeof(header), "%s%08x\n", newer,
		 (unsigned)saved_crc(newer, sizeof(newer) - 1));
	fd = open(path, O_RDWR);
	SUITE_INT_EQUAL(pwrite(fd, header, SAVED_HEADER_SIZE, 0), SAVED_HEADER_SIZE);
	close(fd);
	for (int i = 0; i < 2; i++) {
		s = reopen();
		SUITE_TRUE(s == NULL);
		SUITE_INT_EQUAL(n_found, 0);
		SUITE_INT_EQUAL(lines, 1);
		SUITE_TRUE(strstr(last_line, "was written by a newer Sendward") != NULL);
	}
}

static void test_header(void)
{
	/* The CRC in it is that of the rest of it. */
	char crc[12];

	snprintf(crc, sizeof(crc), "%08x\n", (unsigned)saved_crc(SAVED_HEADER, 20));
	SUITE_TEXT_EQUAL(&SAVED_HEADER[20], crc);
	SUITE_INT_EQUAL(saved_crc("123456789", 9), 0xe3069283);
}

static void test_rubbish(void)
{
	struct saved *s;
	int fd;

	remove_files();
	fd = open(path, O_RDWR | O_CREAT, 0644);
	SUITE_INT_EQUAL(write(fd, "rubbish SwR1 rubbish", 20), 20);
	close(fd);
	s = reopen();
	SUITE_INT_EQUAL(n_found, 0);
	SUITE_INT_EQUAL(lines, 1);
	put(s, "a", "1");
	while (saved_is_due(s))
		saved_step(s);
	saved_close(&s);
	s = reopen();
	SUITE_TEXT_EQUAL(found, "a=1 ");
	SUITE_INT_EQUAL(lines, 0);
	saved_close(&s);
}

static void test_rewritten(void)
{
	static char value[1000];
	struct saved_stats stats;
	int64_t largest = 0;
	struct saved *s;
	char key[20];

	remove_files();
	memset(value, 'x', sizeof(value));
	s = reopen();
	for (int round = 0; round < 20; round++) {
		for (int i = 0; i < 1500; i++) {
			snprintf(key, sizeof(key), "key%d", i);
			snprintf(value, sizeof(value), "%d", round);
			if (i % 5 == 4 && round > 10)
				saved_remove(s, key);
			else
				SUITE_TRUE(saved_put(s, key, value, i % 7 ? 3 : sizeof(value)));
			/* One step among many changes. */
			if (i % 20 == 0 && saved_is_due(s))
				saved_step(s);
			saved_stats(s, &stats);
			if (stats.file > largest)
				largest = stats.file;
		}
	}
	SUITE_INT_EQUAL(stats.keys, 1200);
	SUITE_TRUE(largest < SAVED_REWRITE_MIN + SAVED_REWRITE_MIN / 2);
	saved_close(&s);
	s = reopen();
	SUITE_INT_EQUAL(n_found, 1200);
	SUITE_TRUE(strstr(found, "key1=19") != NULL);
	saved_close(&s);
	SUITE_TRUE(access(new_path, F_OK) != 0);
}

static void test_huge(void)
{
	char *value = calloc(1, SAVED_VALUE_MAX);
	struct saved_stats stats;
	struct saved *s;
	char key[20];
	int n = 0;

	remove_files();
	s = reopen();
	do
		snprintf(key, sizeof(key), "key%d", n);
	while (n++ < 1000 && saved_put(s, key, value, SAVED_VALUE_MAX));
	SUITE_INT_EQUAL(n - 1, SAVED_LIVE_MAX / (SAVED_VALUE_MAX + 24));
	SUITE_INT_EQUAL(lines, 1);
	SUITE_TRUE(strstr(last_line, "as large as it may be") != NULL);
	SUITE_TRUE(!saved_put(s, "more", value, SAVED_VALUE_MAX));
	SUITE_INT_EQUAL(lines, 1);
	SUITE_TRUE(put(s, "small", "fits"));
	saved_remove(s, "key0");
	SUITE_TRUE(saved_put(s, "more", value, SAVED_VALUE_MAX));
	saved_stats(s, &stats);
	SUITE_TRUE(stats.live <= SAVED_LIVE_MAX);
	saved_close(&s);
	s = reopen();
	SUITE_INT_EQUAL(n_found, n);
	saved_close(&s);
	remove_files();
	free(value);
}

static void test_refused(void)
{
	struct saved *s, *second;

	remove_files();
	SUITE_TRUE(saved_open("/nonexistent/sendward", NAME, on_entry, NULL) == NULL);
	SUITE_TRUE(strstr(last_line, "/nonexistent/sendward/" NAME ": No such file") != NULL);
	SUITE_TRUE(strstr(last_line, "going on without it") != NULL);

	SUITE_INT_EQUAL(symlink("/etc/passwd", path), 0);
	SUITE_TRUE(reopen() == NULL);
	SUITE_INT_EQUAL(lines, 1);
	remove_files();
	SUITE_INT_EQUAL(mkdir(path, 0700), 0);
	SUITE_TRUE(reopen() == NULL);
	SUITE_INT_EQUAL(rmdir(path), 0);
	SUITE_INT_EQUAL(mkfifo(path, 0600), 0);
	SUITE_TRUE(reopen() == NULL);
	SUITE_TRUE(strstr(last_line, "is no plain file") != NULL);
	remove_files();

	s = reopen();
	second = reopen();
	SUITE_TRUE(second == NULL);
	SUITE_TRUE(strstr(last_line, "another process uses it") != NULL);
	saved_close(&s);
	SUITE_INT_EQUAL(chmod(path, 0644), 0);
	s = reopen();
	SUITE_TRUE(s != NULL);
	saved_close(&s);
}

static const struct suite_test tests[] = {
	{ "what was put last is there again", test_round_trip },
	{ "what was put is there though the process was killed", test_killed },
	{ "a torn end costs the record that was torn", test_torn },
	{ "a flipped bit costs one record, and is gone after the next rewriting", test_flipped },
	{ "a file of a newer Sendward is left alone, and that is said", test_newer },
	{ "the header carries its own check", test_header },
	{ "a file of rubbish is begun anew", test_rubbish },
	{ "a file is rewritten in steps while it changes, and does not grow", test_rewritten },
	{ "beyond its largest size nothing more is put, and that is said once", test_huge },
	{ "no file, no place for it, not ours or in use: one line, and NULL", test_refused },
};

int main(void)
{
	int status;

	snprintf(directory, sizeof(directory), "/tmp/sendward-saved-XXXXXX");
	if (!mkdtemp(directory))
		abort();
	snprintf(path, sizeof(path), "%s/" NAME, directory);
	snprintf(lock_path, sizeof(lock_path), "%s.lock", path);
	snprintf(new_path, sizeof(new_path), "%s.new", path);
	log_capture(capture, NULL);
	status = suite_run("saved", tests, SUITE_LEN(tests));
	remove_files();
	rmdir(directory);
	return status;
}
