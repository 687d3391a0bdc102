#include "sasld/mechanism_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

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
enum mechanism_step mechanism_begin_scram(struct mechanism *m, const char *data)
{
	int rc = mechanism_step64(m, data ? data : "");

	m->challenge[0] = '\0';
	if (!data || !*data)
		return rc == GSASL_NEEDS_MORE ? MECHANISM_CHALLENGE :
						mechanism_malformed(m, gsasl_strerror(rc));
	if (rc != GSASL_NEEDS_MORE)
		return mechanism_malformed(m, gsasl_strerror(rc));
	if (wants_binding(data))
		return mechanism_malformed(m, "channel binding is not possible");
	if (!mechanism_take_username(m, gsasl_property_fast(m->session, GSASL_AUTHID),
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

	mechanism_end_session(m);
	mechanism_begin_session(m);
	snprintf(iterations, sizeof(iterations), "%d", verifier->iterations);
	gsasl_property_set(m->session, GSASL_SCRAM_ITER, iterations);
	set_octets(m->session, GSASL_SCRAM_SALT, verifier->salt, verifier->salt_length);
	set_keys(m, verifier);
	rc = mechanism_step64(m, m->first);
	m->verifying = true;
	m->has_previous = previous != NULL;
	if (previous)
		m->previous = *previous;
	return rc == GSASL_NEEDS_MORE ? MECHANISM_CHALLENGE :
					mechanism_malformed(m, gsasl_strerror(rc));
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
enum mechanism_step mechanism_end_scram(struct mechanism *m, const char *data)
{
	int rc;

	if (m->proven)
		return data && *data ? mechanism_malformed(m, "something behind the end") :
				       MECHANISM_RIGHT;
	if (m->has_previous)
		choose(m, data ? data : "");
	rc = mechanism_step64(m, data ? data : "");
	if (rc == GSASL_AUTHENTICATION_ERROR)
		return MECHANISM_WRONG;
	if (rc != GSASL_OK)
		return mechanism_malformed(m, gsasl_strerror(rc));
	m->proven = true;
	return MECHANISM_CHALLENGE;
}
