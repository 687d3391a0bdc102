#include <string.h>

#include "engine/account_read.h"

static const struct list_kind credential_networks = {sizeof(struct network), NETWORKS_MAX,
						     account_parse_network};

/* ---- credentials ------------------------------------------------------ */

static bool read_blocked(struct record *r, const json_t *value, const struct field *field,
			 void *base, const char **reason)
{
	struct account_credential *credential = base;
	const char *text = json_string_value(value);

	(void)r;
	credential->blocked = text && strcmp(text, "blocked") == 0;
	return credential->blocked || (text && strcmp(text, "allowed") == 0) ||
	       account_fail(reason, field->name, "of a credential is not allowed or blocked");
}

#define IN_CREDENTIAL(member) .offset = offsetof(struct account_credential, member)

static const struct field credential_fields[] = {
	{"networks", account_read_list, IN_CREDENTIAL(networks),
	 .count_offset = offsetof(struct account_credential, n_networks),
	 .list = &credential_networks},
	{"expires", account_read_integer, IN_CREDENTIAL(expires_s)},
	{"revoked", account_read_integer, IN_CREDENTIAL(revoked_s)},
	{"changed", account_read_integer, IN_CREDENTIAL(changed_s)},
	{.name = "state", .read = read_blocked},
};

static bool read_credential(struct record *r, const char *name, const json_t *object,
			    struct account_credential *out, const char **reason)
{
	*out = (struct account_credential){.name = arena_strdup(r->arena, name)};
	if (!out->name)
		return account_fail(reason, "credentials", "out of memory");
	if (*name && !username_credential_is_valid(name))
		return account_fail(reason, "credentials", "a name is not one");
	if (!json_is_object(object))
		return account_fail(reason, "credentials", "one is not an object");
	return account_read_fields(r, object, credential_fields,
				   sizeof(credential_fields) / sizeof(credential_fields[0]), out,
				   reason);
}

bool account_read_credentials(struct record *r, const json_t *value, const struct field *field,
			      void *base, const char **reason)
{
	size_t n = json_object_size(value), i = 0;
	struct account *account = base;
	struct account_credential *list;
	const json_t *object;
	const char *name;

	if (!json_is_object(value))
		return account_fail(reason, field->name, "is not an object");
	if (n > CREDENTIALS_MAX)
		return account_fail(reason, field->name, "has too many entries");
	list = arena_array(r->arena, n ? n : 1, sizeof(*list));
	if (!list)
		return account_fail(reason, field->name, "out of memory");
	json_object_foreach((json_t *)value, name, object) {
		if (!read_credential(r, name, object, &list[i++], reason))
			return false;
	}
	account->credentials = list;
	account->n_credentials = n;
	return true;
}

const struct account_credential *account_credential(const struct account *account,
						    const char *name)
{
	for (size_t i = 0; i < account->n_credentials; i++)
		if (strcmp(account->credentials[i].name, name) == 0)
			return &account->credentials[i];
	return NULL;
}

/* ---- TLS -------------------------------------------------------------- */

bool account_read_require_tls(struct record *r, const json_t *value, const struct field *field,
			      void *base, const char **reason)
{
	const char *text = json_string_value(value);
	struct account *account = base;
	enum tls_requirement requirement;

	(void)r;
	if (!text || !tls_requirement_parse(text, &requirement))
		return account_fail(reason, field->name, "is not no, yes, 1.2 or 1.3");
	account->require_tls = requirement;
	return true;
}

/* ---- identity --------------------------------------------------------- */

static bool parse_text(struct record *r, size_t max, const char *text, void *item,
		       const char **reason)
{
	const char **out = item;

	*reason = "is empty or too long";
	if (!*text || strlen(text) > max)
		return false;
	*reason = "out of memory";
	*out = arena_strdup(r->arena, text);
	return *out != NULL;
}

static bool parse_client_cert(struct record *r, const char *text, void *item,
			      const char **reason)
{
	return parse_text(r, FINGERPRINT_MAX, text, item, reason);
}

static bool parse_context(struct record *r, const char *text, void *item, const char **reason)
{
	return parse_text(r, CONTEXT_MAX, text, item, reason);
}

static const struct list_kind identity_networks = {sizeof(struct network), IDENTITY_NETWORKS_MAX,
						   account_parse_network};
static const struct list_kind client_certs = {sizeof(char *), IDENTITY_CERTS_MAX,
					      parse_client_cert};
static const struct list_kind contexts = {sizeof(char *), IDENTITY_CONTEXTS_MAX, parse_context};

static bool read_anyone(struct record *r, const json_t *value, const struct field *field,
			void *base, const char **reason)
{
	struct account_identity *identity = base;

	(void)r;
	identity->anyone = json_is_true(value);
	return json_is_boolean(value) || account_fail(reason, field->name, "is not true or false");
}

#define IN_IDENTITY(member, what)                                       \
	account_read_list, .offset = offsetof(struct account_identity, member), \
			   .count_offset = offsetof(struct account_identity, n_##member), \
			   .list = &(what)

static const struct field identity_fields[] = {
	{"networks", IN_IDENTITY(networks, identity_networks)},
	{"client_certs", IN_IDENTITY(client_certs, client_certs)},
	{"contexts", IN_IDENTITY(contexts, contexts)},
	{.name = "anyone", .read = read_anyone},
};

bool account_read_identity(struct record *r, const json_t *value, const struct field *field,
			   void *base, const char **reason)
{
	struct account_identity *identity = arena_alloc(r->arena, sizeof(*identity));
	struct account *account = base;

	if (!json_is_object(value))
		return account_fail(reason, field->name, "is not an object");
	if (!identity)
		return account_fail(reason, field->name, "out of memory");
	*identity = (struct account_identity){0};
	account->identity = identity;
	return account_read_fields(r, value, identity_fields,
				   sizeof(identity_fields) / sizeof(identity_fields[0]), identity,
				   reason);
}
