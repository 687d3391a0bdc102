#include "base/decimal.h"

static size_t digits_of(uint64_t number)
{
	size_t n = 1;

	for (; number >= 1000; number /= 1000)
		n += 3;
	return n + (number >= 10) + (number >= 100);
}

size_t decimal_format(int64_t number, char out[DECIMAL_MAX])
{
	uint64_t rest = number < 0 ? -(uint64_t)number : (uint64_t)number;
	size_t len = (number < 0) + digits_of(rest);
	char *at = out + len;

	*at = '\0';
	do
		*--at = (char)('0' + rest % 10);
	while ((rest /= 10) > 0);
	if (number < 0)
		*out = '-';
	return len;
}
