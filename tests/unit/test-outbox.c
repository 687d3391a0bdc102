#include "base/outbox.h"

#include <event2/event.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "tests/unit/suite.h"

static struct event_base *base;
static struct outbox outbox;
static struct outbox_entry entries[3];
static char sent[16];	    /* the names of the entries, in their order */
static char log_text[4096]; /* what stood in the log at the last send */
static int log_pipe[2];
static struct outbox_entry *to_add, *to_remove; /* by the next send */

static void on_send(void *owner)
{
	size_t used = strlen(log_text);
	ssize_t n = read(log_pipe[0], log_text + used, sizeof(log_text) - 1 - used);

	log_text[used + (n > 0 ? (size_t)n : 0)] = '\0';
	strcat(sent, owner);
	if (to_add)
		outbox_add(&outbox, to_add);
	if (to_remove)
		outbox_remove(&outbox, to_remove);
	to_add = to_remove = NULL;
}

static void begin(void)
{
	static char names[3][2] = { "a", "b", "c" };

	base = event_base_new();
	outbox_init(&outbox, base, on_send);
	memset(entries, 0, sizeof(entries));
	for (int i = 0; i < 3; i++)
		entries[i].owner = names[i];
	sent[0] = log_text[0] = '\0';
}

static void end(void)
{
	outbox_fini(&outbox);
	event_base_free(base);
}

static void test_log_first(void)
{
	int saved = dup(STDERR_FILENO);

	begin();
	if (pipe2(log_pipe, O_NONBLOCK) < 0)
		return;
	dup2(log_pipe[1], STDERR_FILENO);
	log_hold();
	log_fields(LEVEL_INFO, "about=a");
	outbox_add(&outbox, &entries[0]);
	log_fields(LEVEL_INFO, "about=b");
	outbox_add(&outbox, &entries[1]);
	SUITE_TEXT_EQUAL(sent, "");
	event_base_loop(base, EVLOOP_NONBLOCK);
	log_release();
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(log_pipe[0]);
	close(log_pipe[1]);
	SUITE_TEXT_EQUAL(sent, "ab");
	SUITE_TRUE(strstr(log_text, "about=a") && strstr(log_text, "about=b"));
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
	for (int i = 0; i < 3; i++)
		SUITE_TRUE(!entries[i].waits);
	outbox_remove(&outbox, &entries[1]);
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
	{ "there is a next pass, and an end without a loop", test_again },
};

int main(void)
{
	return suite_run("outbox", tests, SUITE_LEN(tests));
}
