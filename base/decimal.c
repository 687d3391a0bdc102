#include "base/decimal.h"

#include <string.h>

/* "00" to "99". */
static const char pairs[] = "00010203040506070809"
			    "10111213141516171819"
			    "20212223242526272829"
			    "30313233343536373839"
			    "40414243444546474849"
			    "50515253545556575859"
			    "60616263646566676869"
			    "70717273747576777879"
			    "80818283848586878889"
			    "90919293949596979899";

static size_t digits(uint64_t number)
{
	size_t n = 1;

	for (; number >= 1000; number /= 1000)
		n += 3;
	return n + (number >= 10) + (number >= 100);
}

static void put_pair(uint64_t number, char *out)
{
	memcpy(out, pairs + 2 * number, 2);
}

/* From the last digit on, each where it is to stand: the processor waits where digits that
 * were just written one by one are copied together. */
size_t decimal_format(int64_t number, char out[DECIMAL_MAX])
{
	uint64_t rest = number < 0 ? -(uint64_t)number : (uint64_t)number;
	size_t len = digits(rest) + (number < 0);
	char *at = out + len;

	*at = '\0';
	for (; rest >= 10000; rest /= 10000) {
		unsigned four = (unsigned)(rest % 10000);

		at -= 4;
		put_pair(four / 100, at);
		put_pair(four % 100, at + 2);
	}
	if (rest >= 100) {
		at -= 2;
		put_pair(rest % 100, at);
		rest /= 100;
	}
	if (rest >= 10)
		put_pair(rest, at - 2);
	else
		at[-1] = (char)('0' + rest);
	if (number < 0)
		*out = '-';
	return len;
}
