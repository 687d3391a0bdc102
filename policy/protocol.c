#include "policy/protocol.h"

#include <stdint.h>
#include <string.h>

#include "base/octets.h"

#define TEXT_(x) #x
#define TEXT(x) TEXT_(x)

/* Of a name: what stands in its place when we do not read it. */
#define UNREAD ATTRIBUTES

/* What Postfix sends, in its order (3.7; the last two since 3.8), each with its
 * "=". Where it keeps to that, one comparison finds a name; what stands between
 * them (tls_sni, since 3.12) is looked for in vain and disturbs nothing. */
static const struct protocol_name {
	const char *text;
	size_t len;
	unsigned attribute; /* or UNREAD */
} names[] = {
#define NAME(text, attribute)                             \
	{                                                 \
		text "=", sizeof(text "=") - 1, attribute \
	}
	NAME("request", ATTRIBUTE_REQUEST),
	NAME("protocol_state", ATTRIBUTE_PROTOCOL_STATE),
	NAME("protocol_name", UNREAD),
	NAME("client_address", ATTRIBUTE_CLIENT_ADDRESS),
	NAME("client_name", UNREAD),
	NAME("client_port", UNREAD),
	NAME("reverse_client_name", UNREAD),
	NAME("server_address", UNREAD),
	NAME("server_port", UNREAD),
	NAME("helo_name", UNREAD),
	NAME("sender", ATTRIBUTE_SENDER),
	NAME("recipient", ATTRIBUTE_RECIPIENT),
	NAME("recipient_count", ATTRIBUTE_RECIPIENT_COUNT),
	NAME("queue_id", ATTRIBUTE_QUEUE_ID),
	NAME("instance", ATTRIBUTE_INSTANCE),
	NAME("size", ATTRIBUTE_SIZE),
	NAME("etrn_domain", UNREAD),
	NAME("stress", UNREAD),
	NAME("sasl_method", UNREAD),
	NAME("sasl_username", ATTRIBUTE_SASL_USERNAME),
	NAME("sasl_sender", UNREAD),
	NAME("ccert_subject", UNREAD),
	NAME("ccert_issuer", UNREAD),
	NAME("ccert_fingerprint", ATTRIBUTE_CCERT_FINGERPRINT),
	NAME("ccert_pubkey_fingerprint", ATTRIBUTE_CCERT_PUBKEY_FINGERPRINT),
	NAME("encryption_protocol", ATTRIBUTE_ENCRYPTION_PROTOCOL),
	NAME("encryption_cipher", UNREAD),
	NAME("encryption_keysize", UNREAD),
	NAME("policy_context", ATTRIBUTE_POLICY_CONTEXT),
	NAME("compatibility_level", UNREAD),
	NAME("mail_version", UNREAD),
#undef NAME
	{ NULL, SIZE_MAX, UNREAD }, /* behind the last: no line is as long */
};

#define NAMES (sizeof(names) / sizeof(names[0]) - 1)

/* Not data: a connection that never speaks touches no page of it. Nor the
 * request, which begins with its first octet. */
void protocol_init(struct protocol *p)
{
	p->used = p->start = p->line = 0;
	p->between = true;
	p->fault = NULL;
	p->request.may_hold_nul = false;
}

char *protocol_room(struct protocol *p, size_t *size)
{
	*size = sizeof(p->data) - p->used;
	return p->data + p->used;
}

void protocol_filled(struct protocol *p, size_t n)
{
	if (memchr(p->data + p->used, '\0', n))
		p->request.may_hold_nul = true;
	p->used += n;
}

const char *protocol_fault(const struct protocol *p)
{
	return p->fault;
}

bool protocol_in_request(const struct protocol *p)
{
	return !p->between;
}

bool protocol_at_end(const struct protocol *p)
{
	return p->between && p->line == p->used;
}

static enum protocol_result bad(struct protocol *p, const char *fault)
{
	p->fault = fault;
	return PROTOCOL_BAD;
}

static void begin_request(struct protocol *p)
{
	p->between = false;
	p->start = p->line;
	p->n_attributes = 0;
	p->expected = names;
	for (size_t i = 0; i < ATTRIBUTES; i++) {
		p->request.values[i].text = "";
		p->request.values[i].len = 0;
		p->request.values[i].given = false;
	}
}

/* Another one than the expected; NULL: none of Postfix's. */
static const struct protocol_name *find_name(const char *text, size_t len)
{
	for (size_t i = 0; i < NAMES; i++)
		if (names[i].len == len && memcmp(names[i].text, text, len) == 0)
			return &names[i];
	return NULL;
}

/* The value of a name that is not the expected one, whose place it takes. NULL,
 * and the fault, when the line has none. */
static char *find_value(struct protocol *p, char *line, const char *end,
			const struct protocol_name **name)
{
	char *equals = memchr(line, '=', (size_t)(end - line));

	if (!equals || equals == line) {
		bad(p, equals ? "an attribute has no name" : "a line has no \"=\"");
		return NULL;
	}
	*name = find_name(line, (size_t)(equals + 1 - line));
	return equals + 1;
}

/* Many values are empty. */
static char *find_end(char *value, const char *used)
{
	if (value < used && *value == '\n')
		return value;
	return memchr(value, '\n', (size_t)(used - value));
}

static void keep(struct protocol *p, unsigned attribute, const char *value, char *end)
{
	*end = '\0';
	p->request.values[attribute] = (struct attribute_value){ .text = value,
								 .len = (size_t)(end - value),
								 .given = true };
}

/* Lines with the names that are expected, one after the other: all that Postfix sends, as a
 * rule. Returns where the first one begins that is not whole or not expected. */
static char *take_expected(struct protocol *p, char *line, const char *used)
{
	const struct protocol_name *name = p->expected;

	while ((size_t)(used - line) >= name->len && octets_equal(line, name->text, name->len)) {
		char *value = line + name->len, *end = find_end(value, used);

		if (!end || end - line > PROTOCOL_LINE_MAX)
			break;
		if (name->attribute != UNREAD)
			keep(p, name->attribute, value, end);
		line = end + 1;
		name++;
	}
	p->n_attributes += (unsigned)(name - p->expected);
	p->expected = name;
	return line;
}

/* Any other line. Returns its end, which is where the empty line begins; NULL when that has
 * not come, or when there is a fault. */
static char *take_line(struct protocol *p, char *line, const char *used)
{
	const struct protocol_name *name;
	char *end = find_end(line, used), *value;

	if (p->n_attributes > PROTOCOL_ATTRIBUTES_MAX) {
		bad(p, "more than " TEXT(PROTOCOL_ATTRIBUTES_MAX) " attributes");
		return NULL;
	}
	if (!end || end == line)
		return end;
	if (end - line > PROTOCOL_LINE_MAX) {
		bad(p, "a line is longer than " TEXT(PROTOCOL_LINE_MAX) " bytes");
		return NULL;
	}
	value = find_value(p, line, end, &name);
	if (!value)
		return NULL;
	p->n_attributes++;
	if (!name)
		return end;
	p->expected = name + 1;
	if (name->attribute != UNREAD)
		keep(p, name->attribute, value, end);
	return end;
}

static enum protocol_result lend(struct protocol *p, const struct policy_request **out)
{
	const struct attribute_value *kind = &p->request.values[ATTRIBUTE_REQUEST];

	if (!kind->given)
		return bad(p, "there is no request attribute");
	if (strcmp(kind->text, "smtpd_access_policy") != 0)
		return bad(p, "the request is not smtpd_access_policy");
	p->between = true;
	*out = &p->request;
	return PROTOCOL_REQUEST;
}

/* What is done with goes, the present request comes to the front. */
static void make_room(struct protocol *p)
{
	memmove(p->data, p->data + p->start, p->used - p->start);
	for (size_t i = 0; i < ATTRIBUTES; i++)
		if (p->request.values[i].given)
			p->request.values[i].text -= p->start;
	p->used -= p->start;
	p->line -= p->start;
	p->start = 0;
}

/* The buffer ends inside a request. */
static enum protocol_result want_more(struct protocol *p)
{
	if (p->used - p->line > PROTOCOL_LINE_MAX)
		return bad(p, "a line is longer than " TEXT(PROTOCOL_LINE_MAX) " bytes");
	if (p->used - p->start == sizeof(p->data))
		return bad(p, "the request is longer than " TEXT(PROTOCOL_REQUEST_MAX) " bytes");
	if (p->start > 0)
		make_room(p);
	return PROTOCOL_MORE;
}

enum protocol_result protocol_next(struct protocol *p, const struct policy_request **out)
{
	char *line, *end, *used = p->data + p->used;

	if (p->fault)
		return PROTOCOL_BAD;
	if (protocol_at_end(p)) {
		protocol_init(p);
		return PROTOCOL_MORE;
	}
	if (p->between)
		begin_request(p);
	line = take_expected(p, p->data + p->line, used);
	while ((end = take_line(p, line, used)) && end != line)
		line = take_expected(p, end + 1, used);
	if (p->fault)
		return PROTOCOL_BAD;
	p->line = (size_t)(line - p->data);
	if (!end)
		return want_more(p);
	p->line++;
	return lend(p, out);
}
