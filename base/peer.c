#define _GNU_SOURCE /* struct ucred, unix(7) */

#include "base/peer.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <sys/socket.h>

static in_port_t port_of(const struct sockaddr_storage *sa)
{
	if (sa->ss_family == AF_INET6)
		return ntohs(((const struct sockaddr_in6 *)sa)->sin6_port);
	return ntohs(((const struct sockaddr_in *)sa)->sin_port);
}

static bool format_process(int fd, char out[PEER_TEXT_MAX])
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0 || peer.pid <= 0)
		return false;
	snprintf(out, PEER_TEXT_MAX, "pid %ld", (long)peer.pid);
	return true;
}

const char *peer_format(int fd, char out[PEER_TEXT_MAX])
{
	struct sockaddr_storage sa = { 0 };
	socklen_t len = sizeof(sa);
	char address[IP_TEXT_MAX];
	struct ip ip;

	snprintf(out, PEER_TEXT_MAX, "an unknown client");
	if (getpeername(fd, (struct sockaddr *)&sa, &len) < 0)
		return out;
	if (sa.ss_family == AF_UNIX) {
		format_process(fd, out);
	} else if (ip_from_sockaddr((const struct sockaddr *)&sa, &ip)) {
		ip_format(&ip, address);
		snprintf(out, PEER_TEXT_MAX, "[%s]:%u", address, port_of(&sa));
	}
	return out;
}
