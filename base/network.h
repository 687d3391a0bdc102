/*
 * Client addresses and networks (CIDR, RFC 4632 and RFC 4291).
 *
 * All addresses are kept as IPv6; an IPv4 address is kept IPv4-mapped
 * (RFC 4291 section 2.5.5.2), so "::ffff:192.0.2.1" and "192.0.2.1" are the
 * same client. A network is either IPv4 or IPv6: "::/0" means every IPv6
 * client and no IPv4 one. Values are plain structs: nothing to free.
 */
#ifndef SENDWARD_NETWORK_H
#define SENDWARD_NETWORK_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct ip {
	uint8_t octets[16];
};

struct network {
	struct ip base; /* host bits are zero */
	uint8_t prefix; /* 0..128; IPv4 "/24" is 120 */
	bool deny;	/* written "!192.0.2.0/24" */
};

#define IP_TEXT_MAX 46
#define NETWORK_TEXT_MAX 52

/* Text as Postfix writes client_address: "192.0.2.1", "2001:db8::1", also
 * "IPv6:2001:db8::1" and "[2001:db8::1]". The zone of a link-local address
 * ("fe80::1%eth0") is dropped. False when it does not parse. */
bool ip_parse(const char *text, struct ip *out);

/* AF_INET or AF_INET6; false for any other family. */
bool ip_from_sockaddr(const struct sockaddr *sa, struct ip *out);

/* "192.0.2.1" for mapped addresses, else RFC 5952. */
void ip_format(const struct ip *ip, char out[IP_TEXT_MAX]);

/* "ADDRESS", "ADDRESS/PREFIX", each with an optional leading "!" (deny).
 * Host bits that are set are an error ("192.0.2.1/24": did you mean
 * 192.0.2.0/24?). On failure returns false and points *reason at a text that
 * lives until the thread's next call. */
bool network_parse(const char *text, struct network *out, const char **reason);

/* The canonical text: what network_parse() reads again to the same value. */
void network_format(const struct network *net, char out[NETWORK_TEXT_MAX]);

/* The network of that prefix length that the client is in, as text: what
 * clients are counted together by. IPv4 (and mapped) clients by ipv4_prefix,
 * 0..32, the others by ipv6_prefix, 0..128. */
void network_of_client(const struct ip *client, int ipv4_prefix, int ipv6_prefix,
		       char out[NETWORK_TEXT_MAX]);

/* IPv4 networks have a prefix of 96 and more. */
bool network_is_ipv4(const struct network *net);

bool network_contains(const struct network *net, const struct ip *ip);

/* The decision over a list: a matching deny entry refuses; else, if the list
 * has allow entries, one must match; an empty list admits everyone.
 * *rule (may be NULL) is the index of the entry that decided, or -1. */
bool network_list_admits(const struct network *list, size_t n, const struct ip *ip, int *rule);

#endif
