/*
 * Says what Sendward makes of message headers: reads requests from standard
 * input and answers each with a line of JSON. For tests/header/run.
 *
 * A request is one line of three fields, with tabs between them: settings for
 * the top of sendward.conf (";" ends each), the sender patterns of the login
 * with blanks between them, and the octets of the header in hexadecimal.
 *
 *	fault		why there is not exactly one reading; "" there is
 *	addresses	what was read, [field, local part, domain, as it is written] each
 *	fields		the originator fields, [name, value in hexadecimal] each
 *	verdict		"pass" or "refuse", of check header_from
 *	rule		that decided
 *	flagged		a pass that shows an address of somebody else
 *	shown		the first address in a name or comment that is not the one beside it
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "base/ascii.h"
#include "base/header_address.h"
#include "engine/gate.h"
#include "tests/unit/fixture.h"

#define LOGIN "somebody@login.example"

static void die(const char *why)
{
	fprintf(stderr, "read-header: %s\n", why);
	exit(1);
}

/* --- the header, as Postfix gives it to a milter --------------------------------- */

/* Where the line at p ends; *next is the one behind it. A bare CR or LF ends
 * no line here: what Postfix makes of those is the end-to-end test's. */
static const char *line_end(const char *p, const char *end, const char **next)
{
	for (const char *q = p; q + 1 < end; q++) {
		if (q[0] == '\r' && q[1] == '\n') {
			*next = q + 2;
			return q;
		}
	}
	*next = end;
	return end;
}

/* The length of the field's name, blanks before the colon included; 0 when the
 * line is none of a header, and so the first one of the body. */
static size_t name_length(const char *p, const char *end)
{
	const char *q = p, *name_end;

	while (q<end && * q> ' ' && *q < 0x7f && *q != ':')
		q++;
	name_end = q;
	while (q < end && ascii_is_blank(*q))
		q++;
	return name_end > p && q < end && *q == ':' ? (size_t)(q - p) : 0;
}

static json_t *hexadecimal(const char *octets, size_t len)
{
	char *text = malloc(2 * len + 1);
	json_t *value;

	if (!text)
		die("out of memory");
	text[0] = '\0';
	for (size_t i = 0; i < len; i++)
		sprintf(text + 2 * i, "%02x", (unsigned char)octets[i]);
	value = json_string(text);
	free(text);
	return value;
}

static void field_read(struct originators *o, json_t *fields, const char *name, const char *value,
		       size_t len)
{
	enum originator field;

	originators_add(o, name, value, len);
	if (originator_find(name, &field) && o->fields_seen[field] > 0)
		json_array_append_new(fields, json_pack("[so]", name, hexadecimal(value, len)));
}

/* header[0..len) becomes fields. Folded lines are joined with LF, in place. */
static void header_read(const struct config *config, struct originators *o, json_t *fields,
			char *header, size_t len)
{
	const char *p = header, *end = header + len, *next;

	originators_init(o);
	if (config->reply_to_owned)
		originators_want_reply_to(o);
	while (p < end) {
		const char *stop = line_end(p, end, &next);
		size_t n = name_length(p, stop);
		char *value = header + (p - header) + n + 1, *out;
		char name[64];

		if (n == 0)
			break;
		snprintf(name, sizeof(name), "%.*s", (int)n, p);
		out = value + (stop - value);
		while (next < end && ascii_is_blank(*next)) {
			const char *start = next;

			stop = line_end(start, end, &next);
			*out++ = '\n';
			memmove(out, start, (size_t)(stop - start));
			out += stop - start;
		}
		field_read(o, fields, name, value, (size_t)(out - value));
		p = next;
	}
	originators_end(o);
}

/* --- the decision ------------------------------------------------------------------ */

static struct account *account_of(char *patterns)
{
	json_t *senders = json_array(), *record;
	struct account *account;
	char *rest, *text;

	for (char *p = strtok_r(patterns, " ", &rest); p; p = strtok_r(NULL, " ", &rest))
		json_array_append_new(senders, json_string(p));
	record = json_pack("{so}", "senders", senders);
	text = json_dumps(record, JSON_COMPACT);
	account = fixture_account(text);
	free(text);
	json_decref(record);
	return account;
}

/* The configuration of the last request serves the next one like it. */
static const struct config *config_of(const char *settings)
{
	static struct config *config;
	static char last[1024];
	char text[1024];

	if (config && strcmp(settings, last) == 0)
		return config;
	if (config)
		config_unref(&config);
	if (strlen(settings) >= sizeof(last))
		die("settings are too long");
	snprintf(last, sizeof(last), "%s", settings);
	snprintf(text, sizeof(text), "%s", settings);
	for (char *p = text; *p; p++)
		if (*p == ';')
			*p = '\n';
	config = fixture_config(text);
	return config;
}

static void decide(const struct config *config, const struct account *account,
		   const struct originators *o, struct finding findings[CHECKS])
{
	struct effective effective;
	struct request request = { .stage = STAGE_END_OF_MESSAGE,
				   .queue_id = "",
				   .login = LOGIN,
				   .client_address = "192.0.2.1",
				   .sender = "",
				   .recipient = "",
				   .recipients = 1,
				   .originators = o };
	const struct gate_input in = {
		.config = config, .account = account, .effective = &effective, .request = &request
	};

	effective_resolve(config, account, LOGIN, FIXTURE_NOW_S, &effective);
	for (int i = 0; i < CHECKS; i++)
		finding_init(&findings[i], MODE_OFF);
	gate_run(&in, findings);
}

/* --- requests and answers ------------------------------------------------------------ */

static void answer(const struct originators *o, json_t *fields, const struct finding *f)
{
	json_t *addresses = json_array(), *object;

	for (size_t i = 0; i < o->n; i++) {
		const struct header_address *item = &o->items[i];
		char text[ADDRESS_TEXT_MAX];

		address_format(&item->address, text);
		json_array_append_new(addresses,
				      json_pack("[ssss]", originator_name(item->field),
						item->address.local, item->address.domain, text));
	}
	object = json_pack("{ss so so ss ss sb ss}", "fault", o->fault, "addresses", addresses,
			   "fields", fields, "verdict",
			   f->result == FINDING_PASS ? "pass" : "refuse", "rule", f->rule,
			   "flagged", f->flagged, "shown", o->n_shown ? o->shown[0].text : "");
	if (!object)
		die("an answer that is not UTF-8");
	json_dumpf(object, stdout, JSON_COMPACT | JSON_ENSURE_ASCII);
	json_decref(object);
	putchar('\n');
	fflush(stdout);
}

/* In a buffer of its own size, so that reading behind it is found out. */
static char *octets_of(const char *hex, size_t *len)
{
	char *octets;

	*len = strlen(hex) / 2;
	octets = malloc(*len ? *len : 1);
	if (!octets)
		die("out of memory");
	for (size_t i = 0; i < *len; i++) {
		unsigned octet;

		if (sscanf(hex + 2 * i, "%2x", &octet) != 1)
			die("not hexadecimal");
		octets[i] = (char)octet;
	}
	return octets;
}

static void serve(char *line)
{
	static struct originators o;
	struct finding findings[CHECKS];
	char *rest, *settings = line, *patterns, *octets;
	const struct config *config;
	struct account *account;
	json_t *fields = json_array();
	size_t len;

	rest = line;
	settings = strsep(&rest, "\t");
	patterns = strsep(&rest, "\t");
	if (!patterns || !rest)
		die("a request without three fields");
	octets = octets_of(rest, &len);
	config = config_of(settings);
	header_read(config, &o, fields, octets, len);
	account = account_of(patterns);
	decide(config, account, &o, findings);
	answer(&o, fields, &findings[CHECK_HEADER_FROM]);
	account_unref(&account);
	free(octets);
}

int main(void)
{
	char *line = NULL;
	size_t size = 0;
	ssize_t len;

	header_address_init();
	while ((len = getline(&line, &size, stdin)) > 0) {
		if (line[len - 1] == '\n')
			line[len - 1] = '\0';
		serve(line);
	}
	free(line);
	return 0;
}
