#include "base/mixed_script.h"

#include <idn2.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unictype.h>
#include <uninorm.h>

#include "base/ascii.h"
#include "base/utf8.h"

/* Scripts of one label or word; three are mixed or one of the three fine
 * combinations, four only Latin with Han and both Kana, five always mixed. */
#define SCRIPTS_MAX 5

struct scripts {
	const char *names[SCRIPTS_MAX];
	size_t n;
};

/* --- which scripts --------------------------------------------------------------- */

static void add_script(struct scripts *scripts, const char *name)
{
	for (size_t i = 0; i < scripts->n; i++)
		if (strcmp(scripts->names[i], name) == 0)
			return;
	if (scripts->n < SCRIPTS_MAX)
		scripts->names[scripts->n++] = name;
}

static void find_scripts(const char *text, size_t len, struct scripts *out)
{
	size_t n;

	out->n = 0;
	for (size_t i = 0; i < len; i += n) {
		const uc_script_t *script;
		uint32_t code_point;

		n = utf8_sequence(text + i, len - i, &code_point);
		script = n > 0 ? uc_script(code_point) : NULL;
		if (script && strcmp(script->name, "Common") != 0 &&
		    strcmp(script->name, "Inherited") != 0)
			add_script(out, script->name);
		if (n == 0)
			n = 1;
	}
}

/* --- which of them together ------------------------------------------------------ */

static bool is_in(const char *name, const char *const *list)
{
	while (*list && strcmp(name, *list) != 0)
		list++;
	return *list != NULL;
}

static bool are_in(const struct scripts *scripts, const char *const *list)
{
	for (size_t i = 0; i < scripts->n; i++)
		if (!is_in(scripts->names[i], list))
			return false;
	return true;
}

static bool is_highly_restrictive(const struct scripts *scripts)
{
	static const char *const japanese[] = { "Latin", "Han", "Hiragana", "Katakana", NULL };
	static const char *const chinese[] = { "Latin", "Han", "Bopomofo", NULL };
	static const char *const korean[] = { "Latin", "Han", "Hangul", NULL };

	return scripts->n <= 1 || are_in(scripts, japanese) || are_in(scripts, chinese) ||
	       are_in(scripts, korean);
}

static bool is_moderately_restrictive(const struct scripts *scripts)
{
	/* UAX 31 table 5, without Cyrillic and Greek. */
	static const char *const beside_latin[] = {
		"Latin",     "Arabic",	 "Armenian", "Bengali",	 "Bopomofo", "Devanagari",
		"Ethiopic",  "Georgian", "Gujarati", "Gurmukhi", "Hangul",   "Han",
		"Hebrew",    "Hiragana", "Kannada",  "Katakana", "Khmer",    "Lao",
		"Malayalam", "Myanmar",	 "Oriya",    "Sinhala",	 "Tamil",    "Telugu",
		"Thaana",    "Thai",	 "Tibetan",  NULL,
	};
	static const char *const latin[] = { "Latin", NULL };

	return scripts->n == 2 && are_in(scripts, beside_latin) &&
	       (is_in(scripts->names[0], latin) || is_in(scripts->names[1], latin));
}

/* --- findings -------------------------------------------------------------------- */

/* The octets of text that fit into max without cutting a character. */
static size_t cut_between(const char *text, size_t len, size_t max)
{
	if (len <= max)
		return len;
	while (max > 0 && ((unsigned char)text[max] & 0xc0) == 0x80)
		max--;
	return max;
}

static void describe(const char *what, const char *text, size_t len, const struct scripts *scripts,
		     char out[MIXED_SCRIPT_MAX])
{
	size_t n;

	len = cut_between(text, len, 100);
	n = (size_t)snprintf(out, MIXED_SCRIPT_MAX, "%s %.*s", what, (int)len, text);
	for (size_t i = 0; i < scripts->n && n < MIXED_SCRIPT_MAX; i++)
		n += (size_t)snprintf(out + n, MIXED_SCRIPT_MAX - n, "%s%s", i > 0 ? ", " : " (",
				      scripts->names[i]);
	if (n < MIXED_SCRIPT_MAX)
		snprintf(out + n, MIXED_SCRIPT_MAX - n, ")");
}

static bool find_mix(const char *what, const char *text, size_t len, char out[MIXED_SCRIPT_MAX])
{
	struct scripts scripts;

	find_scripts(text, len, &scripts);
	if (is_highly_restrictive(&scripts) || is_moderately_restrictive(&scripts))
		return false;
	describe(what, text, len, &scripts, out);
	return true;
}

static bool find_mix_in_labels(const char *text, char out[MIXED_SCRIPT_MAX])
{
	while (*text) {
		size_t len = strcspn(text, ".");

		if (find_mix("domain label", text, len, out))
			return true;
		text += len + (text[len] == '.');
	}
	return false;
}

static bool find_mix_in_domain(const char *domain, char out[MIXED_SCRIPT_MAX])
{
	char *shown = NULL;
	bool mixed = false;

	if (!strstr(domain, "xn--"))
		return false;
	if (idn2_to_unicode_8z8z(domain, &shown, 0) == IDN2_OK)
		mixed = find_mix_in_labels(shown, out);
	idn2_free(shown);
	return mixed;
}

/* Letters of other widths and the like (NFKC): "boss" in fullwidth letters is
 * all Latin. */
static bool find_compatible(const char *what, const char *text, size_t len,
			    char out[MIXED_SCRIPT_MAX])
{
	static const struct scripts as_script = { { "compatibility characters" }, 1 };
	size_t n;
	uint8_t *plain = u8_normalize(UNINORM_NFKC, (const uint8_t *)text, len, NULL, &n);
	bool same = !plain || (n == len && memcmp(plain, text, len) == 0);

	free(plain);
	if (!same)
		describe(what, text, len, &as_script, out);
	return !same;
}

bool mixed_script_in_address(const struct address *address, char out[MIXED_SCRIPT_MAX])
{
	static const char what[] = "local part";
	size_t len = strlen(address->local);

	out[0] = '\0';
	if (find_mix_in_domain(address->domain, out))
		return true;
	return ascii_has_8bit(address->local, len) &&
	       (find_mix(what, address->local, len, out) ||
		find_compatible(what, address->local, len, out));
}

/* --- words ----------------------------------------------------------------------- */

static bool is_apostrophe(uint32_t code_point)
{
	return code_point == '\'' || code_point == 0x2019;
}

static bool ends_word(uint32_t code_point)
{
	return code_point < 0x20 ||
	       (!is_apostrophe(code_point) &&
		uc_is_general_category_withtable(
			code_point, UC_CATEGORY_MASK_Z | UC_CATEGORY_MASK_P | UC_CATEGORY_MASK_S));
}

/* The octets of the word that text[0..len) begins with; what is not UTF-8 ends
 * it. *next is behind what ended it. */
static size_t word_length(const char *text, size_t len, const char **next)
{
	size_t i = 0, n;
	uint32_t code_point;

	while ((n = utf8_sequence(text + i, len - i, &code_point)) > 0 && !ends_word(code_point))
		i += n;
	*next = text + i + (n > 0 ? n : i < len);
	return i;
}

bool mixed_script_in_words(const char *text, char out[MIXED_SCRIPT_MAX])
{
	const char *end = text + strlen(text);

	out[0] = '\0';
	if (!ascii_has_8bit(text, (size_t)(end - text)))
		return false;
	while (text < end) {
		const char *next;
		size_t len = word_length(text, (size_t)(end - text), &next);

		if (find_mix("word", text, len, out))
			return true;
		text = next;
	}
	return false;
}
