#include "sasld/login_internal.h"

#include <string.h>
#include <time.h>

#include "sasld/lifetime.h"

/* ---- the password --------------------------------------------------------- */

static void ask_at_door(struct login *l, struct account *account)
{
	struct door_verdict verdict;
	const struct door_request request = {
		.config = l->config,
		.account = account,
		.login = l->name.login,
		.credential = l->name.credential,
		.client = l->client_known ? &l->client : NULL,
		.secured = l->secured,
		.now_s = (int64_t)time(NULL),
	};

	lifetime_look(l->host->store, l->config, account, request.login, request.credential,
		      request.now_s);
	door_decide(&request, &verdict);
	if (verdict.open)
		login_record(l, true);
	else
		login_refuse(l, verdict.why, "", verdict.text);
}

void login_right(struct login *l)
{
	const char *reason = "";
	struct account *account = account_decode(l->record, l->record_len, &reason);

	if (account)
		ask_at_door(l, account);
	else
		login_cannot_tell(l, "store", reason);
	account_unref(&account);
}

static void on_compared(int which, void *arg)
{
	struct login *l = arg;

	l->job = NULL;
	l->previous = which == 1;
	if (which >= 0)
		login_right(l);
	else
		login_record(l, false);
}

static bool has_previous(const struct login *l)
{
	return *l->secret.previous && l->secret.previous_until_s > (int64_t)time(NULL);
}

static void compare(struct login *l)
{
	const char *hashes[HASHER_HASHES_MAX] = { l->secret.password, l->secret.previous };
	struct password_cost cost = config_password_cost(&l->config->passwords);
	size_t n = !l->has_secret ? 0 : has_previous(l) ? 2 : 1;

	login_enter(l, LOGIN_COMPARING);
	l->job = hasher_compare(l->host->hasher, mechanism_take_password(l->mechanism), hashes, n,
				&cost, on_compared, l);
	if (!l->job)
		login_cannot_tell(l, "busy", "too many logins at a time");
}

/* The verifier of the secret before a rotation, where that is good still and of
 * the same salt. */
static bool read_previous(const struct login *l, const struct scram_verifier *present,
			  struct scram_verifier *out)
{
	return l->has_secret && has_previous(l) && scram_parse(l->secret.previous_scram, out) &&
	       scram_same_salt(present, out);
}

static void verify_scram(struct login *l)
{
	struct scram_verifier verifier, previous;
	int iterations = l->config->passwords.scram_iterations;
	bool two;

	if (!*l->host->strangers) {
		login_cannot_tell(l, "store", "the secret for unknown users is not there yet");
		return;
	}
	stranger_verifier(l->host->strangers, l->username,
			  iterations ? iterations : SCRAM_ITERATIONS_MIN, &verifier);
	if (l->has_secret && *l->secret.scram && !scram_parse(l->secret.scram, &verifier)) {
		login_cannot_tell(l, "store", "the verifier for SCRAM is none");
		return;
	}
	two = read_previous(l, &verifier, &previous);
	login_stepped(l, mechanism_verify(l->mechanism, &verifier, two ? &previous : NULL));
	explicit_bzero(&verifier, sizeof(verifier));
	explicit_bzero(&previous, sizeof(previous));
}

void login_verify(struct login *l)
{
	if (mechanism_is_plaintext(l->which))
		compare(l);
	else
		verify_scram(l);
}
