#include "base/utf8.h"

static bool is_continuation(unsigned char c)
{
	return (c & 0xc0) == 0x80;
}

/* Octets that a leading octet announces, with the bits it carries itself and
 * the smallest code point that needs so many; 0 for one that leads nothing. */
static size_t announced(unsigned char lead, uint32_t *bits, uint32_t *smallest)
{
	if (lead < 0x80) {
		*bits = lead;
		*smallest = 0;
		return 1;
	}
	if ((lead & 0xe0) == 0xc0) {
		*bits = lead & 0x1f;
		*smallest = 0x80;
		return 2;
	}
	if ((lead & 0xf0) == 0xe0) {
		*bits = lead & 0x0f;
		*smallest = 0x800;
		return 3;
	}
	if ((lead & 0xf8) == 0xf0) {
		*bits = lead & 0x07;
		*smallest = 0x10000;
		return 4;
	}
	return 0;
}

size_t utf8_sequence(const char *text, size_t len, uint32_t *code_point)
{
	const unsigned char *p = (const unsigned char *)text;
	uint32_t code, smallest;
	size_t n, i;

	if (len == 0)
		return 0;
	n = announced(p[0], &code, &smallest);
	if (n == 0 || n > len)
		return 0;
	for (i = 1; i < n; i++) {
		if (!is_continuation(p[i]))
			return 0;
		code = code << 6 | (p[i] & 0x3f);
	}
	/* Overlong forms, surrogates and what lies beyond Unicode. */
	if (code < smallest || (code >= 0xd800 && code <= 0xdfff) || code > 0x10ffff)
		return 0;
	*code_point = code;
	return n;
}

bool utf8_is_control(uint32_t code_point)
{
	static const struct {
		uint32_t first, last;
	} ranges[] = {
		{ 0x0000, 0x001f },   /* C0 */
		{ 0x007f, 0x009f },   /* DEL, C1 */
		{ 0x061c, 0x061c },   /* Arabic letter mark */
		{ 0x200b, 0x200f },   /* zero width, direction marks */
		{ 0x2028, 0x202e },   /* separators, direction overrides */
		{ 0x2060, 0x206f },   /* invisible operators, isolates */
		{ 0xfeff, 0xfeff },   /* byte order mark */
		{ 0xe0000, 0xe007f }, /* tags */
	};
	size_t i;

	for (i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (code_point >= ranges[i].first && code_point <= ranges[i].last)
			return true;
	return false;
}
