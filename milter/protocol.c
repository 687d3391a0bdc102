#include "milter/protocol.h"

#include <stdio.h>
#include <string.h>

#include "base/ascii.h"
#include "base/limits.h"

/* What we want to do, and the steps that we can do without, or without a
 * reply, as far as they are offered. Headers come as they are, with the space
 * after the colon: so their size is exact. HELO, DATA and the end of the header
 * are not looked at, and not declined either: they cost a server nothing that waits
 * for no reply, and miltertest(8) is one that ends when a step of its script is not wanted. */
#define ACTIONS                                                                             \
	(CAN_QUARANTINE | CAN_ADD_RECIPIENTS | CAN_DELETE_RECIPIENTS | CAN_CHANGE_HEADERS | \
	 CAN_ADD_HEADERS | CAN_SET_MACROS)
#define STEPS                                                                                \
	(STEP_NO_UNKNOWN | STEP_SILENT_CONNECT | STEP_SILENT_HELO | STEP_SILENT_MAIL |       \
	 STEP_SILENT_DATA | STEP_SILENT_HEADER | STEP_SILENT_END_HEADER | STEP_SILENT_BODY | \
	 STEP_LEADING_SPACE)

/* Not left to Postfix's milter_mail_macros and the like: without {auth_authen}
 * every message would pass. */
static const struct {
	enum protocol_stage stage;
	const char *names; /* separated by spaces */
} macros[] = {
	{ FOR_MAIL, "{auth_authen} {tls_version}" },
	{ FOR_RCPT, "i" },
	{ FOR_END, "i" },
};

/* Commands that are answered, by their letter, and the step by which they are
 * not. */
#define ANSWERED_ALWAYS 0x80000000
static const uint32_t answered[PROTOCOL_LETTERS] = {
	[COMMAND_CONNECT - 'A'] = STEP_SILENT_CONNECT,
	[COMMAND_HELO - 'A'] = STEP_SILENT_HELO,
	[COMMAND_MAIL - 'A'] = STEP_SILENT_MAIL,
	[COMMAND_RCPT - 'A'] = STEP_SILENT_RCPT,
	[COMMAND_DATA - 'A'] = STEP_SILENT_DATA,
	[COMMAND_UNKNOWN - 'A'] = STEP_SILENT_UNKNOWN,
	[COMMAND_HEADER - 'A'] = STEP_SILENT_HEADER,
	[COMMAND_END_HEADER - 'A'] = STEP_SILENT_END_HEADER,
	[COMMAND_BODY - 'A'] = STEP_SILENT_BODY,
	[COMMAND_END - 'A'] = ANSWERED_ALWAYS,
};

/* ---- what the server says -------------------------------------------------- */

bool protocol_negotiate(const struct packet *offer, uint32_t *steps, struct packets *out)
{
	size_t at = 0;
	uint32_t version = packet_number(offer, &at);
	uint32_t actions = packet_number(offer, &at);
	uint32_t offered = packet_number(offer, &at);

	if ((actions & ACTIONS) != ACTIONS)
		return false;
	*steps = STEPS & offered;
	packets_begin(out, COMMAND_NEGOTIATE);
	packets_number(out, version < PROTOCOL_VERSION ? version : PROTOCOL_VERSION);
	packets_number(out, ACTIONS);
	packets_number(out, *steps);
	for (size_t i = 0; i < sizeof(macros) / sizeof(macros[0]); i++) {
		packets_number(out, macros[i].stage);
		packets_text(out, macros[i].names);
	}
	packets_end(out);
	return true;
}

bool protocol_waits(uint32_t steps, char command)
{
	unsigned letter = protocol_letter(command);
	uint32_t silent = letter < PROTOCOL_LETTERS ? answered[letter] : 0;

	return silent != 0 && !(steps & silent);
}

char protocol_macros_for(const struct packet *packet)
{
	return packet->len > 0 ? packet->data[0] : '\0';
}

/* "i" and "{i}" are the same. */
static bool is_named(const char *text, const char *name)
{
	if (name[0] && !name[1] && text[0] == '{')
		return text[1] == name[0] && text[2] == '}' && !text[3];
	return strcmp(text, name) == 0;
}

const char *protocol_macro(const struct packet *packet, const char *name)
{
	const char *text, *value;
	size_t at = 1;

	while ((text = packet_text(packet, &at)) && (value = packet_text(packet, &at)))
		if (is_named(text, name))
			return value;
	return "";
}

/* The name of the client, the family, and if that has addresses the port and
 * the address. */
bool protocol_client(const struct packet *connect, char out[IP_TEXT_MAX])
{
	const char *address;
	size_t at = 0;
	char family;
	struct ip ip;

	if (!packet_text(connect, &at) || at >= connect->len)
		return false;
	family = connect->data[at++];
	snprintf(out, IP_TEXT_MAX, "unknown");
	if (family != FAMILY_INET && family != FAMILY_INET6)
		return true;
	at += sizeof(uint16_t);
	address = packet_text(connect, &at);
	if (!address || !ip_parse(address, &ip))
		return false;
	ip_format(&ip, out);
	return true;
}

/* ---- answers --------------------------------------------------------------- */

/* Sendmail takes a reply as a format, so "%" is written twice (Postfix makes
 * one of two); what would end the line has no place in it. */
static void clean(const char *text, char out[2 * REPLY_TEXT_MAX + 1])
{
	size_t n = 0;

	for (; *text && n < 2 * REPLY_TEXT_MAX - 1; text++) {
		out[n++] = ascii_is_control(*text) ? '?' : *text;
		if (*text == '%')
			out[n++] = '%';
	}
	out[n] = '\0';
}

void protocol_reply(struct packets *out, const char *code, const char *xcode, const char *text)
{
	char cleaned[2 * REPLY_TEXT_MAX + 1], line[sizeof(cleaned) + 32];

	clean(text, cleaned);
	snprintf(line, sizeof(line), "%.3s %.15s %s", code, xcode, cleaned);
	packets_begin(out, WORD_REPLY);
	packets_text(out, line);
	packets_end(out);
}

static void with_text(struct packets *out, char word, const char *text)
{
	packets_begin(out, word);
	packets_text(out, text);
	packets_end(out);
}

void protocol_quarantine(struct packets *out, const char *reason)
{
	with_text(out, WORD_QUARANTINE, reason);
}

void protocol_add_recipient(struct packets *out, const char *recipient)
{
	with_text(out, WORD_ADD_RECIPIENT, recipient);
}

void protocol_delete_recipient(struct packets *out, const char *recipient)
{
	with_text(out, WORD_DELETE_RECIPIENT, recipient);
}

void protocol_add_header(struct packets *out, const char *name, const char *value)
{
	packets_begin(out, WORD_ADD_HEADER);
	packets_text(out, name);
	packets_text(out, value);
	packets_end(out);
}

void protocol_change_header(struct packets *out, const char *name, unsigned index,
			    const char *value)
{
	packets_begin(out, WORD_CHANGE_HEADER);
	packets_number(out, index);
	packets_text(out, name);
	packets_text(out, value ? value : "");
	packets_end(out);
}
