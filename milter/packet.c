#include "milter/packet.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* The first room for what is written: nearly every answer has a few octets. */
#define ROOM_START 64

/* ---- reading --------------------------------------------------------------- */

static uint32_t number_at(const char *bytes)
{
	uint32_t number;

	memcpy(&number, bytes, sizeof(number));
	return ntohl(number);
}

enum packet_result packet_read(const char *bytes, size_t n, struct packet *out, size_t *size)
{
	uint32_t len;

	*out = (struct packet){ 0 };
	*size = PACKET_HEAD;
	if (n < sizeof(len))
		return PACKET_MORE;
	len = number_at(bytes);
	if (len < 1 || len - 1 > PACKET_DATA_MAX)
		return PACKET_BAD;
	if (n < PACKET_HEAD)
		return PACKET_MORE;
	out->command = bytes[sizeof(len)];
	out->len = len - 1;
	*size = PACKET_HEAD + out->len;
	if (n < *size)
		return PACKET_MORE;
	out->data = bytes + PACKET_HEAD;
	return PACKET_WHOLE;
}

const char *packet_text(const struct packet *packet, size_t *at)
{
	const char *text = packet->data + *at, *end;

	if (*at >= packet->len)
		return NULL;
	end = memchr(text, '\0', packet->len - *at);
	if (!end)
		return NULL;
	*at += (size_t)(end - text) + 1;
	return text;
}

uint32_t packet_number(const struct packet *packet, size_t *at)
{
	uint32_t number;

	if (packet->len < sizeof(number) || *at > packet->len - sizeof(number))
		return 0;
	number = number_at(packet->data + *at);
	*at += sizeof(number);
	return number;
}

/* ---- writing --------------------------------------------------------------- */

static char *room(struct packets *p, size_t more)
{
	size_t size = p->size ? p->size : ROOM_START;
	char *grown;

	while (size - p->len < more)
		size *= 2;
	if (size > p->size) {
		grown = memory_alloc(size);
		if (p->len > 0)
			memcpy(grown, p->bytes, p->len);
		free(p->bytes);
		p->bytes = grown;
		p->size = size;
	}
	p->len += more;
	return p->bytes + p->len - more;
}

/* The length of the packet that is being written stands where it begins. */
static void finish(struct packets *p)
{
	uint32_t len;

	if (p->open == p->len)
		return;
	len = htonl((uint32_t)(p->len - p->open - sizeof(len)));
	memcpy(p->bytes + p->open, &len, sizeof(len));
	p->open = p->len;
}

void packets_begin(struct packets *p, char command)
{
	char *head;

	finish(p);
	head = room(p, PACKET_HEAD);
	memset(head, 0, sizeof(uint32_t));
	head[sizeof(uint32_t)] = command;
}

void packets_text(struct packets *p, const char *text)
{
	size_t size = strlen(text) + 1;

	memcpy(room(p, size), text, size);
}

void packets_number(struct packets *p, uint32_t number)
{
	uint32_t octets = htonl(number);

	memcpy(room(p, sizeof(octets)), &octets, sizeof(octets));
}

void packets_end(struct packets *p)
{
	finish(p);
}

void packets_add(struct packets *p, char command)
{
	packets_begin(p, command);
	finish(p);
}

void packets_fini(struct packets *p)
{
	free(p->bytes);
	memset(p, 0, sizeof(*p));
}
