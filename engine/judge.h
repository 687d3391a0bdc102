/*
 * The judge: what the checks found -> action and reply.
 */
#ifndef SENDWARD_JUDGE_H
#define SENDWARD_JUDGE_H

#include "engine/effective.h"
#include "engine/request.h"
#include "engine/take.h"
#include "engine/verdict.h"

struct judge_input {
	const struct config *config;
	const struct account *account; /* NULL: the login has none */
	const struct effective *effective;
	const struct request *request;
	const struct take_row *rows;
	const struct take_row_answer *answers;
	size_t n_rows; /* 0: quotas were not asked */
	const struct effective_scope *scope; /* whose rows; NULL: the login's own */
};

/* From verdict->findings to action, check and reply. Checks 7 and 8 are
 * carried out here, on the final stage; their findings are filled by both. */
void judge(const struct judge_input *in, struct verdict *verdict);

/* The verdict when nobody knows: defer with REPLY_CANNOT_TELL. why, a static
 * text, goes to the log unless the store gave a reason of its own. */
void judge_cannot_tell(const struct judge_input *in, const char *why, struct verdict *verdict);

#endif
