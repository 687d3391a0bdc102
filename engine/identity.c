#include "engine/identity.h"

#include <string.h>

#include "base/ascii.h"

/* Of an IPv4 network the prefix of the IPv4 address. */
static bool is_wide(const struct network *net)
{
	if (network_is_ipv4(net))
		return net->prefix < 96 + IDENTITY_IPV4_PREFIX_MIN;
	return net->prefix < IDENTITY_IPV6_PREFIX_MIN;
}

const char *identity_fault(const struct account_identity *identity)
{
	size_t allowed = 0;

	for (size_t i = 0; i < identity->n_networks; i++) {
		if (identity->networks[i].deny)
			continue;
		allowed++;
		if (is_wide(&identity->networks[i]))
			return "a network shorter than /8 (IPv6: /16)";
	}
	if (allowed == 0 && identity->n_networks > 0)
		return "nothing but excluded networks";
	if (allowed == 0 && identity->n_client_certs == 0)
		return "neither a network nor a client certificate";
	return NULL;
}

bool identity_is_policyd_only(const struct account_identity *identity)
{
	return identity->n_client_certs > 0 || identity->n_contexts > 0;
}

/* ---- one session ------------------------------------------------------ */

/* Fingerprints are compared without their colons and in any case (Postfix's
 * smtpd_tls_fingerprint_digest). */
static bool same_fingerprint(const char *a, const char *b)
{
	for (;; a++, b++) {
		a += strspn(a, ":");
		b += strspn(b, ":");
		if (ascii_lower(*a) != ascii_lower(*b))
			return false;
		if (!*a)
			return true;
	}
}

static bool has_cert(const struct account_identity *identity, const char *fingerprint)
{
	for (size_t i = 0; fingerprint && *fingerprint && i < identity->n_client_certs; i++)
		if (same_fingerprint(identity->client_certs[i], fingerprint))
			return true;
	return false;
}

static bool has_context(const struct account_identity *identity, const char *context)
{
	for (size_t i = 0; context && *context && i < identity->n_contexts; i++)
		if (strcmp(identity->contexts[i], context) == 0)
			return true;
	return false;
}

/* The longest prefix that the client is in; -1: none admits it. */
static int longest_prefix(const struct account_identity *identity, const struct request *request)
{
	struct ip client;
	int longest = -1;

	if (!ip_parse(request->client_address, &client) ||
	    !network_list_admits(identity->networks, identity->n_networks, &client, NULL))
		return -1;
	for (size_t i = 0; i < identity->n_networks; i++) {
		const struct network *net = &identity->networks[i];

		if (!net->deny && network_contains(net, &client) && net->prefix > longest)
			longest = net->prefix;
	}
	/* Admitted because nothing but others is excluded. */
	return longest < 0 ? 0 : longest;
}

bool identity_matches(const struct account_identity *identity, const struct request *request,
		      unsigned *rank)
{
	unsigned criteria = 0;
	int prefix = 0;

	if (!identity->anyone && identity_fault(identity))
		return false;
	if (identity->n_networks > 0) {
		prefix = longest_prefix(identity, request);
		if (prefix < 0)
			return false;
		criteria++;
	}
	if (identity->n_client_certs > 0) {
		if (!has_cert(identity, request->client_cert) &&
		    !has_cert(identity, request->client_key))
			return false;
		criteria++;
	}
	if (identity->n_contexts > 0) {
		if (!has_context(identity, request->context))
			return false;
		criteria++;
	}
	*rank = criteria << 8 | (unsigned)prefix;
	return criteria > 0;
}

/* ---- two identities --------------------------------------------------- */

static bool networks_overlap(const struct account_identity *a, const struct account_identity *b)
{
	for (size_t i = 0; i < a->n_networks; i++)
		for (size_t j = 0; j < b->n_networks; j++) {
			const struct network *x = &a->networks[i], *y = &b->networks[j];

			if (!x->deny && !y->deny &&
			    (network_contains(x, &y->base) || network_contains(y, &x->base)))
				return true;
		}
	return false;
}

static bool certs_overlap(const struct account_identity *a, const struct account_identity *b)
{
	for (size_t i = 0; i < a->n_client_certs; i++)
		if (has_cert(b, a->client_certs[i]))
			return true;
	return false;
}

static bool contexts_overlap(const struct account_identity *a, const struct account_identity *b)
{
	for (size_t i = 0; i < a->n_contexts; i++)
		if (has_context(b, a->contexts[i]))
			return true;
	return false;
}

/* A criterion that one of them does not have is met by any session. */
bool identity_overlap(const struct account_identity *a, const struct account_identity *b)
{
	return (a->n_networks == 0 || b->n_networks == 0 || networks_overlap(a, b)) &&
	       (a->n_client_certs == 0 || b->n_client_certs == 0 || certs_overlap(a, b)) &&
	       (a->n_contexts == 0 || b->n_contexts == 0 || contexts_overlap(a, b));
}
