#include "policy/exchange.h"

struct exchange *exchange_take(struct spares *spares)
{
	struct exchange *x = spares_take(spares, sizeof(*x));

	protocol_init(&x->protocol);
	return x;
}

void exchange_give(struct spares *spares, struct exchange **exchange)
{
	if (*exchange)
		spares_give(spares, *exchange);
	*exchange = NULL;
}
