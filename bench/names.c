#include "bench/names.h"

#include <string.h>

#include "base/decimal.h"

/* Digits of a number, at least. */
#define NUMBER_WIDTH 6

size_t login_name(size_t number, char out[LOGIN_NAME_MAX])
{
	static const char front[] = "user", domain[] = "@bench.example";
	char digits[DECIMAL_MAX];
	size_t n = decimal_format((int64_t)number, digits), used = sizeof(front) - 1;

	memcpy(out, front, used);
	for (size_t i = n; i < NUMBER_WIDTH; i++)
		out[used++] = '0';
	memcpy(out + used, digits, n);
	memcpy(out + used + n, domain, sizeof(domain));
	return used + n + sizeof(domain) - 1;
}

size_t queue_id_name(uint64_t id, char out[QUEUE_ID_MAX])
{
	size_t n = 1;

	for (uint64_t left = id >> 4; left; left >>= 4)
		n++;
	for (size_t i = n; i-- > 0; id >>= 4)
		out[i] = "0123456789ABCDEF"[id & 15];
	out[n] = '\0';
	return n;
}
