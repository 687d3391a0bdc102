/*
 * Encoded words, "=?charset?encoding?text?=" (RFC 2047), wherever they stand and
 * as the most lenient program takes them.
 *
 * Not GMime's decoder: that one remembers every charset name it ever met, and
 * the names come from the message.
 */
#ifndef SENDWARD_ENCODED_WORD_H
#define SENDWARD_ENCODED_WORD_H

#include <stdbool.h>

/* May there be an encoded word? If not, the functions below find nothing, and
 * give the text as it is. */
bool encoded_words_any(const char *text);

/* Returns NULL, or a static text when one of them holds a control character
 * (NUL, line breaks, DEL, ...). */
const char *encoded_words_check(const char *text);

/* The text with its encoded words decoded to UTF-8; what a charset that is not
 * known here has beyond ASCII becomes U+FFFD. To be free()d. */
char *encoded_words_decode(const char *text);

/* The same for programs that decode words of one charset and encoding as one when
 * there are only blanks between them: a character may be cut in two there. */
char *encoded_words_decode_joined(const char *text);

/* Makes ordinary words of them, in place, keeping every octet's place: as for who
 * decodes before reading, nothing inside of them is a quote, a comment or a
 * separator. "=?" that begins none is masked too. */
void encoded_words_mask(char *text);

#endif
