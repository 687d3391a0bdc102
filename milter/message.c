#include "milter/message.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/memory.h"
#include "base/units.h"

/* The first room for recipients; enough for nearly every message. */
#define RECIPIENTS_START 256

struct session *session_new(struct config *config, const struct sockaddr *client)
{
	struct session *session = memory_zero(sizeof(*session));
	struct ip ip;

	session->config = config;
	if (client && ip_from_sockaddr(client, &ip))
		ip_format(&ip, session->client);
	else
		memcpy(session->client, "unknown", sizeof("unknown"));
	return session;
}

void session_free(struct session **session)
{
	if (!*session)
		return;
	message_free(&(*session)->message);
	config_unref(&(*session)->config);
	free(*session);
	*session = NULL;
}

/* A path as typed, "<a@b>" or "a@b", without its outer angle brackets. */
static char *copy_path(const char *path)
{
	char *copy = memory_strdup(path);
	size_t len = strlen(copy);

	if (len >= 2 && copy[0] == '<' && copy[len - 1] == '>') {
		memmove(copy, copy + 1, len - 2);
		copy[len - 2] = '\0';
	}
	return copy;
}

/* The value of SIZE= (RFC 1870 section 3: up to 20 digits), or 0. */
static int64_t announced_size(char *const *parameters)
{
	for (; *parameters; parameters++) {
		int64_t size = 0;

		if (strncasecmp(*parameters, "SIZE=", 5) != 0)
			continue;
		for (const char *p = *parameters + 5; *p; p++) {
			if (!ascii_is_digit(*p))
				return 0;
			size = size * 10 + (*p - '0');
			if (size > AMOUNT_MAX)
				return AMOUNT_MAX;
		}
		return size;
	}
	return 0;
}

/* The next message's token, as a number. */
static atomic_uint_least32_t next_token;

void message_tokens_init(void)
{
	uint32_t start;

	/* A kernel without getrandom(2): different enough. */
	if (getrandom(&start, sizeof(start), 0) != sizeof(start)) {
		struct timespec now;

		clock_gettime(CLOCK_REALTIME, &now);
		start = (uint32_t)now.tv_sec ^ (uint32_t)now.tv_nsec ^ (uint32_t)getpid() << 16;
	}
	atomic_store(&next_token, start);
}

static void make_token(char out[MESSAGE_TOKEN_LENGTH + 1])
{
	uint32_t number = (uint32_t)atomic_fetch_add(&next_token, 1);

	snprintf(out, MESSAGE_TOKEN_LENGTH + 1, "m%08" PRIx32, number);
}

struct message *message_new(const struct username *username, char **argv)
{
	struct message *message = memory_zero(sizeof(*message));

	message->username = *username;
	message->header_wanted = username->login[0];
	make_token(message->token);
	message->sender = copy_path(argv[0] ? argv[0] : "");
	message->announced_bytes = argv[0] ? announced_size(argv + 1) : 0;
	return message;
}

void message_free(struct message **message)
{
	if (!*message)
		return;
	free((*message)->sender);
	free((*message)->recipients);
	free((*message)->originators);
	originals_fini(&(*message)->originals);
	free(*message);
	*message = NULL;
}

void message_set_queue_id(struct message *message, const char *queue_id)
{
	size_t len = queue_id ? strlen(queue_id) : 0;

	if (len > 0 && len < sizeof(message->queue_id))
		memcpy(message->queue_id, queue_id, len + 1);
}

bool message_full(const struct message *message, const char *text)
{
	return message->n_recipients >= RECIPIENTS_MAX ||
	       message->recipients_len + strlen(text) + 1 > RECIPIENT_OCTETS_MAX;
}

static bool make_room(struct message *message, size_t more)
{
	size_t size = message->recipients_size ? message->recipients_size : RECIPIENTS_START;
	char *grown;

	while (size - message->recipients_len < more)
		size *= 2;
	if (size == message->recipients_size)
		return true;
	grown = realloc(message->recipients, size);
	if (!grown)
		return false;
	message->recipients = grown;
	message->recipients_size = size;
	return true;
}

bool message_add_recipient(struct message *message, const char *text, bool is_free)
{
	size_t size = strlen(text) + 1;

	if (message_full(message, text) || !make_room(message, size))
		return false;
	memcpy(message->recipients + message->recipients_len, text, size);
	message->recipients_len += size;
	message->n_recipients++;
	message->n_free_recipients += is_free;
	return true;
}

bool message_each_recipient(const struct message *message,
			    bool (*each)(const char *recipient, void *arg), void *arg)
{
	size_t at = 0;

	while (at < message->recipients_len) {
		const char *recipient = message->recipients + at;

		at += strlen(recipient) + 1;
		if (!each(recipient, arg))
			return false;
	}
	return true;
}

static struct originators *need_originators(struct message *message)
{
	if (!message->originators) {
		message->originators = memory_alloc(sizeof(*message->originators));
		originators_init(message->originators);
		if (message->reply_to)
			originators_want_reply_to(message->originators);
	}
	return message->originators;
}

void message_add_header(struct message *message, const char *name, const char *value)
{
	size_t len = strlen(value);

	message->received_bytes += (int64_t)(strlen(name) + 1 + len + 2);
	for (const char *p = value; (p = strchr(p, '\n')); p++)
		message->received_bytes++;
	if (!message->header_wanted || !originators_wants(name))
		return;
	originators_add(need_originators(message), name, value, len);
	originals_add(&message->originals, name, value);
}

void message_add_body(struct message *message, size_t len)
{
	message->received_bytes += (int64_t)len;
}

int64_t message_size(const struct message *message)
{
	return message->received_bytes + 2;
}

struct originators *message_take_originators(struct message *message)
{
	struct originators *originators;

	if (!message->header_wanted)
		return NULL;
	originators = need_originators(message);
	message->originators = NULL;
	originators_end(originators);
	return originators;
}

struct request message_request(const struct session *session, enum stage stage,
			       const char *recipient)
{
	const struct message *message = session->message;
	bool last = stage == STAGE_END_OF_MESSAGE;

	return (struct request){
		.stage = stage,
		.final = last && config_charge_by(session->config) == CHARGE_MILTER,
		.queue_id = message->queue_id,
		.token = message->token,
		.login = message->username.login,
		.credential = message->username.credential,
		.tls = message->tls,
		.client_address = session->client,
		.sender = message->sender,
		.sender_form = ADDRESS_SMTP,
		.recipients = message->n_recipients + (stage == STAGE_RCPT ? 1 : 0),
		.free_recipients = message->n_free_recipients,
		.recipient = recipient,
		.size_bytes = last ? message_size(message) : message->announced_bytes,
	};
}
