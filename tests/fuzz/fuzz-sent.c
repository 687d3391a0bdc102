/*
 * What a login has sent, as it stands in Redis: whatever is in an element of a list, what
 * is read of it lies within it, and each line is read by itself. And what a daemon writes of a
 * message is read as the same message.
 *
 * Input: the element; and, cut at newlines, queue id, client, credential and sender of a message.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "store/sent.h"
#include "tests/fuzz/target.h"

static void check_text(const char *text, const char *line, size_t len)
{
	must(!*text || (text >= line && text + strlen(text) <= line + len));
}

static void check_line(char *line)
{
	size_t len = strlen(line);
	struct sent_message m;

	if (!sent_parse(line, &m))
		return;
	must(m.time_ms >= 0 && m.recipients >= 0 && m.bytes >= 0);
	check_text(m.action, line, len);
	check_text(m.node, line, len);
	check_text(m.queue_id, line, len);
	check_text(m.client_address, line, len);
	check_text(m.credential, line, len);
	check_text(m.sender, line, len);
}

static size_t count(const char *lines, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += lines[i] == '\n';
	return n;
}

static void check_element(const char *element, size_t len)
{
	size_t expanded = sent_expand(element, len, NULL), n, left;
	char *lines = malloc(expanded + 1), *line;

	must(sent_expand(element, len, lines) == expanded);
	n = count(lines, expanded);
	must(n == count(element, len) + (len > 0 && element[len - 1] != '\n'));
	must(expanded <= len + 1 + n * (SENT_LINE_MAX + 1));
	left = expanded > 0 ? expanded - 1 : 0;
	lines[left] = '\0';
	while ((line = sent_cut_last(lines, &left))) {
		check_line(line);
		must(n-- > 0);
	}
	free(lines);
}

/* Two messages that differ in their time, as they are kept together. */
static void check_message(char *texts)
{
	struct verdict verdict = { .action = ACTION_ACCEPT, .now_ms = 1760000000123 };
	struct request request = { .login = "rose", .recipients = 3, .size_bytes = 4000 };
	struct sent_line line;
	struct sent_message m;
	char lines[2 * SENT_LINE_MAX], out[2 * SENT_LINE_MAX + 2], *own, *end;
	size_t len;

	request.queue_id = strsep(&texts, "\n");
	request.client_address = texts ? strsep(&texts, "\n") : "";
	request.credential = texts ? strsep(&texts, "\n") : "";
	request.sender = texts ? texts : "";
	if (strlen(request.queue_id) > QUEUE_ID_MAX || strlen(request.client_address) > LOGIN_MAX ||
	    strlen(request.credential) > LOGIN_MAX)
		return;
	sent_format(&request, &verdict, "mx1", &line);
	must(line.len < SENT_LINE_MAX && line.text[line.len] == '\0' && !strchr(line.text, '\n'));
	must(line.tail < line.len && line.text[line.tail - 1] == ' ');
	memcpy(lines, line.text, line.len);
	lines[line.len] = '\n';
	memcpy(lines + line.len + 1, line.text, line.tail - 1);
	len = sent_expand(lines, line.len + line.tail, out);
	must(len == 2 * (line.len + 1));
	own = out;
	end = memchr(out, '\n', len);
	must(end == out + line.len && memcmp(out, end + 1, line.len) == 0);
	*end = '\0';
	must(sent_parse(own, &m) && m.time_ms == verdict.now_ms && m.bytes == 4000);
	must(strcmp(m.node, "mx1") == 0 && strcmp(m.action, "accept") == 0);
	must(strlen(m.sender) <= strlen(request.sender));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *element = target_text(data, size);

	check_element(element, size);
	check_message(element);
	free(element);
	return 0;
}
