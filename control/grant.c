#include "control/grant.h"

#include <stdlib.h>
#include <string.h>

#include "control/need.h"
#include "engine/ownership.h"

/* A list of canonical texts, sorted. */
struct texts {
	char (*list)[PATTERN_TEXT_MAX];
	size_t n;
};

static int by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void texts_of(const struct pattern *patterns, size_t n, struct texts *out)
{
	out->list = need_room(NULL, n + 1, sizeof(*out->list));
	out->n = n;
	for (size_t i = 0; i < n; i++)
		pattern_format(&patterns[i], out->list[i]);
	qsort(out->list, n, sizeof(*out->list), by_text);
}

static bool texts_have(const struct texts *texts, const char *text)
{
	return bsearch(text, texts->list, texts->n, sizeof(*texts->list), by_text) != NULL;
}

static bool is_wanted(const struct grant *grant, const char *text)
{
	size_t low = 0, high = grant->n_wanted;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(text, grant->wanted[middle]);

		if (order == 0)
			return true;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return false;
}

/* ---- what needs no pattern ------------------------------------------------ */

/* What is in force when the account has an empty list of its own. */
static void without_list(const struct config *config, const struct grant *grant,
			 const struct account *account, int64_t now_s, struct effective *out)
{
	static const struct pattern none;
	struct account empty = { .max_recipients = ACCOUNT_UNSET,
				  .max_size_bytes = ACCOUNT_UNSET,
				  .require_tls = ACCOUNT_UNSET };

	if (account)
		empty = *account;
	empty.senders = &none;
	empty.n_senders = 0;
	effective_resolve(config, &empty, grant->login, now_s, out);
}

static bool owned(const struct config *config, const struct effective *effective,
		  const struct grant *grant, const char *text)
{
	struct pattern pattern;
	struct ownership ownership;
	const char *reason;

	if (!pattern_parse(text, &pattern, &reason) || pattern.kind != PATTERN_EXACT ||
	    pattern.exclude)
		return false;
	ownership_of(config, effective, grant->login, &pattern.address, &ownership);
	return ownership.owned;
}

/* ---- the list ------------------------------------------------------------- */

static void append(json_t *array, const char *text)
{
	json_array_append_new(array, need(json_string(text)));
}

/* Adds what is wanted and not owned already. */
static void merge(const struct config *config, const struct grant *grant,
		  const struct effective *now, const struct texts *before,
		  struct grant_result *out)
{
	char text[PATTERN_TEXT_MAX];

	for (size_t i = 0; i < now->n_senders; i++) {
		pattern_format(&now->senders[i], text);
		append(out->after, text);
	}
	for (size_t i = 0; i < grant->n_wanted; i++) {
		if (texts_have(before, grant->wanted[i]) ||
		    owned(config, now, grant, grant->wanted[i])) {
			out->unchanged++;
		} else {
			append(out->after, grant->wanted[i]);
			append(out->add, grant->wanted[i]);
		}
	}
	out->changed = json_array_size(out->add) > 0;
}

static void replace(const struct config *config, const struct grant *grant,
		    const struct effective *bare, const struct effective *now,
		    const struct texts *before, struct grant_result *out)
{
	char text[PATTERN_TEXT_MAX];

	for (size_t i = 0; i < grant->n_wanted; i++) {
		bool needed = !owned(config, bare, grant, grant->wanted[i]);

		if (needed)
			append(out->after, grant->wanted[i]);
		if (!needed || texts_have(before, grant->wanted[i]))
			out->unchanged++;
		else
			append(out->add, grant->wanted[i]);
	}
	for (size_t i = 0; i < now->n_senders; i++) {
		pattern_format(&now->senders[i], text);
		/* Beside the new list %login goes on. */
		if (is_wanted(grant, text) ||
		    (ownership_beside(bare) && strcmp(text, "%login") == 0))
			continue;
		append(out->remove, text);
	}
	out->changed = json_array_size(out->add) > 0 || json_array_size(out->remove) > 0;
}

void grant_work_out(const struct config *config, const struct grant *grant,
		    const struct account *account, int64_t now_s, struct grant_result *out)
{
	struct effective now, bare;
	struct texts before;

	*out = (struct grant_result){
		.add = need(json_array()),
		.remove = need(json_array()),
		.after = need(json_array()),
	};
	effective_resolve(config, account, grant->login, now_s, &now);
	texts_of(now.senders, now.n_senders, &before);
	if (grant->replace) {
		without_list(config, grant, account, now_s, &bare);
		replace(config, grant, &bare, &now, &before, out);
	} else {
		merge(config, grant, &now, &before, out);
	}
	free(before.list);
	if (!out->changed) {
		json_decref(out->after);
		out->after = NULL;
	}
}

void grant_fini(struct grant_result *result)
{
	json_decref(result->add);
	json_decref(result->remove);
	json_decref(result->after);
	*result = (struct grant_result){ 0 };
}
