/*
 * Every limit that two modules must agree on, with its unit and its reason.
 * A limit that only one module needs stands in that module.
 */
#ifndef SENDWARD_LIMITS_H
#define SENDWARD_LIMITS_H

/* Octets of a login (SASL user name). 255 is the limit of RFC 4616's peers
 * in practice: Dovecot and Cyrus refuse longer names. */
#define LOGIN_MAX 255

/* Octets, RFC 5321 section 4.5.3.1.1 and 4.5.3.1.2. */
#define LOCAL_PART_MAX 64
#define DOMAIN_MAX 255

/* Octets of node, "/", queue id, "#" and token (engine/request.h). Postfix long queue ids
 * have up to 20. */
#define MESSAGE_KEY_MAX 255
#define QUEUE_ID_MAX 100
#define NODE_MAX 128

/* Entries of one list of an account or plan. */
#define QUOTAS_MAX 16
#define SENDERS_MAX 1000
#define NETWORKS_MAX 1000

/* Rows of one take: the quotas of one scope, a ramp, and the null sender's quota. */
#define TAKE_ROWS_MAX (QUOTAS_MAX + 2)

/* Octets of reason, description, actor. */
#define NOTE_MAX 500

/* Octets of an account record in Redis. */
#define RECORD_MAX (512 * 1024)

/* Octets of one reply text to the SMTP client (RFC 5321 section 4.5.3.1.5
 * allows 512 for the whole line). */
#define REPLY_TEXT_MAX 400

/* Addresses in all sender fields of one message header. */
#define HEADER_ADDRESSES_MAX 100

/* Fields of one name that are looked at in one message header: no more of
 * them can be taken out and kept when a header is rewritten. */
#define HEADER_FIELDS_MAX 100

#endif
