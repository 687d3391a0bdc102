/*
 * What is kept of the secret of one username: hashes, never the secret. A JSON
 * object in a key of its own, such as Dovecot 2.3 reads with `dict` too:
 *
 *	password	"{CRYPT}$y$j9T$...", base/password_hash.h
 *	scram		"ITERATIONS:SALT:STOREDKEY:SERVERKEY", base/scram.h
 *	changed		when the secret was set, Unix time
 *	previous, previous_scram, previous_until
 *			the one before, which is good until then
 *	allow_nets	"192.0.2.0/24,...": for Dovecot, which looks at it; the
 *			daemons look at the account
 *
 * Only password is always there. Other members are ignored, and kept by nobody.
 * Plain data, no I/O.
 */
#ifndef SENDWARD_SECRET_RECORD_H
#define SENDWARD_SECRET_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/config.h"
#include "base/password_hash.h"
#include "base/scram.h"

/* Octets of a record, and of its list of networks. */
#define SECRET_RECORD_MAX 8192
#define SECRET_NETWORKS_MAX 6000

struct secret_record {
	char password[PASSWORD_HASH_MAX];
	char scram[SCRAM_TEXT_MAX]; /* "": there is none */
	int64_t changed_s;	    /* 0: not known */
	char previous[PASSWORD_HASH_MAX]; /* "": there is none */
	char previous_scram[SCRAM_TEXT_MAX];
	int64_t previous_until_s;
	char allow_nets[SECRET_NETWORKS_MAX + 1]; /* "": anywhere */
};

/* False with *reason (static) for what is no record. Whether the hashes are
 * such as can be verified is not looked at. */
bool secret_record_decode(const char *text, size_t len, struct secret_record *out,
			  const char **reason);

/* The JSON; free() it. */
char *secret_record_encode(const struct secret_record *record);

/* Hashes a new secret into record, as it is configured; the rest stays. This
 * takes as long as a login. False with *reason (static). */
bool secret_record_set(const struct password_settings *settings, const struct secret *secret,
		       struct secret_record *record, const char **reason);

/* The present secret becomes the previous one until then; 0: it is forgotten. */
void secret_record_keep_previous(struct secret_record *record, int64_t until_s);

enum secret_match { SECRET_WRONG, SECRET_RIGHT, SECRET_PREVIOUS };

/* Is it the secret, or the previous one while that is good? Hashes once, and
 * once more for a previous one. */
enum secret_match secret_record_verify(const struct secret_record *record,
				       const struct secret *secret, int64_t now_s);

#endif
