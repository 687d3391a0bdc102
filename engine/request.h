/*
 * One question to the engine: may this login go on, at this stage, now?
 * Everything is borrowed from the front end until the verdict is there.
 */
#ifndef SENDWARD_REQUEST_H
#define SENDWARD_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/address.h"
#include "base/config.h"
#include "base/header_address.h"
#include "base/network.h"
#include "base/tls_version.h"
#include "base/username.h"

/* Stages of an SMTP transaction, in their order (Postfix
 * SMTPD_POLICY_README's protocol_state). Before MAIL there is no login. */
enum stage { STAGE_MAIL, STAGE_RCPT, STAGE_DATA, STAGE_END_OF_MESSAGE };
#define STAGES 4

/* "MAIL", "RCPT", "DATA", "END-OF-MESSAGE". */
const char *stage_name(enum stage stage);

/* Octets of request.token. */
#define MESSAGE_TOKEN_LENGTH 9

struct request {
	enum stage stage;
	/* This front end sees the message for the last time: what passes is
	 * charged, and a sandbox is carried out. Only at END-OF-MESSAGE. */
	bool final;
	/* The policy daemon, which Postfix asks before the milter, has charged the message
	 * already. Only at END-OF-MESSAGE, and not with final. */
	bool charged_before;
	const char *queue_id; /* "" while not known */
	/* Tells messages apart that had the same queue id one after the other
	 * (Postfix's short ones come again within minutes): "p" or "m" for the
	 * front end and eight characters that stay the same when a request is
	 * repeated and differ for another message. NULL: not known, or not final. */
	const char *token;
	/* It may have been asked before, here or of a daemon that is gone: Postfix
	 * repeats a policy request on a new connection, as the first one there. */
	bool may_be_repeated;
	/* Findings of checks that pass name their rule, too: for explain. */
	bool explained;
	/* Postfix has no queue file yet (smtpd_proxy_filter): the message cannot
	 * be held, discarded or redirected. */
	bool before_queue;
	/* The login of the SASL user name, base/username.h. Empty: a session without one,
	 * to which only the quotas of its network apply (unauthenticated,
	 * sendward.conf(5)). */
	const char *login;
	/* Of the login's credentials the one that was used; "" or NULL: the main one. */
	const char *credential;
	enum tls_version tls; /* of the client's session */
	/* The login is no SASL user name, but what an identity makes of a session without one:
	 * its account must have it still (engine/identity.h). */
	bool by_identity;
	/* An earlier request of the message was let through as an identity's: Postfix may
	 * relay it for that reason, so without one it is not let through any more. */
	bool was_identity;
	/* Of the session, as Postfix tells the policy daemon: fingerprints of the client's
	 * certificate and of its key, policy_context; "" for none. NULL: not to be seen. */
	const char *client_cert, *client_key, *context;
	const char *client_address; /* as text, for replies and the log */
	const char *sender;	    /* envelope sender as text; "" for <> */
	enum address_form sender_form;
	/* Recipients accepted so far, this one included at RCPT; at MAIL 0. */
	int64_t recipients;
	/* How many of them verdict.recipient_free said to be free, without the
	 * one of this request. */
	int64_t free_recipients;
	/* Of a login in the sandbox: how many of them verdict.recipient_listed said to
	 * be in sandbox_recipients. At the end of the message it is all of them, or 0
	 * where that is not known for sure; a number between from a front end that can
	 * take single recipients off only. */
	int64_t listed_recipients;
	/* One of them cannot be taken off the message, so it cannot be redirected
	 * (milter/message.h). */
	bool recipients_stay;
	const char *recipient; /* RCPT: this one; else "" */
	/* At END-OF-MESSAGE the real size, before that SIZE= or 0. */
	int64_t size_bytes;
	/* NULL where the header is not seen (policy daemon, before the end of
	 * the header). */
	const struct originators *originators;
};

/* Is the recipient of this RCPT in the list? What stands in front of "@" may tell
 * Postfix to send it elsewhere, to another domain than the one that is compared
 * (swap_bangpath, allow_percent_hack, resolve_dequoted_address): that is in none. */
bool request_recipient_is_in(const struct request *request, const struct config *config,
			     const struct pattern *list, size_t n);

/* Never NULL. */
static inline const char *request_credential(const struct request *request)
{
	return request->credential ? request->credential : "";
}

/* Its name for people: "main" for the main one. */
static inline const char *request_credential_shown(const struct request *request)
{
	return *request_credential(request) ? request->credential : "main";
}

#endif
