#include "policy/transaction.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

/* In a slot, beside the hash: this recipient is free; it is listed. */
#define SLOT_FREE (UINT64_C(1) << 63)
#define SLOT_LISTED (UINT64_C(1) << 62)
#define SLOT_FLAGS (SLOT_FREE | SLOT_LISTED)

static void forget(struct transaction *t)
{
	if (t->slots != t->first)
		free(t->slots);
	t->slots = t->first;
	t->n_slots = TRANSACTION_SLOTS_MIN;
	memset(t->first, 0, sizeof(t->first));
	t->passed = t->identified = t->doubtful = false;
	t->n = t->n_free = t->n_listed = t->n_known = 0;
}

void transaction_init(struct transaction *t)
{
	t->instance = 0;
	t->slots = t->first;
	forget(t);
}

void transaction_fini(struct transaction *t)
{
	forget(t);
}

/* The hash is no secret. Who makes two recipients collide is counted one less at RCPT, which
 * only tests: what is charged is Postfix's own count, less those that are free, and
 * transaction_add() knows a free one from one that is not. */
uint64_t transaction_hash(const char *text, size_t len)
{
	uint64_t hash = hash_octets_64(text, len) & ~SLOT_FLAGS;

	return hash ? hash : 1;
}

void transaction_enter(struct transaction *t, const char *instance, size_t len,
		       bool has_recipients)
{
	uint64_t hash = len ? transaction_hash(instance, len) : 0;

	if (hash != 0 && hash == t->instance)
		return;
	t->instance = hash;
	if (t->passed || t->identified || t->n > 0)
		forget(t);
	t->doubtful = has_recipients;
}

/* "p" and eight hexadecimal digits. */
const char *transaction_token(struct transaction *t)
{
	static const char digits[] = "0123456789abcdef";

	if (t->instance == 0)
		return NULL;
	t->token[0] = 'p';
	for (int i = 0; i < 8; i++)
		t->token[1 + i] = digits[t->instance >> (28 - 4 * i) & 0xf];
	t->token[9] = '\0';
	return t->token;
}

/* The slot that holds the hash, or the free one where it would go. There is
 * always a free one: at most three quarters are taken. */
static uint64_t *slot_of(uint64_t *slots, size_t n_slots, uint64_t hash)
{
	size_t i = (size_t)hash & (n_slots - 1);

	while (slots[i] != 0 && (slots[i] & ~SLOT_FLAGS) != hash)
		i = (i + 1) & (n_slots - 1);
	return &slots[i];
}

static bool known(const struct transaction *t, uint64_t recipient)
{
	return *slot_of(t->slots, t->n_slots, recipient) != 0;
}

int64_t transaction_count_with(const struct transaction *t, uint64_t recipient)
{
	return known(t, recipient) ? t->n : t->n + 1;
}

int64_t transaction_free_without(const struct transaction *t, uint64_t recipient)
{
	bool is_free = *slot_of(t->slots, t->n_slots, recipient) & SLOT_FREE;

	return is_free ? t->n_free - 1 : t->n_free;
}

int64_t transaction_free_of(const struct transaction *t, int64_t accepted)
{
	int64_t refused = accepted < t->n ? t->n - accepted : 0;

	return !t->doubtful && refused < t->n_free ? t->n_free - refused : 0;
}

int64_t transaction_listed_of(const struct transaction *t, int64_t accepted)
{
	return !t->doubtful && t->n == accepted && t->n_listed == accepted ? accepted : 0;
}

static bool grow(struct transaction *t)
{
	size_t n_slots = t->n_slots * 2, i;
	uint64_t *slots = calloc(n_slots, sizeof(*slots));

	if (!slots)
		return false;
	for (i = 0; i < t->n_slots; i++)
		if (t->slots[i])
			*slot_of(slots, n_slots, t->slots[i] & ~SLOT_FLAGS) = t->slots[i];
	if (t->slots != t->first)
		free(t->slots);
	t->slots = slots;
	t->n_slots = n_slots;
	return true;
}

/* Out of memory is the same as too many: counted, not remembered. */
static bool has_room(struct transaction *t)
{
	if (t->n_known >= TRANSACTION_RECIPIENTS_MAX)
		return false;
	return (size_t)t->n_known < t->n_slots / 4 * 3 || grow(t);
}

void transaction_add(struct transaction *t, uint64_t recipient, bool is_free, bool is_listed)
{
	uint64_t flags = (is_free ? SLOT_FREE : 0) | (is_listed ? SLOT_LISTED : 0);
	uint64_t slot = *slot_of(t->slots, t->n_slots, recipient);

	if (slot != 0) {
		t->doubtful |= (slot & SLOT_FLAGS) != flags;
		return;
	}
	t->n++;
	t->n_free += is_free;
	t->n_listed += is_listed;
	if (!has_room(t))
		return;
	*slot_of(t->slots, t->n_slots, recipient) = recipient | flags;
	t->n_known++;
}
