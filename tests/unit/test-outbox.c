#include "base/outbox.h"

#include <event2/event.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "tests/unit/suite.h"

static struct event_base *base;
static struct outbox outbox;
static struct outbox_entry entries[3];
static char sent[2 * SEND_MANY_MAX]; /* the names of the entries, in their order */
static int ends[2];   /* of the stream that they are sent to */
static struct outbox_entry *to_add, *to_remove; /* by the next that is sent */
static const char *nothing;			/* the name of who has nothing to send */
static char before[4096];			/* what had come when the last was asked */

static bool fill(void *owner, struct parcel *parcel)
{
	ssize_t n = recv(ends[0], before, sizeof(before) - 1, MSG_PEEK);

	before[n > 0 ? n : 0] = '\0';
	*parcel = (struct parcel){ .fd = ends[1], .bytes = owner, .len = strlen(owner) };
	return !nothing || strcmp(owner, nothing) != 0;
}

static void on_sent(void *owner, ssize_t n)
{
	SUITE_INT_EQUAL(n, strlen(owner));
	strcat(sent, owner);
	if (to_add)
		outbox_add(&outbox, to_add);
	if (to_remove)
		outbox_remove(&outbox, to_remove);
	to_add = to_remove = NULL;
}

static void begin(void)
{
	static const struct outbox_kind kind = { .fill = fill, .sent = on_sent };
	static char names[3][2] = { "a", "b", "c" };

	signal(SIGPIPE, SIG_IGN);
	base = event_base_new();
	outbox_init(&outbox, base, &kind);
	memset(entries, 0, sizeof(entries));
	for (int i = 0; i < 3; i++)
		entries[i].owner = names[i];
	sent[0] = '\0';
	nothing = NULL;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) < 0)
		abort();
}

static void end(void)
{
	outbox_fini(&outbox);
	event_base_free(base);
	close(ends[0]);
	close(ends[1]);
}

/* What has come. */
static const char *stream(void)
{
	static char text[4096];
	ssize_t n = recv(ends[0], text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

static void log_about(const char *name)
{
	struct fields fields;

	fields_init(&fields, LOG_LINE_MAX);
	fields_add(&fields, "about", name);
	log_fields(LEVEL_INFO, &fields);
}

static void test_log_first(void)
{
	int saved = dup(STDERR_FILENO);
	const char *text, *last;

	begin();
	dup2(ends[1], STDERR_FILENO);
	log_hold();
	log_about("a");
	outbox_add(&outbox, &entries[0]);
	log_about("b");
	outbox_add(&outbox, &entries[1]);
	SUITE_TEXT_EQUAL(sent, "");
	event_base_loop(base, EVLOOP_NONBLOCK);
	log_release();
	dup2(saved, STDERR_FILENO);
	close(saved);
	text = stream();
	last = strstr(text, "about=b\n");
	SUITE_TRUE(last && strstr(text, "about=a\n") && strstr(text, "about=a\n") < last);
	SUITE_TEXT_EQUAL(last ? last + strlen("about=b\n") : "", "ab");
	SUITE_TEXT_EQUAL(sent, "ab");
	SUITE_TRUE(strstr(before, "about=b\n") != NULL);
	end();
}

static void test_changes(void)
{
	begin();
	for (int i = 0; i < 3; i++)
		outbox_add(&outbox, &entries[i]);
	to_remove = &entries[1];
	to_add = &entries[0];
	event_base_loop(base, EVLOOP_NONBLOCK);
	SUITE_TEXT_EQUAL(sent, "aca");
	SUITE_TEXT_EQUAL(stream(), "abca");
	for (int i = 0; i < 3; i++)
		SUITE_TRUE(!entries[i].waits);
	outbox_remove(&outbox, &entries[1]);
	end();
}

static void test_nothing(void)
{
	begin();
	nothing = "b";
	for (int i = 0; i < 3; i++)
		outbox_add(&outbox, &entries[i]);
	event_base_loop(base, EVLOOP_NONBLOCK);
	SUITE_TEXT_EQUAL(sent, "ac");
	SUITE_TEXT_EQUAL(stream(), "ac");
	SUITE_TRUE(!entries[1].waits);
	end();
}

static void test_many(void)
{
	struct outbox_entry more[SEND_MANY_MAX + 3];
	char each[] = "x";

	begin();
	memset(more, 0, sizeof(more));
	for (size_t i = 0; i < SUITE_LEN(more); i++) {
		more[i].owner = each;
		outbox_add(&outbox, &more[i]);
	}
	event_base_loop(base, EVLOOP_NONBLOCK);
	SUITE_INT_EQUAL(strlen(stream()), SUITE_LEN(more));
	for (size_t i = 0; i < SUITE_LEN(more); i++)
		SUITE_TRUE(!more[i].waits);
	end();
}

static void test_again(void)
{
	begin();
	outbox_add(&outbox, &entries[0]);
	event_base_loop(base, EVLOOP_NONBLOCK);
	outbox_add(&outbox, &entries[1]);
	outbox_flush(&outbox);
	SUITE_TEXT_EQUAL(sent, "ab");
	event_base_loop(base, EVLOOP_NONBLOCK);
	SUITE_TEXT_EQUAL(sent, "ab");
	end();
}

static const struct suite_test tests[] = {
	{ "what is sent stands in the log before", test_log_first },
	{ "entries may come and go while the others are sent", test_changes },
	{ "who has nothing to send after all is left out", test_nothing },
	{ "more than go out together go out one after the other", test_many },
	{ "there is a next pass, and an end without a loop", test_again },
};

int main(void)
{
	return suite_run("outbox", tests, SUITE_LEN(tests));
}
