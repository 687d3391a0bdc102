/*
 * Plays the *.scenario files beside it; tests/scenario/README.md has the
 * format.
 */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/units.h"
#include "tests/scenario/fake_store.h"
#include "tests/unit/suite.h"

#define SCENARIOS_MAX 300
#define LINE_MAX_OCTETS 1000
#define START_MS INT64_C(1700000000000)

/* ---- a play ------------------------------------------------------------- */

struct scenario {
	const char *path;
	int line;
	char name[300];
	char *text; /* the lines behind the name */
};

/* What a request line may say. */
struct fields {
	char qid[QUEUE_ID_MAX * 2], login[LOGIN_MAX + 50], client[64], sender[400], from[400];
	char recipient[400];
	int64_t free, unqueued;
	int64_t recipients, size;
	bool header_seen;
};

struct play {
	const struct scenario *scenario;
	const char *next; /* the line to be read next */
	int line;
	char text[LINE_MAX_OCTETS]; /* the present line */
	bool later;
	struct fake_store *store;
	struct config *config;
	struct fields given;
	struct request request; /* the last one */
	struct fields fields;	/* what it borrows from */
	struct originators originators;
	bool answered;
	enum action action;
	bool charged;
	char redirect[400], reply[REPLY_TEXT_MAX + 30], log[4096];
};

static void wrong(const struct play *p, const char *what)
{
	fprintf(stderr, "%s:%d: %s: %s\n", p->scenario->path, p->line, what, p->text);
	exit(99);
}

static void must(const struct play *p, bool condition, const char *what)
{
	if (!condition)
		wrong(p, what);
}

/* ---- texts -------------------------------------------------------------- */

/* "..." in the pattern stands for any text. */
static bool matches(const char *pattern, const char *text)
{
	for (; strncmp(pattern, "...", 3) != 0; pattern++, text++) {
		if (*pattern != *text)
			return false;
		if (!*pattern)
			return true;
	}
	for (pattern += 3; *text; text++)
		if (matches(pattern, text))
			return true;
	return matches(pattern, text);
}

static void check_match(const char *text, const char *pattern)
{
	if (matches(pattern, text))
		SUITE_TRUE(true);
	else
		SUITE_TEXT_EQUAL(text, pattern);
}

/* Cuts the next word off *rest; "" at the end. A value may be quoted. */
static char *word(char **rest)
{
	char *start = *rest + strspn(*rest, " \t"), *p = start, *out = start;
	bool quoted = false;

	for (; *p && (quoted || !strchr(" \t", *p)); p++) {
		if (*p == '"')
			quoted = !quoted;
		else
			*out++ = *p;
	}
	*rest = *p ? p + 1 : p;
	*rest += strspn(*rest, " \t");
	*out = '\0';
	return start;
}

static int64_t number(const struct play *p, const char *text)
{
	const char *reason;
	int64_t n = 0;

	must(p, amount_parse(text, &n, &reason), "not a number");
	return n;
}

static int64_t duration(const struct play *p, const char *text)
{
	const char *reason;
	int64_t ms = 0;

	must(p, duration_parse_ms(text, &ms, &reason), "not a duration");
	return ms;
}

/* ---- lines -------------------------------------------------------------- */

/* Reads the next line into p->text, without its end; false at the end. */
static bool read_line(struct play *p)
{
	size_t len = strcspn(p->next, "\n");

	if (!*p->next)
		return false;
	p->line++;
	must(p, len < sizeof(p->text), "the line is too long");
	memcpy(p->text, p->next, len);
	p->text[len] = '\0';
	p->next += len + (p->next[len] == '\n');
	return true;
}

/* The indented lines that follow become the configuration. */
static void step_config(struct play *p, char *rest)
{
	char text[4096] = "", error[500] = "";

	(void)rest;
	while (*p->next && strchr(" \t", *p->next) && read_line(p)) {
		must(p, strlen(text) + strlen(p->text) + 20 < sizeof(text), "too much");
		strcat(strcat(text, p->text), "\n");
	}
	if (!strstr(text, "node = "))
		strcat(text, "node = \"mx1\"\n");
	config_unref(&p->config);
	p->config = config_load_text(text, "scenario", error, sizeof(error));
	must(p, p->config != NULL, error);
}

/* ---- requests ----------------------------------------------------------- */

static void set_field(const struct play *p, struct fields *f, char *name, const char *value)
{
	const struct {
		const char *name;
		char *text;
		size_t size;
		int64_t *n;
	} table[] = {
		{ "qid", f->qid, sizeof(f->qid), NULL },
		{ "login", f->login, sizeof(f->login), NULL },
		{ "client", f->client, sizeof(f->client), NULL },
		{ "sender", f->sender, sizeof(f->sender), NULL },
		{ "from", f->from, sizeof(f->from), NULL },
		{ "recipients", NULL, 0, &f->recipients },
		{ "size", NULL, 0, &f->size },
		{ "recipient", f->recipient, sizeof(f->recipient), NULL },
		{ "free", NULL, 0, &f->free },
		{ "unqueued", NULL, 0, &f->unqueued },
	};

	for (size_t i = 0; i < SUITE_LEN(table); i++) {
		if (strcmp(table[i].name, name) != 0)
			continue;
		if (table[i].n)
			*table[i].n = number(p, value);
		else
			snprintf(table[i].text, table[i].size, "%s", value);
		if (table[i].text == f->from)
			f->header_seen = true;
		return;
	}
	wrong(p, "no such field");
}

/* NAME=VALUE words up to "->" or the end. */
static void read_fields(const struct play *p, char **rest, struct fields *f)
{
	while (**rest && strncmp(*rest, "->", 2) != 0) {
		char *name = word(rest), *value = strchr(name, '=');

		must(p, value != NULL, "not NAME=VALUE");
		*value++ = '\0';
		set_field(p, f, name, value);
	}
}

static void step_given(struct play *p, char *rest)
{
	read_fields(p, &rest, &p->given);
}

static void read_header(struct play *p)
{
	const char *from = p->fields.from;

	originators_init(&p->originators);
	if (strcmp(from, "none") != 0)
		originators_add(&p->originators, "From", from, strlen(from));
	originators_end(&p->originators);
}

static void make_request(struct play *p, enum stage stage, bool final)
{
	const struct fields *f = &p->fields;

	if (f->header_seen)
		read_header(p);
	p->request = (struct request){
		.stage = stage,
		.final = final,
		.queue_id = f->qid,
		.login = f->login,
		.client_address = f->client,
		.sender = f->sender,
		.sender_form = ADDRESS_INTERNAL,
		.recipients = f->recipients,
		.size_bytes = f->size,
		.recipient = f->recipient,
		.free_recipients = f->free,
		.before_queue = f->unqueued != 0,
		.originators = f->header_seen ? &p->originators : NULL,
	};
}

static void on_verdict(const struct verdict *v, void *arg)
{
	struct play *p = arg;
	bool told = v->action == ACTION_REFUSE || v->action == ACTION_DEFER;

	SUITE_TRUE(!p->answered);
	p->answered = true;
	p->action = v->action;
	p->charged = v->charged;
	SUITE_INT_EQUAL(v->now_ms, fake_store_now_ms(p->store));
	SUITE_INT_EQUAL(v->redirect != NULL, v->action == ACTION_REDIRECT);
	snprintf(p->redirect, sizeof(p->redirect), "%s", v->redirect ? v->redirect : "");
	snprintf(p->reply, sizeof(p->reply), "%s%s%s%s%s", told ? v->code : "", told ? " " : "",
		 told ? v->xcode : "", told ? " " : "", v->text);
	verdict_format_log(v, &p->request, p->config->node, 0, p->log, sizeof(p->log));
}

/* "-> ACTION [charged] [TEXT]" */
static void check_outcome(const struct play *p, char *rest)
{
	const char *arrow = word(&rest), *action = word(&rest);
	bool charged = strncmp(rest, "charged", 7) == 0 && strchr(" ", rest[7]);

	must(p, strcmp(arrow, "->") == 0, "\"->\" is missing");
	if (charged)
		word(&rest);
	SUITE_TEXT_EQUAL(action_name(p->action), action);
	SUITE_INT_EQUAL(p->charged, charged);
	if (p->action == ACTION_REDIRECT)
		SUITE_TEXT_EQUAL(p->redirect, rest);
	else if (*rest || p->action == ACTION_REFUSE || p->action == ACTION_DEFER)
		check_match(p->reply, rest);
}

static void ask(struct play *p, char *rest, enum stage stage, bool final)
{
	p->fields = p->given;
	read_fields(p, &rest, &p->fields);
	make_request(p, stage, final);
	p->answered = false;
	decision_start(fake_store_env(p->store), p->config, &p->request, on_verdict, p);
	SUITE_INT_EQUAL(p->answered, !p->later);
	while (fake_store_answer(p->store))
		;
	SUITE_TRUE(p->answered);
	check_outcome(p, rest);
}

static void step_mail(struct play *p, char *rest)
{
	ask(p, rest, STAGE_MAIL, false);
}

static void step_rcpt(struct play *p, char *rest)
{
	ask(p, rest, STAGE_RCPT, false);
}

static void step_data(struct play *p, char *rest)
{
	ask(p, rest, STAGE_DATA, false);
}

static void step_eom(struct play *p, char *rest)
{
	ask(p, rest, STAGE_END_OF_MESSAGE, false);
}

static void step_final(struct play *p, char *rest)
{
	ask(p, rest, STAGE_END_OF_MESSAGE, true);
}

static void step_log(struct play *p, char *rest)
{
	char pattern[LINE_MAX_OCTETS + 10];

	snprintf(pattern, sizeof(pattern), "...%s...", rest);
	check_match(p->log, pattern);
}

/* ---- the world ---------------------------------------------------------- */

static void step_account(struct play *p, char *rest)
{
	const char *login = word(&rest);

	fake_store_account(p->store, login, rest);
}

static void step_record(struct play *p, char *rest)
{
	const char *login = word(&rest);

	fake_store_record(p->store, login, rest);
}

static void step_delete(struct play *p, char *rest)
{
	fake_store_account(p->store, word(&rest), NULL);
}

static void step_reset(struct play *p, char *rest)
{
	fake_store_reset(p->store, word(&rest));
}

static void step_churn(struct play *p, char *rest)
{
	const char *login = word(&rest);

	fake_store_churn(p->store, login, (int)number(p, word(&rest)));
}

static void step_after(struct play *p, char *rest)
{
	fake_store_move_clock(p->store, duration(p, rest));
}

static void step_back(struct play *p, char *rest)
{
	fake_store_move_clock(p->store, -duration(p, rest));
}

static void step_store(struct play *p, char *rest)
{
	static const struct {
		const char *name;
		enum line line;
	} lines[] = {
		{ "up", LINE_UP },
		{ "away", LINE_AWAY },
		{ "deaf", LINE_DEAF },
		{ "mute", LINE_MUTE },
	};

	for (size_t i = 0; i < SUITE_LEN(lines); i++) {
		if (strcmp(lines[i].name, rest) == 0) {
			fake_store_set_line(p->store, lines[i].line);
			return;
		}
	}
	wrong(p, "the store is up, away, deaf or mute");
}

static void step_restart(struct play *p, char *rest)
{
	(void)rest;
	fake_store_restart(p->store);
}

static void message_key(const char *qid, char out[MESSAGE_KEY_MAX + 1])
{
	snprintf(out, MESSAGE_KEY_MAX + 1, "mx1/%s", qid);
}

static void step_refund(struct play *p, char *rest)
{
	struct charge charge = { .scope = SCOPE_LOGIN };
	char key[MESSAGE_KEY_MAX + 1];

	snprintf(charge.name, sizeof(charge.name), "%s", word(&rest));
	message_key(word(&rest), key);
	fake_store_env(p->store)->refund(p->store, &charge, key, false);
}

/* "domain:dom.example" is what the logins of a domain share. */
static const char *scope_of(const char *name, enum take_scope *scope)
{
	for (int i = SCOPE_DOMAIN; i < TAKE_SCOPES; i++) {
		size_t len = strlen(take_scope_name((enum take_scope)i));

		if (strncmp(name, take_scope_name((enum take_scope)i), len) == 0 &&
		    name[len] == ':') {
			*scope = (enum take_scope)i;
			return name + len + 1;
		}
	}
	*scope = SCOPE_LOGIN;
	return name;
}

static void step_used(struct play *p, char *rest)
{
	enum take_scope scope;
	const char *name = scope_of(word(&rest), &scope), *reason = "";
	struct quota quota;

	must(p, quota_parse(rest, &quota, &reason), reason);
	SUITE_INT_EQUAL(fake_store_used(p->store, scope, name, &quota), quota.limit);
}

static void step_message(struct play *p, char *rest)
{
	const char *login = word(&rest);
	char key[MESSAGE_KEY_MAX + 1];

	message_key(word(&rest), key);
	SUITE_TEXT_EQUAL(fake_store_message(p->store, login, key), rest);
}

static const struct step {
	const char *name;
	void (*run)(struct play *p, char *rest);
} steps[] = {
	{ "account", step_account }, { "after", step_after },	{ "back", step_back },
	{ "churn", step_churn },     { "config", step_config }, { "data", step_data },
	{ "delete", step_delete },   { "eom", step_eom },	{ "final", step_final },
	{ "given", step_given },     { "log", step_log },	{ "mail", step_mail },
	{ "message", step_message }, { "rcpt", step_rcpt },	{ "record", step_record },
	{ "refund", step_refund },   { "reload", step_config }, { "reset", step_reset },
	{ "restart", step_restart }, { "store", step_store },	{ "used", step_used },
};

/* ---- the stage ---------------------------------------------------------- */

static void run_step(struct play *p)
{
	char line[LINE_MAX_OCTETS], *rest = line;
	const char *name;

	memcpy(line, p->text, sizeof(line));
	suite_row("%s:%d: %s%s", p->scenario->path, p->line, p->text,
		  p->later ? " (answered later)" : "");
	name = word(&rest);
	if (!*name || *name == '#')
		return;
	for (size_t i = 0; i < SUITE_LEN(steps); i++) {
		if (strcmp(steps[i].name, name) == 0) {
			steps[i].run(p, rest);
			return;
		}
	}
	wrong(p, "no such step");
}

static void play(const struct scenario *scenario, bool later)
{
	struct play *p = memory_zero(sizeof(*p));
	char none[] = "";

	p->scenario = scenario;
	p->line = scenario->line;
	p->next = "";
	p->later = later;
	p->store = fake_store_new(START_MS);
	fake_store_answer_later(p->store, later);
	p->given = (struct fields){ .login = "rose@dom.example",
				    .client = "192.0.2.1",
				    .sender = "rose@dom.example",
				    .recipients = 1,
				    .size = 1000 };
	step_config(p, none);
	p->next = scenario->text;
	while (read_line(p))
		run_step(p);
	fake_store_free(&p->store);
	config_unref(&p->config);
	free(p);
}

static struct scenario scenarios[SCENARIOS_MAX];
static struct suite_test tests[SCENARIOS_MAX];
static size_t n_scenarios, n_played;

/* The suite runs them in their order. */
static void play_next(void)
{
	const struct scenario *scenario = &scenarios[n_played++];

	play(scenario, false);
	play(scenario, true);
}

/* ---- files -------------------------------------------------------------- */

static char *read_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	char *text = memory_zero(1 << 20);

	if (!file || fread(text, 1, (1 << 20) - 1, file) == 0) {
		fprintf(stderr, "%s: cannot be read\n", path);
		exit(99);
	}
	fclose(file);
	return text;
}

/* Cuts the file's text into scenarios; the text stays allocated. */
static void load_file(const char *path)
{
	static const char head[] = "scenario ";
	char *line = read_file(path), *end;
	int number = 1;

	for (; line; line = end, number++) {
		struct scenario *s = &scenarios[n_scenarios];

		end = strchr(line, '\n');
		if (end)
			*end++ = strncmp(line, head, strlen(head)) == 0 ? '\0' : '\n';
		if (strncmp(line, head, strlen(head)) != 0)
			continue;
		if (n_scenarios == SCENARIOS_MAX) {
			fprintf(stderr, "%s:%d: too many scenarios\n", path, number);
			exit(99);
		}
		*line = '\0'; /* the end of the scenario before */
		s->path = path;
		s->line = number;
		snprintf(s->name, sizeof(s->name), "%s", line + strlen(head));
		s->text = end ? end : line;
		tests[n_scenarios] = (struct suite_test){ s->name, play_next };
		n_scenarios++;
	}
}

int main(int argc, char **argv)
{
	const char *srcdir = getenv("srcdir");
	char pattern[4096];
	static glob_t found; /* scenarios borrow their paths */

	header_address_init();
	snprintf(pattern, sizeof(pattern), "%s/tests/scenario/%s.scenario", srcdir ? srcdir : ".",
		 argc > 1 ? argv[1] : "*");
	if (glob(pattern, 0, NULL, &found) != 0) {
		fprintf(stderr, "%s: no such file\n", pattern);
		return 99;
	}
	for (size_t i = 0; i < found.gl_pathc; i++)
		load_file(found.gl_pathv[i]);
	return suite_run("scenarios", tests, n_scenarios);
}
