#include "base/fold.h"

#include <string.h>
#include <unicase.h>
#include <unistr.h>

#include "base/ascii.h"
#include "base/utf8.h"

static uint32_t fold(uint32_t code_point)
{
	uint32_t lower = uc_tolower(code_point);

	return lower < 0x80 && code_point >= 0x80 ? code_point : lower;
}

size_t fold_read(const char *text, size_t len, uint32_t *out)
{
	uint32_t code_point = 0;
	size_t n = 1;

	if (!ascii_is_8bit(*text)) {
		*out = (unsigned char)ascii_lower(*text);
	} else {
		n = utf8_sequence(text, len, &code_point);
		*out = fold(code_point);
	}
	return n;
}

bool fold_text(const char *text, char *out, size_t size)
{
	size_t left = strlen(text), used = 0;

	while (left > 0) {
		uint8_t folded[4] = { (uint8_t)*text };
		uint32_t code_point;
		size_t n = fold_read(text, left, &code_point);
		int len = n > 0 ? u8_uctomb(folded, code_point, sizeof(folded)) : 1;

		if (len < 1 || used + (size_t)len >= size)
			return false;
		memcpy(out + used, folded, (size_t)len);
		used += (size_t)len;
		text += n > 0 ? n : 1;
		left -= n > 0 ? n : 1;
	}
	out[used] = '\0';
	return true;
}
