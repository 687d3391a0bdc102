/*
 * Load on a policy service (Postfix SMTPD_POLICY_README): one complete
 * request of Postfix 3.7 after the other, each of another message.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "bench/load.h"

/* Octets of a request, as Postfix makes them at END-OF-MESSAGE. */
#define REQUEST_MAX 4096

/* What differs from message to message: a queue id is microseconds and an inode. */
enum field { FIELD_SENDER, FIELD_QUEUE_ID, FIELD_INSTANCE, FIELD_LOGIN, FIELDS };

/* What stands before each of them, and behind the last. */
static struct text {
	size_t len;
	char octets[REQUEST_MAX];
} texts[FIELDS + 1];

__attribute__((format(printf, 2, 3))) static void set_text(struct text *text, const char *format,
							   ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(text->octets, sizeof(text->octets), format, args);
	va_end(args);
	if (n < 0 || (size_t)n >= sizeof(text->octets)) {
		fprintf(stderr, "the protocol_state is too long\n");
		exit(2);
	}
	text->len = (size_t)n;
}

static void prepare(const struct message_shape *shape)
{
	set_text(&texts[FIELD_SENDER],
		 "request=smtpd_access_policy\nprotocol_state=%s\nprotocol_name=ESMTP\n"
		 "client_address=192.0.2.1\nclient_name=unknown\nclient_port=34567\n"
		 "reverse_client_name=unknown\nserver_address=198.51.100.7\nserver_port=587\n"
		 "helo_name=client.example.org\nsender=",
		 shape->stage);
	set_text(&texts[FIELD_QUEUE_ID], "\nrecipient=%s\nrecipient_count=%d\nqueue_id=",
		 shape->recipients > 1 ? "" : "friend@far.example",
		 strcmp(shape->stage, "RCPT") == 0 ? 0 : shape->recipients);
	set_text(&texts[FIELD_INSTANCE], "\ninstance=");
	set_text(&texts[FIELD_LOGIN],
		 ".655e1b2c.9a8d.0\nsize=%zu\netrn_domain=\nstress=\nsasl_method=PLAIN\n"
		 "sasl_username=",
		 shape->body_octets);
	set_text(&texts[FIELDS],
		 "\nsasl_sender=\nccert_subject=\nccert_issuer=\nccert_fingerprint=\n"
		 "ccert_pubkey_fingerprint=\nencryption_protocol=TLSv1.3\n"
		 "encryption_cipher=TLS_AES_256_GCM_SHA384\nencryption_keysize=256\n"
		 "policy_context=\n\n");
}

static bool greet(void *talk, struct load_buffer *out)
{
	(void)talk;
	(void)out;
	return false;
}

/* Small letters: in ASCII they differ from the capital ones by this bit, which
 * the digits have. */
#define SMALL 0x20

static void begin(void *talk, const struct message *message, struct load_buffer *out)
{
	const char *const values[FIELDS] = {
		[FIELD_SENDER] = message->login,
		[FIELD_QUEUE_ID] = message->queue_id,
		[FIELD_INSTANCE] = message->queue_id,
		[FIELD_LOGIN] = message->login,
	};
	const size_t lens[FIELDS] = {
		[FIELD_SENDER] = message->login_len,
		[FIELD_QUEUE_ID] = message->queue_id_len,
		[FIELD_INSTANCE] = message->queue_id_len,
		[FIELD_LOGIN] = message->login_len,
	};

	(void)talk;
	for (int i = 0; i < FIELDS; i++) {
		load_buffer_add(out, texts[i].octets, texts[i].len);
		load_buffer_add(out, values[i], lens[i]);
		if (i == FIELD_INSTANCE)
			for (size_t k = out->end - lens[i]; k < out->end; k++)
				out->bytes[k] |= SMALL;
	}
	load_buffer_add(out, texts[FIELDS].octets, texts[FIELDS].len);
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
	static const struct protocol policy = {
		.prepare = prepare, .greet = greet, .begin = begin, .hear = hear
	};

	return load_main(argc, argv, &policy);
}
