#include "control/sent_list.h"

#include <stdio.h>

#include "control/need.h"
#include "control/table.h"
#include "control/text.h"
#include "control/wait.h"
#include "store/sent.h"

struct reading {
	struct answer answer; /* first, see answer_done() */
	json_t *messages;
	int64_t from_ms; /* older ones are left out */
};

static void on_message(const struct sent_message *m, void *arg)
{
	struct reading *r = arg;

	if (m->time_ms < r->from_ms)
		return;
	json_array_append_new(
		r->messages,
		need(json_pack("{s:I, s:o, s:I, s:I, s:o, s:o, s:o, s:o, s:o}", "time",
			       (json_int_t)(m->time_ms / 1000), "action", text_json(m->action),
			       "recipients", (json_int_t)m->recipients, "bytes",
			       (json_int_t)m->bytes, "node", text_json(m->node), "qid",
			       text_json(m->queue_id), "client", text_json(m->client_address),
			       "credential", text_json(m->credential), "sender",
			       text_json(m->sender))));
}

json_t *sent_list_read(const struct control *control, const char *login, int64_t since_ms)
{
	struct reading r = { .messages = need(json_array()) };

	wait_learn_clock(control->wait);
	if (since_ms > 0)
		r.from_ms = wait_now_s(control->wait) * 1000 - since_ms;
	answer_init(&r.answer, control->wait);
	store_sent_read(wait_store(control->wait), login, on_message, answer_done, &r);
	wait_until(control->wait, &r.answer.done);
	if (r.answer.result == STORE_OK)
		return r.messages;
	control_refuse("%s", r.answer.error);
	json_decref(r.messages);
	return NULL;
}

static int64_t number_of(const json_t *message, const char *name)
{
	return json_integer_value(json_object_get(message, name));
}

static const char *text_of(const json_t *message, const char *name)
{
	return json_string_value(json_object_get(message, name));
}

static void add_row(struct table *table, const json_t *message)
{
	const char *credential = text_of(message, "credential"), *sender = text_of(message, "sender");
	char time[TEXT_TIME_MAX];

	text_time(number_of(message, "time"), time);
	table_cell(table, time);
	table_cell(table, text_of(message, "node"));
	table_cell(table, text_of(message, "qid"));
	table_cell(table, text_of(message, "action"));
	table_cellf(table, "%lld", (long long)number_of(message, "recipients"));
	table_cellf(table, "%lld", (long long)number_of(message, "bytes"));
	table_cellf(table, *credential ? "%s (%s)" : "%s", text_of(message, "client"), credential);
	table_cell(table, *sender ? sender : "<>");
}

/* Neither is below 0. What others wrote there may be as large as it can be. */
static void add_up(int64_t *sum, int64_t number)
{
	*sum = number > INT64_MAX - *sum ? INT64_MAX : *sum + number;
}

void sent_list_print(const json_t *messages)
{
	struct table *table = table_new(8);
	int64_t recipients = 0, bytes = 0;
	const json_t *message;
	size_t i;

	table_row(table, (const char *const[]){ "TIME", "NODE", "QUEUE ID", "ACTION", "RECIPIENTS",
						"BYTES", "CLIENT", "SENDER" });
	json_array_foreach((json_t *)messages, i, message)
	{
		add_row(table, message);
		add_up(&recipients, number_of(message, "recipients"));
		add_up(&bytes, number_of(message, "bytes"));
	}
	if (json_array_size(messages) > 0)
		table_print(table, stdout);
	table_free(&table);
	printf("%s%zu messages, %lld recipients, %lld bytes\n", json_array_size(messages) ? "\n" : "",
	       json_array_size(messages), (long long)recipients, (long long)bytes);
}
