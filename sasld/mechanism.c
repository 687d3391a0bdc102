#include "sasld/mechanism.h"

#include <gsasl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "base/utf8.h"
#include "sasld/protocol.h"

struct mechanism_library {
	Gsasl *gsasl;
};

struct mechanism {
	struct mechanism_library *library;
	enum sasl_mechanism which;
	Gsasl_session *session;
	bool begun;
	int n_steps;
	struct secret *password; /* PLAIN, LOGIN: it and the name are there */
	bool proven;		 /* SCRAM: only the client's empty answer is missing */
	bool verifying;		 /* SCRAM: the session has its verifier */
	bool has_previous, by_previous;
	struct scram_verifier previous;
	const char *fault;
	char *first; /* SCRAM: the client's first message, in base64 */
	char username[LOGIN_MAX + 1];
	char challenge[MECHANISM_CHALLENGE_MAX];
};

/* ---- what there is -------------------------------------------------------- */

static const struct {
	const char *name;
	bool plaintext;
	unsigned properties;
} table[SASL_MECHANISMS] = {
	[SASL_PLAIN] = { "PLAIN", true, PROTOCOL_PLAINTEXT },
	[SASL_LOGIN] = { "LOGIN", true, PROTOCOL_PLAINTEXT },
	/* Who overhears it can try passwords against it, as with DIGEST-MD5. */
	[SASL_SCRAM_SHA_256] = { "SCRAM-SHA-256", false, PROTOCOL_DICTIONARY | PROTOCOL_MUTUAL },
};

const char *mechanism_name(enum sasl_mechanism which)
{
	return table[which].name;
}

bool mechanism_find(const char *name, enum sasl_mechanism *out)
{
	for (int i = 0; i < SASL_MECHANISMS; i++) {
		if (strcasecmp(name, table[i].name) != 0)
			continue;
		*out = (enum sasl_mechanism)i;
		return true;
	}
	return false;
}

unsigned mechanism_properties(enum sasl_mechanism which)
{
	return table[which].properties;
}

bool mechanism_is_plaintext(enum sasl_mechanism which)
{
	return table[which].plaintext;
}

/* ---- GNU SASL ------------------------------------------------------------- */

static enum mechanism_step malformed(struct mechanism *m, const char *fault)
{
	m->fault = fault;
	return MECHANISM_MALFORMED;
}

static bool is_username(const char *name)
{
	size_t len = strlen(name), at = 0, n;
	uint32_t code_point;

	for (; at < len; at += n) {
		n = utf8_sequence(name + at, len - at, &code_point);
		if (n == 0 || utf8_is_control(code_point))
			return false;
	}
	return len > 0;
}

/* False with the fault when it cannot be a user's name. */
static bool take_username(struct mechanism *m, const char *username, const char *acting_for)
{
	if (!username || strlen(username) > LOGIN_MAX || !is_username(username)) {
		m->fault = "not a user name";
		return false;
	}
	if (acting_for && *acting_for && strcmp(acting_for, username) != 0) {
		m->fault = "acting for another user is not possible";
		return false;
	}
	strcpy(m->username, username);
	return true;
}

/* GNU SASL has name and password and asks whether they are right. That is found
 * out elsewhere; here they are only taken. */
static int collect(struct mechanism *m, Gsasl_session *session)
{
	const char *password = gsasl_property_fast(session, GSASL_PASSWORD);

	if (!take_username(m, gsasl_property_fast(session, GSASL_AUTHID),
			   gsasl_property_fast(session, GSASL_AUTHZID)))
		return GSASL_AUTHENTICATION_ERROR;
	m->password = secret_new();
	if (password && *password && secret_set(m->password, password, strlen(password)))
		return GSASL_OK;
	m->fault = "not a password";
	secret_free(&m->password);
	return GSASL_AUTHENTICATION_ERROR;
}

static int on_callback(Gsasl *gsasl, Gsasl_session *session, Gsasl_property property)
{
	struct mechanism *m = gsasl_session_hook_get(session);

	(void)gsasl;
	if (property == GSASL_VALIDATE_SIMPLE)
		return collect(m, session);
	return GSASL_NO_CALLBACK;
}

struct mechanism_library *mechanism_library_new(const char **reason)
{
	struct mechanism_library *library = memory_zero(sizeof(*library));
	int rc = gsasl_init(&library->gsasl);

	if (rc != GSASL_OK) {
		*reason = gsasl_strerror(rc);
		free(library);
		return NULL;
	}
	gsasl_callback_set(library->gsasl, on_callback);
	for (int i = 0; i < SASL_MECHANISMS; i++) {
		if (gsasl_server_support_p(library->gsasl, table[i].name))
			continue;
		*reason = table[i].name;
		mechanism_library_free(&library);
		return NULL;
	}
	return library;
}

void mechanism_library_free(struct mechanism_library **library)
{
	if (!*library)
		return;
	gsasl_done((*library)->gsasl);
	free(*library);
	*library = NULL;
}

/* ---- one exchange --------------------------------------------------------- */

/* The session's own copy is ours to spoil: it ends with the session. */
static void wipe_property(Gsasl_session *session, Gsasl_property property)
{
	const char *value = gsasl_property_fast(session, property);

	if (value)
		explicit_bzero((char *)value, strlen(value));
}

static void end_session(struct mechanism *m)
{
	if (!m->session)
		return;
	wipe_property(m->session, GSASL_PASSWORD);
	wipe_property(m->session, GSASL_SCRAM_STOREDKEY);
	wipe_property(m->session, GSASL_SCRAM_SERVERKEY);
	gsasl_finish(m->session);
	m->session = NULL;
}

static void begin_session(struct mechanism *m)
{
	int rc = gsasl_server_start(m->library->gsasl, table[m->which].name, &m->session);

	if (rc != GSASL_OK)
		abort(); /* out of memory: the mechanisms are known to be there */
	gsasl_session_hook_set(m->session, m);
}

struct mechanism *mechanism_new(struct mechanism_library *library, enum sasl_mechanism which)
{
	struct mechanism *m = memory_zero(sizeof(*m));

	m->library = library;
	m->which = which;
	begin_session(m);
	return m;
}

static void forget_first(struct mechanism *m)
{
	free(m->first);
	m->first = NULL;
}

void mechanism_free(struct mechanism **mechanism)
{
	struct mechanism *m = *mechanism;

	if (!m)
		return;
	end_session(m);
	forget_first(m);
	secret_free(&m->password);
	explicit_bzero(m, sizeof(*m));
	free(m);
	*mechanism = NULL;
}

/* One step of GNU SASL's, the challenge left in m. */
static int step64(struct mechanism *m, const char *data)
{
	char *challenge = NULL;
	int rc = gsasl_step64(m->session, data, &challenge);

	m->challenge[0] = '\0';
	if (challenge && strlen(challenge) < sizeof(m->challenge))
		strcpy(m->challenge, challenge);
	else if (challenge)
		rc = GSASL_MECHANISM_PARSE_ERROR;
	gsasl_free(challenge);
	return rc;
}

/* GNU SASL asks for "User Name" and "Password", which is in the draft; some
 * clients know only what everybody else asks for. */
static void usual_words(struct mechanism *m)
{
	static const struct {
		const char *draft, *usual;
	} words[] = {
		{ "VXNlciBOYW1l", "VXNlcm5hbWU6" }, /* User Name: Username: */
		{ "UGFzc3dvcmQ=", "UGFzc3dvcmQ6" }, /* Password: Password: */
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(m->challenge, words[i].draft) == 0)
			strcpy(m->challenge, words[i].usual);
}

/* PLAIN, LOGIN. */
static enum mechanism_step step_password(struct mechanism *m, const char *data)
{
	int rc;

	/* LOGIN asks for the name first, also who has sent it already. */
	if (!m->begun && data && m->which == SASL_LOGIN)
		step64(m, "");
	rc = step64(m, data ? data : "");
	m->begun = true;
	if (m->password)
		return MECHANISM_PASSWORD;
	if (rc == GSASL_NEEDS_MORE) {
		usual_words(m);
		return MECHANISM_CHALLENGE;
	}
	return malformed(m, m->fault ? m->fault : gsasl_strerror(rc));
}

/* The text out of Base64, "" when it is none; free() it. */
static char *decode(const char *data)
{
	char *octets = NULL, *text;
	size_t len = 0;

	if (gsasl_base64_from(data, strlen(data), &octets, &len) != GSASL_OK)
		len = 0;
	text = memory_zero(len + 1);
	if (len > 0)
		memcpy(text, octets, len);
	gsasl_free(octets);
	return text;
}

/* What the client's first message begins with (RFC 5802 section 7, gs2-cbind-flag):
 * "p" asks for the channel binding that only -PLUS has. */
static bool wants_binding(const char *data)
{
	char *first = decode(data);
	bool wants = *first == 'p';

	free(first);
	return wants;
}

/* The client's first message is tried without a verifier, for the name in it. */
static enum mechanism_step begin_scram(struct mechanism *m, const char *data)
{
	int rc = step64(m, data ? data : "");

	m->challenge[0] = '\0';
	if (!data || !*data)
		return rc == GSASL_NEEDS_MORE ? MECHANISM_CHALLENGE :
						malformed(m, gsasl_strerror(rc));
	if (rc != GSASL_NEEDS_MORE)
		return malformed(m, gsasl_strerror(rc));
	if (wants_binding(data))
		return malformed(m, "channel binding is not possible");
	if (!take_username(m, gsasl_property_fast(m->session, GSASL_AUTHID),
			   gsasl_property_fast(m->session, GSASL_AUTHZID)))
		return MECHANISM_MALFORMED;
	m->first = memory_strdup(data);
	return MECHANISM_VERIFIER;
}

/* As GNU SASL wants them. */
static void set_octets(Gsasl_session *session, Gsasl_property property, const uint8_t *octets,
		       size_t len)
{
	char *text;

	if (gsasl_base64_to((const char *)octets, len, &text, NULL) != GSASL_OK)
		abort(); /* out of memory */
	gsasl_property_set(session, property, text);
	explicit_bzero(text, strlen(text));
	gsasl_free(text);
}

static void set_keys(struct mechanism *m, const struct scram_verifier *verifier)
{
	set_octets(m->session, GSASL_SCRAM_STOREDKEY, verifier->stored_key, SCRAM_KEY_OCTETS);
	set_octets(m->session, GSASL_SCRAM_SERVERKEY, verifier->server_key, SCRAM_KEY_OCTETS);
}

enum mechanism_step mechanism_verify(struct mechanism *m, const struct scram_verifier *verifier,
				     const struct scram_verifier *previous)
{
	char iterations[16];
	int rc;

	end_session(m);
	begin_session(m);
	snprintf(iterations, sizeof(iterations), "%d", verifier->iterations);
	gsasl_property_set(m->session, GSASL_SCRAM_ITER, iterations);
	set_octets(m->session, GSASL_SCRAM_SALT, verifier->salt, verifier->salt_length);
	set_keys(m, verifier);
	rc = step64(m, m->first);
	m->verifying = true;
	m->has_previous = previous != NULL;
	if (previous)
		m->previous = *previous;
	return rc == GSASL_NEEDS_MORE ? MECHANISM_CHALLENGE : malformed(m, gsasl_strerror(rc));
}

/* Whether it is the previous secret that the client knows: then GNU SASL gets that
 * one's keys before it looks. */
static void choose(struct mechanism *m, const char *data)
{
	char *first = decode(m->first), *challenge = decode(m->challenge), *final = decode(data);

	m->by_previous = scram_proves(m->previous.stored_key, first, challenge, final);
	if (m->by_previous)
		set_keys(m, &m->previous);
	free(first);
	free(challenge);
	free(final);
}

/* The client proves that it knows the password, and answers our own proof with
 * nothing. */
static enum mechanism_step end_scram(struct mechanism *m, const char *data)
{
	int rc;

	if (m->proven)
		return data && *data ? malformed(m, "something behind the end") : MECHANISM_RIGHT;
	if (m->has_previous)
		choose(m, data ? data : "");
	rc = step64(m, data ? data : "");
	if (rc == GSASL_AUTHENTICATION_ERROR)
		return MECHANISM_WRONG;
	if (rc != GSASL_OK)
		return malformed(m, gsasl_strerror(rc));
	m->proven = true;
	return MECHANISM_CHALLENGE;
}

enum mechanism_step mechanism_step(struct mechanism *m, const char *data)
{
	if (data && strlen(data) > MECHANISM_DATA_MAX)
		return malformed(m, "too long");
	if (m->n_steps++ > MECHANISM_CHALLENGES_MAX)
		return malformed(m, "too many steps");
	if (table[m->which].plaintext)
		return step_password(m, data);
	return m->verifying ? end_scram(m, data) : begin_scram(m, data);
}

const char *mechanism_challenge(const struct mechanism *m)
{
	return m->challenge;
}

const char *mechanism_fault(const struct mechanism *m)
{
	return m->fault ? m->fault : "";
}

const char *mechanism_username(const struct mechanism *m)
{
	return m->username;
}

struct secret *mechanism_take_password(struct mechanism *m)
{
	struct secret *password = m->password;

	m->password = NULL;
	return password;
}

bool mechanism_by_previous(const struct mechanism *m)
{
	return m->by_previous;
}
