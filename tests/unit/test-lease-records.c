#include "store/lease_records.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/suite.h"

#define ID UINT64_C(0x0102030405060708)
#define HEAD_OCTETS 10
#define INDEX_OCTETS 4

static struct lease_records records;
static struct take_row rows[2] = { { .amount = 1 }, { .amount = INT64_C(2147483647) } };

static void add(const char *key)
{
	const struct lease_message message = lease_message(key);

	lease_records_add(&records, &message, rows);
}

static char *find(const char *key)
{
	const struct lease_message message = lease_message(key);

	return lease_records_find(&records, &message);
}

static const char *numbered(int n)
{
	static char key[64];

	snprintf(key, sizeof(key), "mx1/4Q%d#p%08x", n, (unsigned)n);
	return key;
}

static void begin(int messages)
{
	lease_records_fini(&records);
	lease_records_init(&records, ID, 2);
	for (int i = 0; i < messages; i++)
		add(numbered(i));
}

static void test_record(void)
{
	const struct lease_message message = lease_message("mx1/4Q#p01234567");
	const char *record;

	begin(0);
	rows[0].amount = 0x01020304;
	add("mx1/4Q#p01234567");
	rows[0].amount = 1;
	record = find("mx1/4Q#p01234567");
	SUITE_INT_EQUAL(lease_record_size(&records), 30);
	SUITE_TRUE(record && memcmp(record, "cp01234567", 10) == 0);
	SUITE_TRUE(memcmp(record + 10, message.print.octets, LEASE_PRINT_OCTETS) == 0);
	SUITE_TRUE(memcmp(record + 22, "\x01\x02\x03\x04\x7f\xff\xff\xff", 8) == 0);
	SUITE_INT_EQUAL(lease_record_amount(record, 0), 0x01020304);
	SUITE_INT_EQUAL(lease_record_amount(record, 1), rows[1].amount);
}

static void test_found(void)
{
	begin(LEASE_MESSAGES_MAX);
	for (int i = 0; i < LEASE_MESSAGES_MAX; i += 99)
		SUITE_TRUE(find(numbered(i)) ==
			   records.bytes + (size_t)i * lease_record_size(&records));
	SUITE_TRUE(!find(numbered(LEASE_MESSAGES_MAX)));
	/* Another message of that name; what both daemons charge, or who says no token. */
	SUITE_TRUE(!find("mx1/4Q7#p00000008"));
	SUITE_TRUE(find("mx1/4Q7#m00000008") != NULL);
	SUITE_TRUE(find("mx1/4Q7") != NULL);
}

static void test_taken_back(void)
{
	begin(3);
	lease_record_take_back(&records, find(numbered(1)), false);
	SUITE_TRUE(lease_record_is_charged(find(numbered(0))));
	SUITE_TRUE(!lease_record_is_charged(find(numbered(1))));
	lease_record_take_back(&records, find(numbered(0)), true);
	SUITE_INT_EQUAL(records.n, 2);
	SUITE_TRUE(!find(numbered(0)));
	SUITE_TRUE(!lease_record_is_charged(find(numbered(1))));
	SUITE_TRUE(lease_record_is_charged(find(numbered(2))));
}

/* How often the index has the message, between its head and the next. */
static int times_in(const char *entries, size_t n, const struct lease_message *message)
{
	int times = 0;

	for (size_t i = 0; i < n; i++)
		times += memcmp(entries + i * INDEX_OCTETS, message->print.octets, INDEX_OCTETS) == 0;
	return times;
}

static void check_index(int messages)
{
	bool to[KEY_LENT_INDEXES];
	char out[LEASE_INDEX_MAX];
	const char *at = out;
	size_t len, told = 0;

	begin(messages);
	len = lease_records_index(&records, to, out);
	for (int i = 0; i < KEY_LENT_INDEXES; i++) {
		size_t n = to[i] ? (size_t)((unsigned char)at[8] << 8 | (unsigned char)at[9]) : 0;

		SUITE_TRUE(!to[i] || memcmp(at, "\1\2\3\4\5\6\7\x08", 8) == 0);
		SUITE_TRUE(!to[i] || n > 0);
		for (int m = 0; m < messages && to[i]; m += 1 + messages / 50) {
			const struct lease_message message = lease_message(numbered(m));

			SUITE_INT_EQUAL(times_in(at + HEAD_OCTETS, n, &message),
					lease_message_index(&message) == i);
		}
		told += n;
		at += to[i] ? HEAD_OCTETS + n * INDEX_OCTETS : 0;
	}
	SUITE_INT_EQUAL(told, messages);
	SUITE_TRUE(at == out + len);
}

static void test_index(void)
{
	static const int messages[] = { 0, 1, 2, 5, 300, LEASE_MESSAGES_MAX };

	for (size_t i = 0; i < SUITE_LEN(messages); i++) {
		suite_row("%d messages", messages[i]);
		check_index(messages[i]);
	}
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "a record is as the head of the header says", test_record },
		{ "a message is found by key and token", test_found },
		{ "a message taken back is marked, a forgotten one is gone", test_taken_back },
		{ "each message is told of once, in the index that is looked into for it", test_index },
	};
	int status = suite_run("lease-records", tests, SUITE_LEN(tests));

	lease_records_fini(&records);
	return status;
}
