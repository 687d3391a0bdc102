#include "store/slot.h"

#include <string.h>

uint16_t slot_crc16(const char *bytes, size_t len)
{
	uint16_t crc = 0;

	for (size_t i = 0; i < len; i++) {
		crc ^= (uint16_t)((unsigned char)bytes[i] << 8);
		for (int bit = 0; bit < 8; bit++)
			crc = (uint16_t)(crc & 0x8000 ? crc << 1 ^ 0x1021 : crc << 1);
	}
	return crc;
}

unsigned slot_of(const char *key, size_t len)
{
	const char *open = memchr(key, '{', len), *close = NULL;

	if (open)
		close = memchr(open + 1, '}', len - (size_t)(open + 1 - key));
	if (close && close > open + 1)
		return slot_crc16(open + 1, (size_t)(close - open - 1)) % SLOTS;
	return slot_crc16(key, len) % SLOTS;
}
