#include "base/charset.h"

#include <string.h>

#include "base/ascii.h"

/* By the names that mail has for them. */
static const struct {
	const char *name;
	const char *iconv;
} charsets[] = {
	{ "utf-7", "UTF-7" },
	{ "unicode-1-1-utf-7", "UTF-7" },
	{ "iso-2022-jp", "ISO-2022-JP" },
	{ "iso-2022-jp-1", "ISO-2022-JP-1" },
	{ "iso-2022-jp-2", "ISO-2022-JP-2" },
	{ "iso-2022-kr", "ISO-2022-KR" },
	{ "iso-2022-cn", "ISO-2022-CN" },
	{ "shift_jis", "CP932" },
	{ "shift-jis", "CP932" },
	{ "sjis", "CP932" },
	{ "x-sjis", "CP932" },
	{ "ms_kanji", "CP932" },
	{ "windows-31j", "CP932" },
	{ "cp932", "CP932" },
	{ "gbk", "GB18030" },
	{ "cp936", "GB18030" },
	{ "ms936", "GB18030" },
	{ "windows-936", "GB18030" },
	{ "gb18030", "GB18030" },
	{ "big5", "BIG5-HKSCS" },
	{ "big5-hkscs", "BIG5-HKSCS" },
	{ "cp950", "BIG5-HKSCS" },
	{ "ibm037", "IBM037" },
	{ "cp037", "IBM037" },
	{ "ibm500", "IBM500" },
	{ "cp500", "IBM500" },
	{ "ibm1047", "IBM1047" },
	{ "cp1047", "IBM1047" },
	{ "iso-8859-1", "ISO-8859-1" },
	{ "latin1", "ISO-8859-1" },
	{ "iso-8859-2", "ISO-8859-2" },
	{ "iso-8859-5", "ISO-8859-5" },
	{ "iso-8859-7", "ISO-8859-7" },
	{ "iso-8859-9", "ISO-8859-9" },
	{ "iso-8859-15", "ISO-8859-15" },
	{ "windows-1250", "CP1250" },
	{ "windows-1251", "CP1251" },
	{ "cp1251", "CP1251" },
	{ "windows-1252", "CP1252" },
	{ "cp1252", "CP1252" },
	{ "windows-1253", "CP1253" },
	{ "windows-1254", "CP1254" },
	{ "koi8-r", "KOI8-R" },
	{ "koi8-u", "KOI8-U" },
	/* Where NULs do not give it away: fullwidth letters. */
	{ "utf-16", "UTF-16BE" },
	{ "utf-16be", "UTF-16BE" },
	{ "utf-16le", "UTF-16LE" },
};

const char *charset_iconv_name(const char *name, size_t len)
{
	for (size_t i = 0; i < sizeof(charsets) / sizeof(charsets[0]); i++)
		if (strlen(charsets[i].name) == len &&
		    ascii_equal_nocase(name, charsets[i].name, len))
			return charsets[i].iconv;
	return NULL;
}
