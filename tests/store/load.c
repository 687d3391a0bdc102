#include "tests/store/load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/suite.h"

static const struct take_row one_message = {
	.quota = { .unit = QUOTA_MESSAGES, .limit = 1000000, .window_s = 3600 },
	.amount = 1,
	.enforce = true,
};

static void login_of(const struct load *load, size_t i, char out[60])
{
	snprintf(out, 60, "%s-%zu@dom.example", load->name, i % LOAD_LOGINS);
}

static void ask(struct load *load, size_t i, take_done *done)
{
	char login[60], key[80];
	const struct take take = { .name = login,
				   .message_key = key,
				   .version = "",
				   .rows = &one_message,
				   .n_rows = 1 };

	login_of(load, i, login);
	snprintf(key, sizeof(key), "mx1/%s%zu", load->name, i);
	load->messages[i].done = false;
	store_take(load->rig->store, &take, done, &load->messages[i]);
}

static bool is_charged(enum take_status status)
{
	return status == TAKE_DONE || status == TAKE_REPEATED;
}

static void on_first(const struct take_answer *answer, void *arg)
{
	struct load_message *m = arg;
	struct load *load = m->load;
	int64_t now = rig_now_ms(), took_ms = now - load->sent_ms[m - load->messages];

	SUITE_TRUE(!m->done);
	m->done = true;
	m->status = answer->status;
	m->accepted = is_charged(answer->status);
	load->answered++;
	load->by_status[answer->status]++;
	if (took_ms > load->slowest_ms)
		load->slowest_ms = took_ms;
	if (!m->accepted)
		return;
	if (now - load->last_ok_ms > load->longest_gap_ms)
		load->longest_gap_ms = now - load->last_ok_ms;
	load->last_ok_ms = now;
}

static void on_again(const struct take_answer *answer, void *arg)
{
	struct load_message *m = arg;

	m->status = answer->status;
	m->done = true;
}

struct load *load_begin(struct rig *rig, const char *name)
{
	static struct load load;

	memset(&load, 0, sizeof(load));
	load.rig = rig;
	load.name = name;
	load.began_ms = load.last_ok_ms = rig_now_ms();
	for (size_t i = 0; i < LOAD_MESSAGES_MAX; i++)
		load.messages[i].load = &load;
	return &load;
}

void load_run(struct load *load, int64_t ms, const bool *stop)
{
	int64_t until_ms = rig_now_ms() + ms;

	while (rig_now_ms() < until_ms && !(stop && *stop) && load->n < LOAD_MESSAGES_MAX) {
		load->sent_ms[load->n] = rig_now_ms();
		load->n++;
		ask(load, load->n - 1, on_first);
		rig_run(load->rig, 1);
	}
}

void load_burst(struct load *load, size_t n)
{
	for (; n > 0 && load->n < LOAD_MESSAGES_MAX; n--) {
		load->sent_ms[load->n] = rig_now_ms();
		ask(load, load->n++, on_first);
	}
}

/* The status of the message asked for again, which is an answer in the end. */
static enum take_status ask_again(struct load *load, size_t i)
{
	struct load_message *m = &load->messages[i];
	int64_t until_ms = rig_now_ms() + REDIS_PATIENCE_MS;

	do {
		ask(load, i, on_again);
		rig_wait(load->rig, &m->done);
		if (!is_charged(m->status))
			rig_run(load->rig, 20);
	} while (!is_charged(m->status) && rig_now_ms() < until_ms);
	return m->status;
}

static int64_t counted(struct load *load, size_t login)
{
	char name[60];
	const struct take take = { .name = name,
				   .version = "",
				   .rows = &one_message,
				   .n_rows = 1 };
	struct take_answer answer;

	login_of(load, login, name);
	answer = rig_take_current(load->rig, take);
	SUITE_INT_EQUAL(answer.status, TAKE_DONE);
	return answer.rows[0].used;
}

size_t load_prove(struct load *load)
{
	size_t lost = 0;
	int64_t all = 0;

	for (size_t i = 0; i < load->n; i++)
		rig_wait(load->rig, &load->messages[i].done);
	for (size_t i = 0; i < load->n; i++) {
		bool accepted = load->messages[i].accepted;

		if (ask_again(load, i) == TAKE_DONE && accepted)
			lost++;
		SUITE_TRUE(is_charged(load->messages[i].status));
	}
	for (size_t i = 0; i < LOAD_LOGINS; i++)
		all += counted(load, i);
	SUITE_INT_EQUAL(all, load->n);
	printf("(%zu messages: %zu accepted, %zu uncertain, %zu refused; slowest answer %lld ms, "
	       "longest time without a charge %lld ms; lost with the server %zu) ",
	       load->n, load->by_status[TAKE_DONE] + load->by_status[TAKE_REPEATED],
	       load->by_status[TAKE_UNCERTAIN], load->by_status[TAKE_UNAVAILABLE],
	       (long long)load->slowest_ms, (long long)load->longest_gap_ms, lost);
	fflush(stdout);
	return lost;
}
