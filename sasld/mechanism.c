#include "sasld/mechanism_internal.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "base/utf8.h"
#include "sasld/protocol.h"

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

enum mechanism_step mechanism_malformed(struct mechanism *m, const char *fault)
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
bool mechanism_take_username(struct mechanism *m, const char *username, const char *acting_for)
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

	if (!mechanism_take_username(m, gsasl_property_fast(session, GSASL_AUTHID),
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

void mechanism_end_session(struct mechanism *m)
{
	if (!m->session)
		return;
	wipe_property(m->session, GSASL_PASSWORD);
	wipe_property(m->session, GSASL_SCRAM_STOREDKEY);
	wipe_property(m->session, GSASL_SCRAM_SERVERKEY);
	gsasl_finish(m->session);
	m->session = NULL;
}

void mechanism_begin_session(struct mechanism *m)
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
	mechanism_begin_session(m);
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
	mechanism_end_session(m);
	forget_first(m);
	secret_free(&m->password);
	explicit_bzero(m, sizeof(*m));
	free(m);
	*mechanism = NULL;
}

/* What the Base64 text stands for, with a NUL behind; wiped by the caller. */
static int decode(const char *data, char out[MECHANISM_DATA_MAX + 1], size_t *len)
{
	char *octets = NULL;
	int rc = GSASL_OK;

	*len = 0;
	if (*data)
		rc = gsasl_base64_from(data, strlen(data), &octets, len);
	if (rc == GSASL_OK && *len > MECHANISM_DATA_MAX)
		rc = GSASL_MECHANISM_PARSE_ERROR;
	if (rc == GSASL_OK && *len > 0)
		memcpy(out, octets, *len);
	out[rc == GSASL_OK ? *len : 0] = '\0';
	if (octets)
		explicit_bzero(octets, *len);
	gsasl_free(octets);
	return rc;
}

static int keep_challenge(struct mechanism *m, const char *octets, size_t len)
{
	char *text = NULL;
	int rc = gsasl_base64_to(octets, len, &text, NULL);

	if (rc == GSASL_OK && strlen(text) < sizeof(m->challenge))
		strcpy(m->challenge, text);
	else
		rc = GSASL_MECHANISM_PARSE_ERROR;
	gsasl_free(text);
	return rc;
}

/* One step of GNU SASL's, the challenge left in m. Not gsasl_step64(): that leaves
 * a decoded password in memory. */
int mechanism_step64(struct mechanism *m, const char *data)
{
	char text[MECHANISM_DATA_MAX + 1], *challenge = NULL;
	size_t len, challenge_len = 0;
	int rc = decode(data, text, &len), kept;

	m->challenge[0] = '\0';
	if (rc == GSASL_OK)
		rc = gsasl_step(m->session, text, len, &challenge, &challenge_len);
	explicit_bzero(text, sizeof(text));
	if ((rc == GSASL_OK || rc == GSASL_NEEDS_MORE) && challenge_len > 0 &&
	    (kept = keep_challenge(m, challenge, challenge_len)) != GSASL_OK)
		rc = kept;
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
		mechanism_step64(m, "");
	rc = mechanism_step64(m, data ? data : "");
	m->begun = true;
	if (m->password)
		return MECHANISM_PASSWORD;
	if (rc == GSASL_NEEDS_MORE) {
		usual_words(m);
		return MECHANISM_CHALLENGE;
	}
	return mechanism_malformed(m, m->fault ? m->fault : gsasl_strerror(rc));
}

enum mechanism_step mechanism_step(struct mechanism *m, const char *data)
{
	if (data && strlen(data) > MECHANISM_DATA_MAX)
		return mechanism_malformed(m, "too long");
	if (m->n_steps++ > MECHANISM_CHALLENGES_MAX)
		return mechanism_malformed(m, "too many steps");
	if (table[m->which].plaintext)
		return step_password(m, data);
	return m->verifying ? mechanism_end_scram(m, data) : mechanism_begin_scram(m, data);
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
