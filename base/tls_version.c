#include "base/tls_version.h"

#include <stddef.h>
#include <string.h>

#include "base/ascii.h"

static const struct {
	const char *name;
	const char *text;     /* for people */
	const char *protocol; /* OpenSSL's SSL_get_version(3) */
} versions[TLS_VERSIONS] = {
	[TLS_NONE] = { "none", "no TLS", "" },
	[TLS_OTHER] = { "other", "an SSL or unknown protocol", NULL },
	[TLS_1_0] = { "1.0", "TLS 1.0", "TLSv1" },
	[TLS_1_1] = { "1.1", "TLS 1.1", "TLSv1.1" },
	[TLS_1_2] = { "1.2", "TLS 1.2", "TLSv1.2" },
	[TLS_1_3] = { "1.3", "TLS 1.3 or newer", "TLSv1.3" },
};

static const struct {
	const char *name;
	enum tls_version least;
} requirements[TLS_REQUIREMENTS] = {
	[REQUIRE_NO_TLS] = { "no", TLS_NONE },
	[REQUIRE_TLS] = { "yes", TLS_OTHER },
	[REQUIRE_TLS_1_2] = { "1.2", TLS_1_2 },
	[REQUIRE_TLS_1_3] = { "1.3", TLS_1_3 },
};

/* "TLSv1.4" and so on, should there be one. */
static bool is_newer(const char *name)
{
	static const char prefix[] = "TLSv1.";
	const char *minor = name + sizeof(prefix) - 1;

	return strncmp(name, prefix, sizeof(prefix) - 1) == 0 && ascii_is_digit(minor[0]) &&
	       minor[0] > '3' && !minor[1];
}

enum tls_version tls_version_of(const char *name)
{
	/* The newest first, which most sessions have. */
	for (size_t i = TLS_VERSIONS; i-- > 0;)
		if (versions[i].protocol && strcmp(name, versions[i].protocol) == 0)
			return (enum tls_version)i;
	return is_newer(name) ? TLS_1_3 : TLS_OTHER;
}

const char *tls_version_name(enum tls_version version)
{
	return versions[version].name;
}

const char *tls_version_text(enum tls_version version)
{
	return versions[version].text;
}

bool tls_version_parse(const char *text, enum tls_version *out)
{
	for (size_t i = 0; i < TLS_VERSIONS; i++) {
		if (strcmp(text, versions[i].name) == 0) {
			*out = (enum tls_version)i;
			return true;
		}
	}
	return false;
}

const char *tls_requirement_name(enum tls_requirement requirement)
{
	return requirements[requirement].name;
}

bool tls_requirement_parse(const char *text, enum tls_requirement *out)
{
	for (size_t i = 0; i < TLS_REQUIREMENTS; i++) {
		if (strcmp(text, requirements[i].name) == 0) {
			*out = (enum tls_requirement)i;
			return true;
		}
	}
	return false;
}

bool tls_satisfies(enum tls_version version, enum tls_requirement requirement)
{
	return version >= requirements[requirement].least;
}
