#include "base/decimal.h"

#include <string.h>

size_t decimal_format(int64_t number, char out[DECIMAL_MAX])
{
	uint64_t rest = number < 0 ? -(uint64_t)number : (uint64_t)number;
	char digits[DECIMAL_MAX], *first = digits + sizeof(digits);
	size_t len;

	do
		*--first = (char)('0' + rest % 10);
	while ((rest /= 10) > 0);
	if (number < 0)
		*--first = '-';
	len = (size_t)(digits + sizeof(digits) - first);
	memcpy(out, first, len);
	out[len] = '\0';
	return len;
}
