/* The first of many, in order. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "control/top.h"

/* Who is refused now, then who was today, then who would have been. */
static int compare_attempts(const struct attempts_seen *a, const struct attempts_seen *b)
{
	const int64_t *const by_checks[][2] = {
		{ a->refused.hour, b->refused.hour },
		{ a->refused.day, b->refused.day },
		{ a->monitored.day, b->monitored.day },
	};

	for (size_t i = 0; i < sizeof(by_checks) / sizeof(by_checks[0]); i++) {
		int64_t n_a = attempts_total(by_checks[i][0]);
		int64_t n_b = attempts_total(by_checks[i][1]);

		if (n_a != n_b)
			return n_a > n_b ? -1 : 1;
	}
	return 0;
}

static int compare_sent(enum top_by by, const struct top_entry *a, const struct top_entry *b)
{
	double share_a = look_share(&a->row), share_b = look_share(&b->row);

	if (by != TOP_BY_SHARE && a->row.used != b->row.used)
		return a->row.used > b->row.used ? -1 : 1;
	if (by == TOP_BY_SHARE && share_a != share_b)
		return share_a > share_b ? -1 : 1;
	return 0;
}

/* Negative: a stands before b. Who is equal in what is asked for stands in the order
 * of the logins. */
static int compare(enum top_by by, const struct top_entry *a, const struct top_entry *b)
{
	int order = by == TOP_BY_ATTEMPTS ? compare_attempts(&a->attempts, &b->attempts) :
					    compare_sent(by, a, b);

	return order != 0 ? order : strcmp(a->login, b->login);
}

static void entry_free(struct top_entry **entry)
{
	free((*entry)->login);
	free(*entry);
	*entry = NULL;
}

static struct top_entry *entry_copy(const struct top_entry *entry)
{
	struct top_entry *copy = memory_alloc(sizeof(*copy));

	*copy = *entry;
	copy->login = memory_strdup(entry->login);
	copy->row.name = copy->login;
	return copy;
}

static void take_out(struct top_list *list, size_t i)
{
	entry_free(&list->entries[i]);
	list->n--;
	memmove(&list->entries[i], &list->entries[i + 1], (list->n - i) * sizeof(list->entries[0]));
}

/* The store told it twice: what was found last is true. */
static void forget(struct top_list *list, const char *login)
{
	for (size_t i = 0; i < list->n; i++) {
		if (strcmp(list->entries[i]->login, login) == 0) {
			take_out(list, i);
			return;
		}
	}
}

void top_list_add(struct top_list *list, const struct top_entry *entry)
{
	size_t at;

	if (list->n == list->max && compare(list->by, entry, list->entries[list->n - 1]) >= 0)
		return;
	forget(list, entry->login);
	if (list->n == list->max)
		take_out(list, list->n - 1);
	for (at = list->n; at > 0 && compare(list->by, entry, list->entries[at - 1]) < 0; at--)
		list->entries[at] = list->entries[at - 1];
	list->entries[at] = entry_copy(entry);
	list->n++;
}

void top_list_clear(struct top_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		entry_free(&list->entries[i]);
	list->n = 0;
}
