#include "base/network.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/ascii.h"

#define IP_BITS 128
#define IPV4_BITS 32
/* ::ffff:0:0/96 holds the IPv4 addresses. */
#define MAPPED_BITS 96

static const uint8_t mapped_prefix[MAPPED_BITS / 8] = { [10] = 0xff, [11] = 0xff };

static bool is_mapped(const struct ip *ip)
{
	return memcmp(ip->octets, mapped_prefix, sizeof(mapped_prefix)) == 0;
}

/* An IPv4 network: nothing shorter than ::ffff:0:0/96 is one. */
bool network_is_ipv4(const struct network *net)
{
	return net->prefix >= MAPPED_BITS && is_mapped(&net->base);
}

/* v4: four octets, the first of the address first. */
static void set_ipv4(struct ip *out, const void *v4)
{
	memcpy(out->octets, mapped_prefix, sizeof(mapped_prefix));
	memcpy(out->octets + sizeof(mapped_prefix), v4, 4);
}

/* fe80::/10, the only addresses that come with a zone (RFC 4007 section 11). */
static bool is_link_local(const struct ip *ip)
{
	return ip->octets[0] == 0xfe && (ip->octets[1] & 0xc0) == 0x80;
}

/* Takes "[...]" and "IPv6:" off the len octets at *text. */
static bool strip_wrapping(const char **text, size_t *len)
{
	static const char tag[] = "IPv6:";
	const size_t tag_len = sizeof(tag) - 1;

	if (*len > 0 && **text == '[') {
		if ((*text)[*len - 1] != ']')
			return false;
		*text += 1;
		*len -= 2;
	}
	if (*len > tag_len && ascii_equal_nocase(*text, tag, tag_len)) {
		*text += tag_len;
		*len -= tag_len;
		/* "IPv6:192.0.2.1" is neither. */
		return memchr(*text, ':', *len) != NULL;
	}
	return true;
}

/* Four decimal numbers without leading zeros, as inet_pton(3) has them. Returns where
 * they end, NULL when text does not begin with them. */
static const char *ipv4_read(const char *text, uint8_t octets[4])
{
	for (int i = 0; i < 4; i++) {
		unsigned number = 0;
		const char *start;

		if (i > 0 && *text++ != '.')
			return NULL;
		for (start = text; ascii_is_digit(*text); text++)
			number = number * 10 + (unsigned)(*text - '0');
		if (text == start || text - start > 3 || number > 255 ||
		    (text - start > 1 && *start == '0'))
			return NULL;
		octets[i] = (uint8_t)number;
	}
	return text;
}

/* One address of len octets, without a zone; behind it stands no digit. */
static bool address_read(const char *text, size_t len, struct ip *out)
{
	char copy[IP_TEXT_MAX];
	struct in6_addr v6;
	uint8_t v4[4];

	if (!strip_wrapping(&text, &len) || len >= sizeof(copy))
		return false;
	if (ipv4_read(text, v4) == text + len) {
		set_ipv4(out, v4);
		return true;
	}
	memcpy(copy, text, len);
	copy[len] = '\0';
	if (inet_pton(AF_INET6, copy, &v6) == 1) {
		memcpy(out->octets, &v6, sizeof(out->octets));
		return true;
	}
	return false;
}

bool ip_parse(const char *text, struct ip *out)
{
	const char *end, *zone;
	uint8_t v4[4];
	struct ip ip;

	end = ipv4_read(text, v4);
	if (end && *end == '\0') {
		set_ipv4(out, v4);
		return true;
	}
	zone = strchr(text, '%');
	if (!address_read(text, zone ? (size_t)(zone - text) : strlen(text), &ip))
		return false;
	if (zone && (zone[1] == '\0' || *text == '[' || !is_link_local(&ip)))
		return false;
	*out = ip;
	return true;
}

bool ip_from_sockaddr(const struct sockaddr *sa, struct ip *out)
{
	/* Copies: sa may be aligned for struct sockaddr only. */
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	switch (sa->sa_family) {
	case AF_INET:
		memcpy(&v4, sa, sizeof(v4));
		set_ipv4(out, &v4.sin_addr);
		return true;
	case AF_INET6:
		memcpy(&v6, sa, sizeof(v6));
		memcpy(out->octets, &v6.sin6_addr, sizeof(out->octets));
		return true;
	default:
		return false;
	}
}

void ip_format(const struct ip *ip, char out[IP_TEXT_MAX])
{
	/* Neither can fail: the family is known and the room is enough. */
	if (is_mapped(ip))
		inet_ntop(AF_INET, ip->octets + sizeof(mapped_prefix), out, IP_TEXT_MAX);
	else
		inet_ntop(AF_INET6, ip->octets, out, IP_TEXT_MAX);
}

/* Clears the bits behind the prefix; true when one was set. */
static bool clear_host_bits(struct network *net)
{
	bool was_set = false;

	for (unsigned i = 0; i < sizeof(net->base.octets); i++) {
		unsigned kept = net->prefix > i * 8 ? net->prefix - i * 8 : 0;
		uint8_t host = (uint8_t)(0xff >> (kept < 8 ? kept : 8));

		if (net->base.octets[i] & host)
			was_set = true;
		net->base.octets[i] &= (uint8_t)~host;
	}
	return was_set;
}

static bool fail(const char **reason, const char *why)
{
	*reason = why;
	return false;
}

static bool fail_host_bits(const char *text, const struct network *cleared, const char **reason)
{
	static _Thread_local char why[160];
	char suggestion[NETWORK_TEXT_MAX];

	network_format(cleared, suggestion);
	snprintf(why, sizeof(why), "%.60s has bits set behind the prefix: did you mean %s?", text,
		 suggestion);
	return fail(reason, why);
}

/* A decimal number of at most three digits that is not above max. */
static bool prefix_read(const char *text, unsigned max, unsigned *out)
{
	unsigned value = 0;
	size_t len = strlen(text);

	if (len < 1 || len > 3)
		return false;
	for (; *text != '\0'; text++) {
		if (!ascii_is_digit(*text))
			return false;
		value = value * 10 + (unsigned)(*text - '0');
	}
	*out = value;
	return value <= max;
}

bool network_parse(const char *text, struct network *out, const char **reason)
{
	struct network net = { .deny = *text == '!', .prefix = IP_BITS };
	const char *address = net.deny ? text + 1 : text;
	const char *slash = strchr(address, '/');
	size_t len = slash ? (size_t)(slash - address) : strlen(address);

	if (len == 0)
		return fail(reason, "the address is missing");
	if (!address_read(address, len, &net.base))
		return fail(reason, "not an IPv4 or IPv6 address");
	if (slash) {
		/* "192.0.2.0/24", but "::ffff:192.0.2.0/120". */
		bool dotted = memchr(address, ':', len) == NULL;
		unsigned prefix;

		if (!prefix_read(slash + 1, dotted ? IPV4_BITS : IP_BITS, &prefix))
			return fail(reason, dotted ? "the prefix is not a number from 0 to 32" :
						     "the prefix is not a number from 0 to 128");
		net.prefix = (uint8_t)(dotted ? prefix + MAPPED_BITS : prefix);
	}
	if (clear_host_bits(&net))
		return fail_host_bits(text, &net, reason);
	*out = net;
	return true;
}

void network_format(const struct network *net, char out[NETWORK_TEXT_MAX])
{
	const char *deny = net->deny ? "!" : "";
	char address[IP_TEXT_MAX];

	ip_format(&net->base, address);
	if (net->prefix == IP_BITS)
		snprintf(out, NETWORK_TEXT_MAX, "%s%s", deny, address);
	else
		snprintf(out, NETWORK_TEXT_MAX, "%s%s/%d", deny, address,
			 net->prefix - (network_is_ipv4(net) ? MAPPED_BITS : 0));
}

void network_of_client(const struct ip *client, int ipv4_prefix, int ipv6_prefix,
		       char out[NETWORK_TEXT_MAX])
{
	struct network net = { .base = *client };

	net.prefix = (uint8_t)(is_mapped(client) ? MAPPED_BITS + ipv4_prefix : ipv6_prefix);
	clear_host_bits(&net);
	network_format(&net, out);
}

bool network_contains(const struct network *net, const struct ip *ip)
{
	size_t octets = net->prefix / 8;
	unsigned bits = net->prefix % 8;

	if (is_mapped(ip) != network_is_ipv4(net))
		return false;
	if (memcmp(net->base.octets, ip->octets, octets) != 0)
		return false;
	return bits == 0 || (net->base.octets[octets] ^ ip->octets[octets]) >> (8 - bits) == 0;
}

/* The index of the first entry of that kind that holds ip, or -1. */
static int first_match(const struct network *list, size_t n, bool deny, const struct ip *ip)
{
	for (size_t i = 0; i < n; i++)
		if (list[i].deny == deny && network_contains(&list[i], ip))
			return (int)i;
	return -1;
}

static bool has_allow_entry(const struct network *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!list[i].deny)
			return true;
	return false;
}

bool network_list_admits(const struct network *list, size_t n, const struct ip *ip, int *rule)
{
	int denied = first_match(list, n, true, ip);
	int allowed = denied < 0 ? first_match(list, n, false, ip) : -1;

	if (rule)
		*rule = denied >= 0 ? denied : allowed;
	return denied < 0 && (allowed >= 0 || !has_allow_entry(list, n));
}
