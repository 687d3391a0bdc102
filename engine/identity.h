/*
 * Identities: accounts for sessions without a SASL user name (printers, applications),
 * which are told by their network, the certificate of their TLS client, or Postfix's
 * policy_context. The criteria stand in the account's record (engine/account.h).
 *
 * Every list of an identity that has entries must be met. A daemon that cannot see the
 * certificate or the context (the milter) does not know the identities that ask for them.
 *
 * The daemons hold a table of identities, made of what they hear of accounts. It may be
 * old: a decision compares the session with the account once more (engine/decision.h).
 */
#ifndef SENDWARD_IDENTITY_H
#define SENDWARD_IDENTITY_H

#include "engine/account.h"
#include "engine/request.h"

/* A network with a shorter prefix is as good as everybody, and so is an identity with
 * neither network nor certificate. */
#define IDENTITY_IPV4_PREFIX_MIN 8
#define IDENTITY_IPV6_PREFIX_MIN 16

/* What about it lets in everybody, a static text; NULL: nothing. */
const char *identity_fault(const struct account_identity *identity);

/* Is the request's session one of the identity's? *rank is higher for more criteria,
 * and of as many for the longer prefix of the network. Never with an identity_fault()
 * that was not meant ("anyone" in the record). */
bool identity_matches(const struct account_identity *identity, const struct request *request,
		      unsigned *rank);

/* Only the policy daemon can see what the identity asks for. */
bool identity_is_policyd_only(const struct account_identity *identity);

/* A session may be of both. */
bool identity_overlap(const struct account_identity *a, const struct account_identity *b);

/* ---- the table -------------------------------------------------------- */

/* More are not found; the log says so. */
#define IDENTITIES_MAX 1000

struct identities;

struct identities *identities_new(void);
void identities_free(struct identities **identities);

/* The account of a login is now this one (NULL: none). Keeps a reference when it has an
 * identity. False when there is no room for one more. */
bool identities_learn(struct identities *identities, const char *login, struct account *account);

/* The login is said to have an identity, and its account will be learned of. */
void identities_expect(struct identities *identities, const char *login);

/* All logins that have an identity have been expected. */
void identities_listed(struct identities *identities);

/* Its account cannot be read: that is all there is to know. */
void identities_give_up(struct identities *identities, const char *login);

/* Nothing is known any more: another store. */
void identities_clear(struct identities *identities);

/* All that there are are known. */
bool identities_complete(const struct identities *identities);

size_t identities_count(const struct identities *identities);

/* The account with the identity of the highest rank, and its login; of equal ones that
 * of the login that sorts first. NULL: none. Borrowed until the table changes. */
const struct account *identities_find(const struct identities *identities,
				      const struct request *request, const char **login);

#endif
