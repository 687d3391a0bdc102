/*
 * Load on a policy service (Postfix SMTPD_POLICY_README): one complete
 * request of Postfix 3.7 after the other, each of another message.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "bench/load.h"

/* Postfix's own, at END-OF-MESSAGE; a queue id is microseconds and an inode. */
#define REQUEST_MAX 4096

static bool greet(void *talk, struct load_buffer *out)
{
	(void)talk;
	(void)out;
	return false;
}

static void begin(void *talk, const struct message_shape *shape, uint64_t id, const char *login,
		  struct load_buffer *out)
{
	char text[REQUEST_MAX];
	int n = snprintf(
		text, sizeof(text),
		"request=smtpd_access_policy\nprotocol_state=%s\nprotocol_name=ESMTP\n"
		"client_address=192.0.2.1\nclient_name=unknown\nclient_port=34567\n"
		"reverse_client_name=unknown\nserver_address=198.51.100.7\nserver_port=587\n"
		"helo_name=client.example.org\nsender=%s\nrecipient=%s\nrecipient_count=%d\n"
		"queue_id=%llX\ninstance=%llx.655e1b2c.9a8d.0\nsize=%zu\netrn_domain=\nstress=\n"
		"sasl_method=PLAIN\nsasl_username=%s\nsasl_sender=\nccert_subject=\n"
		"ccert_issuer=\nccert_fingerprint=\nccert_pubkey_fingerprint=\n"
		"encryption_protocol=TLSv1.3\nencryption_cipher=TLS_AES_256_GCM_SHA384\n"
		"encryption_keysize=256\npolicy_context=\n\n",
		shape->stage, login, shape->recipients > 1 ? "" : "friend@far.example",
		strcmp(shape->stage, "RCPT") == 0 ? 0 : shape->recipients, (unsigned long long)id,
		(unsigned long long)id, shape->body_octets, login);

	(void)talk;
	load_buffer_add(out, text, (size_t)n);
}

/* "action=DUNNO", an empty line; access(5) knows actions in any case. */
static enum hearing hear(void *talk, struct load_buffer *in, struct load_buffer *out)
{
	static const char passed[] = "action=DUNNO\n\n";
	const char *text = in->bytes + in->start;
	size_t len = in->end - in->start;

	(void)talk;
	(void)out;
	if (len < 2 || memcmp(text + len - 2, "\n\n", 2) != 0)
		return HEAR_MORE;
	in->start = in->end = 0;
	if (len < strlen("action=") || memcmp(text, "action=", strlen("action=")) != 0)
		return HEAR_NONSENSE;
	return len == strlen(passed) && strncasecmp(text, passed, len) == 0 ? HEAR_PASSED :
									      HEAR_REFUSED;
}

int main(int argc, char **argv)
{
	static const struct protocol policy = { .greet = greet, .begin = begin, .hear = hear };

	return load_main(argc, argv, &policy);
}
