#include "policy/exchange.h"

#include <stdlib.h>

#include "base/memory.h"

void exchanges_init(struct exchanges *exchanges)
{
	SLIST_INIT(&exchanges->spare);
	exchanges->n_spare = 0;
}

void exchanges_fini(struct exchanges *exchanges)
{
	struct exchange *x;

	while ((x = SLIST_FIRST(&exchanges->spare))) {
		SLIST_REMOVE_HEAD(&exchanges->spare, link);
		free(x);
	}
}

struct exchange *exchange_take(struct exchanges *exchanges)
{
	struct exchange *x = SLIST_FIRST(&exchanges->spare);

	if (x) {
		SLIST_REMOVE_HEAD(&exchanges->spare, link);
		exchanges->n_spare--;
	} else {
		x = memory_alloc(sizeof(*x));
	}
	x->answer_len = x->answer_sent = 0;
	protocol_init(&x->protocol);
	return x;
}

void exchange_give(struct exchanges *exchanges, struct exchange **exchange)
{
	struct exchange *x = *exchange;

	*exchange = NULL;
	if (x && exchanges->n_spare < EXCHANGES_SPARE_MAX) {
		SLIST_INSERT_HEAD(&exchanges->spare, x, link);
		exchanges->n_spare++;
	} else {
		free(x);
	}
}
