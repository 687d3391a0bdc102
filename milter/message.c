#include "milter/message.h"

#include <inttypes.h>
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

/* In front of a recipient. */
#define RECIPIENT_LISTED 'l'
#define RECIPIENT_OTHER 'o'

struct session *session_new(struct config *config, const char *client)
{
	struct session *session = memory_zero(sizeof(*session));

	session->config = config;
	snprintf(session->client, sizeof(session->client), "%s", client ? client : "unknown");
	return session;
}

void session_free(struct session **session)
{
	if (!*session)
		return;
	message_free(&(*session)->message);
	config_unref(&(*session)->config);
	free((*session)->login);
	free(*session);
	*session = NULL;
}

/* It is said again with each message, and is the same. */
void session_set_login(struct session *session, const char *login, enum tls_version tls)
{
	session->tls = tls;
	if (session->login && strcmp(session->login, login) == 0)
		return;
	free(session->login);
	session->login = memory_strdup(login);
}

/* One that is too long is another message's when it is cut. */
static bool copy_queue_id(const char *queue_id, char out[QUEUE_ID_MAX + 1])
{
	size_t len = strlen(queue_id);

	if (len > QUEUE_ID_MAX)
		return false;
	memcpy(out, queue_id, len + 1);
	return true;
}

void session_set_queue_id(struct session *session, const char *queue_id)
{
	if (!copy_queue_id(queue_id, session->queue_id))
		session->queue_id[0] = '\0';
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

/* Digits, at most 20 of them (RFC 1870 section 3); else 0. */
static int64_t size_of(const char *digits)
{
	int64_t size = 0;

	for (; *digits; digits++) {
		if (!ascii_is_digit(*digits))
			return 0;
		size = size * 10 + (*digits - '0');
		if (size > AMOUNT_MAX)
			return AMOUNT_MAX;
	}
	return size;
}

/* The next message's token, as a number. */
static uint32_t next_token;

void message_tokens_init(void)
{
	uint32_t start;

	/* A kernel without getrandom(2): different enough. */
	if (getrandom(&start, sizeof(start), 0) != sizeof(start)) {
		struct timespec now;

		clock_gettime(CLOCK_REALTIME, &now);
		start = (uint32_t)now.tv_sec ^ (uint32_t)now.tv_nsec ^ (uint32_t)getpid() << 16;
	}
	next_token = start;
}

static void make_token(char out[MESSAGE_TOKEN_LENGTH + 1])
{
	snprintf(out, MESSAGE_TOKEN_LENGTH + 1, "m%08" PRIx32, next_token++);
}

struct message *message_new(const struct username *username, const char *sender)
{
	struct message *message = memory_zero(sizeof(*message));

	message->username = *username;
	message->header_wanted = username->login[0];
	make_token(message->token);
	message->sender = copy_path(sender);
	return message;
}

void message_add_parameter(struct message *message, const char *parameter)
{
	static const char name[] = "SIZE=";

	if (message->size_announced || strncasecmp(parameter, name, sizeof(name) - 1) != 0)
		return;
	message->size_announced = true;
	message->announced_bytes = size_of(parameter + sizeof(name) - 1);
}

void message_free(struct message **message)
{
	if (!*message)
		return;
	free((*message)->sender);
	free((*message)->recipients);
	if ((*message)->originators)
		spares_give((*message)->spares, (*message)->originators);
	originals_fini(&(*message)->originals);
	free(*message);
	*message = NULL;
}

void message_set_queue_id(struct message *message, const char *queue_id)
{
	if (queue_id && *queue_id)
		copy_queue_id(queue_id, message->queue_id);
}

bool message_full(const struct message *message, const char *text)
{
	return message->n_recipients >= RECIPIENTS_MAX ||
	       message->recipients_len + strlen(text) + 2 > RECIPIENT_OCTETS_MAX;
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

static bool can_be_taken_off(const char *recipient)
{
	const char *end = recipient + (*recipient == '<');

	end += strcspn(end, "<>:;,([");
	return *end == '\0' || strcmp(end, ">") == 0;
}

bool message_add_recipient(struct message *message, const char *text, bool is_free, bool is_listed)
{
	size_t size = strlen(text) + 1;
	char *at;

	if (message_full(message, text) || !make_room(message, 1 + size))
		return false;
	at = message->recipients + message->recipients_len;
	*at = is_listed ? RECIPIENT_LISTED : RECIPIENT_OTHER;
	memcpy(at + 1, text, size);
	message->recipients_len += 1 + size;
	message->n_recipients++;
	message->n_free_recipients += is_free;
	message->n_listed_recipients += is_listed;
	message->recipients_stay |= !can_be_taken_off(text);
	return true;
}

bool message_each_recipient(const struct message *message,
			    bool (*each)(const char *recipient, bool listed, void *arg), void *arg)
{
	size_t at = 0;

	while (at < message->recipients_len) {
		bool listed = message->recipients[at] == RECIPIENT_LISTED;
		const char *recipient = message->recipients + at + 1;

		at += strlen(recipient) + 2;
		if (!each(recipient, listed, arg))
			return false;
	}
	return true;
}

static struct originators *need_originators(struct message *message)
{
	if (!message->originators) {
		message->originators = spares_take(message->spares, sizeof(*message->originators));
		originators_init(message->originators);
		if (message->reply_to)
			originators_want_reply_to(message->originators);
	}
	return message->originators;
}

void message_add_header(struct message *message, const char *name, const char *value,
			size_t value_len)
{
	const char *end = value + value_len;

	message->received_bytes += (int64_t)(strlen(name) + 1 + value_len + 2);
	for (const char *p = value; (p = memchr(p, '\n', (size_t)(end - p))); p++)
		message->received_bytes++;
	if (!message->header_wanted || !originators_wants(name))
		return;
	originators_add(need_originators(message), name, value, value_len);
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
		.charged_before = last && config_charge_by(session->config) == CHARGE_POLICYD,
		.queue_id = message->queue_id,
		.token = message->token,
		.login = message->username.login,
		.credential = message->username.credential,
		.tls = message->tls,
		.was_identity = message->was_identity,
		.client_address = session->client,
		.sender = message->sender,
		.sender_form = ADDRESS_SMTP,
		.recipients = message->n_recipients + (stage == STAGE_RCPT ? 1 : 0),
		.free_recipients = message->n_free_recipients,
		.listed_recipients = message->n_listed_recipients,
		.recipients_stay = message->recipients_stay,
		.recipient = recipient,
		.size_bytes = last ? message_size(message) : message->announced_bytes,
	};
}
