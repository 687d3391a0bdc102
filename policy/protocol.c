#include "policy/protocol.h"

#include <string.h>

#define TEXT_(x) #x
#define TEXT(x) TEXT_(x)

/* Names by their last octet and length; the compiler tells of two that meet
 * (then another factor is wanted). Most lines of a request are none of them. */
#define SLOTS 64
#define SLOT(last, len) (((unsigned char)(last) + 9 * (len)) % SLOTS)

static const struct slot {
	const char *name;
	size_t len; /* 0: none */
	enum attribute attribute;
} slots[SLOTS] = {
#define NAME(attribute, last, text) \
	[SLOT(last, sizeof(text) - 1)] = { text, sizeof(text) - 1, attribute }
	NAME(ATTRIBUTE_REQUEST, 't', "request"),
	NAME(ATTRIBUTE_PROTOCOL_STATE, 'e', "protocol_state"),
	NAME(ATTRIBUTE_CLIENT_ADDRESS, 's', "client_address"),
	NAME(ATTRIBUTE_SENDER, 'r', "sender"),
	NAME(ATTRIBUTE_RECIPIENT, 't', "recipient"),
	NAME(ATTRIBUTE_RECIPIENT_COUNT, 't', "recipient_count"),
	NAME(ATTRIBUTE_QUEUE_ID, 'd', "queue_id"),
	NAME(ATTRIBUTE_INSTANCE, 'e', "instance"),
	NAME(ATTRIBUTE_SIZE, 'e', "size"),
	NAME(ATTRIBUTE_SASL_USERNAME, 'e', "sasl_username"),
	NAME(ATTRIBUTE_ENCRYPTION_PROTOCOL, 'l', "encryption_protocol"),
	NAME(ATTRIBUTE_CCERT_FINGERPRINT, 't', "ccert_fingerprint"),
	NAME(ATTRIBUTE_CCERT_PUBKEY_FINGERPRINT, 't', "ccert_pubkey_fingerprint"),
	NAME(ATTRIBUTE_POLICY_CONTEXT, 't', "policy_context"),
#undef NAME
};

/* Everything but data: a connection that never speaks touches no page of it. */
void protocol_init(struct protocol *p)
{
	memset(p, 0, offsetof(struct protocol, data));
}

char *protocol_room(struct protocol *p, size_t *size)
{
	*size = sizeof(p->data) - p->used;
	return p->data + p->used;
}

void protocol_filled(struct protocol *p, size_t n)
{
	p->used += n;
}

const char *protocol_fault(const struct protocol *p)
{
	return p->fault;
}

bool protocol_in_request(const struct protocol *p)
{
	return !p->lent && p->used > p->start;
}

static enum protocol_result bad(struct protocol *p, const char *fault)
{
	p->fault = fault;
	return PROTOCOL_BAD;
}

static void begin_request(struct protocol *p)
{
	p->lent = false;
	p->start = p->line = p->scan;
	p->n_attributes = 0;
	memset(p->spans, 0, sizeof(p->spans));
}

/* Keeps the text of one line, when it is an attribute that we read. Returns
 * the fault of a line that is not one. */
static const char *take_line(struct protocol *p, char *line, char *end)
{
	size_t len = (size_t)(end - line), name_len;
	char *equals = memchr(line, '=', len);
	const struct slot *slot;

	if (len > PROTOCOL_LINE_MAX)
		return "a line is longer than " TEXT(PROTOCOL_LINE_MAX) " bytes";
	if (!equals)
		return "a line has no \"=\"";
	if (equals == line)
		return "an attribute has no name";
	if (++p->n_attributes > PROTOCOL_ATTRIBUTES_MAX)
		return "more than " TEXT(PROTOCOL_ATTRIBUTES_MAX) " attributes";
	name_len = (size_t)(equals - line);
	slot = &slots[SLOT(equals[-1], name_len)];
	if (slot->len == name_len && memcmp(slot->name, line, name_len) == 0) {
		*end = '\0';
		p->spans[slot->attribute].offset = (uint32_t)(equals + 1 - (p->data + p->start));
		p->spans[slot->attribute].len = (uint32_t)(len - name_len - 1);
	}
	return NULL;
}

static enum protocol_result lend(struct protocol *p, struct policy_request *out)
{
	const struct attribute_value *kind = &out->values[ATTRIBUTE_REQUEST];
	size_t i;

	for (i = 0; i < ATTRIBUTES; i++) {
		struct attribute_value *value = &out->values[i];

		value->given = p->spans[i].offset != 0;
		value->len = p->spans[i].len;
		value->text = value->given ? p->data + p->start + p->spans[i].offset : "";
	}
	if (!kind->given)
		return bad(p, "there is no request attribute");
	if (strcmp(kind->text, "smtpd_access_policy") != 0)
		return bad(p, "the request is not smtpd_access_policy");
	p->lent = true;
	return PROTOCOL_REQUEST;
}

/* The buffer ends inside a request: makes room for the rest of it. */
static enum protocol_result want_more(struct protocol *p)
{
	if (p->used - p->line > PROTOCOL_LINE_MAX)
		return bad(p, "a line is longer than " TEXT(PROTOCOL_LINE_MAX) " bytes");
	if (p->used - p->start == sizeof(p->data))
		return bad(p, "the request is longer than " TEXT(PROTOCOL_REQUEST_MAX) " bytes");
	if (p->start > 0) {
		memmove(p->data, p->data + p->start, p->used - p->start);
		p->used -= p->start;
		p->line -= p->start;
		p->start = 0;
	}
	p->scan = p->used;
	return PROTOCOL_MORE;
}

enum protocol_result protocol_next(struct protocol *p, struct policy_request *out)
{
	char *line, *scan, *end, *used = p->data + p->used;
	const char *fault = NULL;

	if (p->fault)
		return PROTOCOL_BAD;
	if (p->lent)
		begin_request(p);
	line = p->data + p->line;
	scan = p->data + p->scan;
	while (!fault && (end = memchr(scan, '\n', (size_t)(used - scan))) && end != line) {
		fault = take_line(p, line, end);
		line = scan = end + 1;
	}
	if (fault)
		return bad(p, fault);
	p->line = p->scan = (size_t)(line - p->data);
	if (!end)
		return want_more(p);
	p->line = p->scan = p->line + 1;
	return lend(p, out);
}
