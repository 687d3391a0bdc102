/*
 * The checks, in the order in which they are made; the first that refuses decides.
 * Each stands in a file of its own, named like the function.
 *
 * They are asked by engine/gate.c, which knows at which stages, and from the sixth on by
 * engine/decision.c and engine/judge.c.
 */
#ifndef SENDWARD_CHECKS_H
#define SENDWARD_CHECKS_H

#include "engine/finding.h"
#include "engine/gate.h"
#include "engine/judge.h"

/* 1. The account is not blocked, nor the credential that was used. */
enum finding_result check_state(const struct gate_input *in, struct finding *finding);

/* 2. The client comes from where, and how, the login may send. */
enum finding_result check_networks(const struct gate_input *in, struct finding *finding);

/* 3. The envelope sender is the login's own. */
enum finding_result check_envelope_sender(const struct gate_input *in, struct finding *finding);

/* 4. So is every address in From, Sender, Resent-From and Resent-Sender. */
enum finding_result check_header_from(const struct gate_input *in, struct finding *finding);

/* 5. The message has no more recipients and bytes than one may have. */
enum finding_result check_caps(const struct gate_input *in, struct finding *finding);

/* 6. The quotas, of one scope: what the store's answers say of its rows, which
 * engine/plan.c has made. Fills the finding as a whole. */
void check_quotas(const struct judge_input *in, struct finding *finding);

/* Of two scopes' findings: does b tell more? One that refuses does, then the
 * one that is nearer to its limit. */
bool check_quotas_tells_more(const struct finding *b, const struct finding *a);

/* Adds the marks that this charge has reached. */
void check_quotas_warnings(const struct judge_input *in, struct verdict *verdict);

/* 7. The login is not in the sandbox. Fills the finding as a whole; only the
 * front end that sees the message last carries it out. */
void check_sandbox(const struct judge_input *in, struct finding *finding);

/* The login is in the sandbox, and the recipient of this RCPT is one that it reaches. */
bool check_sandbox_lists(const struct judge_input *in);

/* ---- what 3 and 4 share: check_owned.c ----------------------------------- */

/* Does the login own it? The finding of an address that passes shows the pattern, of one
 * that does not it shows why. field NULL: of the envelope. */
bool check_owned(const struct gate_input *in, const char *field, const struct address *address,
		 struct finding *finding);

/* An own address passes, and whoever reads the log is told of its scripts. where: "the
 * envelope sender", or the name of a field. Only the first finding is kept. */
void check_owned_scripts(const struct address *address, const char *where, struct finding *finding);

/* The same for words that were found to be mixed; "" for none. */
void check_owned_flag(const char *mixed, const char *where, struct finding *finding);

#endif
