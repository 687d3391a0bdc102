/*
 * Header fields. Fields are separated by the octet 0xfe; the first octet of
 * each chooses its name. A message without a fault
 *
 *	has an address and keeps the limits;
 *	is read the same with blanks around every value and with CRLF for LF;
 *	has a fault with one more From, before or behind it;
 *	passes the gate for a login that owns all its addresses, and for one
 *	that does not own the last of them only if another pattern covers it;
 *	is read the same when its addresses are written as a list, or as a group.
 *
 * Whatever the values are, what is kept of them when a header is rewritten is
 * sound.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/header_address.h"
#include "engine/gate.h"
#include "tests/fuzz/target.h"

#define SEPARATOR 0xfe
#define LOGIN "somebody@login.example"

static struct config *config;

static void prepare(void)
{
	char error[256];

	if (config)
		return;
	header_address_init();
	config = config_load_text("node = \"mx1\"\n", "fuzz.conf", error, sizeof(error));
	if (!config)
		abort();
}

/* --- reading --------------------------------------------------------------------- */

enum variant { AS_IT_IS, BLANKS, FROM_BEFORE, FROM_BEHIND };

/* A copy of the value, in a buffer of its own size so that reading behind it is
 * found out. */
static char *copy_of(const uint8_t *value, size_t len, enum variant variant, size_t *out_len)
{
	char *out = malloc(2 * len + 3), *exact;
	size_t n = 0;

	if (!out)
		abort();
	if (variant == BLANKS)
		out[n++] = ' ';
	for (size_t i = 0; i < len; i++) {
		if (variant == BLANKS && value[i] == '\n' && (i == 0 || value[i - 1] != '\r'))
			out[n++] = '\r';
		out[n++] = (char)value[i];
	}
	if (variant == BLANKS)
		out[n++] = '\t';
	exact = malloc(n ? n : 1);
	if (!exact)
		abort();
	memcpy(exact, out, n);
	free(out);
	*out_len = n;
	return exact;
}

/* No line of what is written can be too long, nor be read as a field. */
static void check_lines(const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\n");

		if (*text != ' ' || len > 940 || memchr(text, '\r', len))
			abort();
		text += len + (text[len] == '\n');
	}
}

/* As a milter keeps a field that it takes out. */
static void check_kept(const char *value, size_t len)
{
	char *text = malloc(len + 1), out[HEADER_TEXT_ROOM];

	if (!text)
		abort();
	memcpy(text, value, len);
	text[len] = '\0';
	header_write_text(text, out);
	check_lines(out);
	free(text);
}

static void check_display(const struct originators *o)
{
	char out[HEADER_MAILBOX_MAX];

	if (o->display[0] && !header_write_is_name(o->display))
		abort();
	header_write_mailbox(o->display, "a@b.example", out);
	check_lines(out);
}

static void add_from(struct originators *o)
{
	static const char value[] = "somebody@else.example";

	originators_add(o, "from", value, sizeof(value) - 1);
}

static void read_message(const uint8_t *data, size_t size, enum variant variant,
			 struct originators *o)
{
	static const char *const names[] = { "From", "Sender", "Resent-From", "resent-sender" };

	originators_init(o);
	originators_want_reply_to(o);
	if (variant == FROM_BEFORE)
		add_from(o);
	while (size > 0) {
		const uint8_t *end = memchr(data, SEPARATOR, size);
		size_t len = end ? (size_t)(end - data) : size;

		if (len > 0) {
			size_t n;
			char *value = copy_of(data + 1, len - 1, variant, &n);

			originators_add(o, data[0] == 'y' ? "Reply-To" : names[data[0] % 4], value,
					n);
			check_kept(value, n);
			free(value);
		}
		data += end ? len + 1 : len;
		size -= end ? len + 1 : len;
	}
	if (variant == FROM_BEHIND)
		add_from(o);
	originators_end(o);
}

/* --- what must hold ---------------------------------------------------------------- */

static void check_items(const struct originators *o)
{
	if (o->n == 0 || o->n > HEADER_ADDRESSES_MAX || o->fields_seen[ORIGINATOR_FROM] != 1)
		abort();
	for (size_t i = 0; i < o->n; i++) {
		char text[ADDRESS_TEXT_MAX];
		struct address again;
		const char *reason;

		address_format(&o->items[i].address, text);
		if (address_parse(text, ADDRESS_HEADER, &again, &reason) != ADDRESS_OK ||
		    !address_equal(&again, &o->items[i].address, true))
			abort();
	}
}

static void check_same_addresses(const struct originators *a, const struct originators *b)
{
	if (b->fault[0] || a->n != b->n)
		abort();
	for (size_t i = 0; i < a->n; i++)
		if (!address_equal(&a->items[i].address, &b->items[i].address, true))
			abort();
}

static void check_same(const struct originators *a, const struct originators *b)
{
	/* The blank may have made a line too long. */
	if (strstr(b->fault, "longer than"))
		return;
	check_same_addresses(a, b);
	if (a->n_shown != b->n_shown)
		abort();
	for (size_t i = 0; i < a->n_shown; i++)
		if (strcmp(a->shown[i].text, b->shown[i].text) != 0)
			abort();
	for (size_t i = 0; i < a->n; i++)
		if (a->items[i].field != b->items[i].field)
			abort();
}

/* The addresses of a, a line each, between before and behind. */
static void check_written(const struct originators *a, const char *before, const char *behind)
{
	static char text[HEADER_ADDRESSES_MAX * (ADDRESS_TEXT_MAX + 4) + 8];
	static struct originators b;
	size_t len = (size_t)sprintf(text, "%s", before);

	for (size_t i = 0; i < a->n; i++) {
		char address[ADDRESS_TEXT_MAX];

		address_format(&a->items[i].address, address);
		len += (size_t)sprintf(text + len, "%s<%s>", i > 0 ? ",\n " : "", address);
	}
	len += (size_t)sprintf(text + len, "%s", behind);
	originators_init(&b);
	originators_add(&b, "From", text, len);
	originators_end(&b);
	check_same_addresses(a, &b);
}

static bool passes(const struct originators *o, const struct pattern *senders, size_t n)
{
	struct finding findings[CHECKS];
	struct effective effective;
	const struct request request = { .stage = STAGE_END_OF_MESSAGE,
					 .queue_id = "",
					 .login = LOGIN,
					 .client_address = "192.0.2.1",
					 .sender = "",
					 .recipient = "",
					 .originators = o };
	const struct gate_input in = { .config = config,
				       .effective = &effective,
				       .request = &request };

	effective_resolve(config, NULL, LOGIN, 0, &effective);
	effective.senders = senders;
	effective.n_senders = n;
	for (int i = 0; i < CHECKS; i++)
		finding_init(&findings[i], MODE_OFF);
	gate_run(&in, findings);
	return findings[CHECK_HEADER_FROM].result == FINDING_PASS;
}

static void check_gate(const struct originators *o)
{
	static struct pattern senders[HEADER_ADDRESSES_MAX];
	const struct pattern_rules rules = config_pattern_rules(config);
	const struct address *last = &o->items[o->n - 1].address;
	size_t n = 0;

	for (size_t i = 0; i < o->n; i++)
		senders[i] =
			(struct pattern){ .kind = PATTERN_EXACT, .address = o->items[i].address };
	if (!passes(o, senders, o->n))
		abort();
	for (size_t i = 0; i < o->n; i++)
		if (!address_equal(&o->items[i].address, last, false))
			senders[n++] = (struct pattern){ .kind = PATTERN_EXACT,
							 .address = o->items[i].address };
	if (passes(o, senders, n) != pattern_list_owns(senders, n, last, LOGIN, &rules, NULL))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct originators a, b;

	prepare();
	read_message(data, size, AS_IT_IS, &a);
	check_display(&a);
	if (a.fault[0]) {
		if (passes(&a, NULL, 0))
			abort();
		return 0;
	}
	check_items(&a);
	read_message(data, size, BLANKS, &b);
	check_same(&a, &b);
	for (int variant = FROM_BEFORE; variant <= FROM_BEHIND; variant++) {
		read_message(data, size, (enum variant)variant, &b);
		if (!b.fault[0])
			abort();
	}
	check_written(&a, "", "");
	check_written(&a, "G: ", ";");
	check_gate(&a);
	return 0;
}
