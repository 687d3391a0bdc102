#define _GNU_SOURCE
#include "base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <termios.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/refuse.h"

struct secret {
	size_t len;
	char text[SECRET_MAX + 1];
};

struct secret *secret_new(void)
{
	void *page = mmap(NULL, sizeof(struct secret), PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		memory_exhausted();
	/* Both are worth having and not needed. */
	(void)mlock(page, sizeof(struct secret));
	(void)madvise(page, sizeof(struct secret), MADV_DONTDUMP);
	return page;
}

void secret_free(struct secret **secret)
{
	struct secret *s = *secret;

	*secret = NULL;
	if (!s)
		return;
	explicit_bzero(s, sizeof(*s));
	munmap(s, sizeof(*s));
}

const char *secret_text(const struct secret *secret)
{
	return secret->text;
}

size_t secret_length(const struct secret *secret)
{
	return secret->len;
}

void secret_wipe(struct secret *secret)
{
	explicit_bzero(secret, sizeof(*secret));
}

bool secret_set(struct secret *secret, const char *bytes, size_t len)
{
	secret_wipe(secret);
	if (len > SECRET_MAX || memchr(bytes, '\0', len))
		return false;
	memcpy(secret->text, bytes, len);
	secret->len = len;
	return true;
}

bool secret_equal(const struct secret *a, const struct secret *b)
{
	/* What is behind the text is zero. */
	return CRYPTO_memcmp(a, b, sizeof(*a)) == 0;
}

/* ---- reading ------------------------------------------------------------- */

/* The next octet; 0 at the end of the file, -1 when it cannot be read. */
static int read_octet(int fd, char *out)
{
	ssize_t n;

	do
		n = read(fd, out, 1);
	while (n < 0 && errno == EINTR);
	return (int)n;
}

/* One octet at a time: what is behind the line is somebody else's, and no buffer
 * keeps a copy. */
bool secret_read_line(int fd, struct secret *out, char *error, size_t error_size)
{
	char c = '\0';
	int got;

	secret_wipe(out);
	while ((got = read_octet(fd, &c)) == 1 && c != '\n') {
		if (c == '\0' || out->len >= SECRET_MAX)
			break;
		out->text[out->len++] = c;
	}
	if (got == 1 && c == '\n' && out->len > 0 && out->text[out->len - 1] == '\r')
		out->text[--out->len] = '\0';
	if (got < 0)
		refuse(error, error_size, "it cannot be read: %s", strerror(errno));
	else if (got == 1 && c == '\0')
		refuse(error, error_size, "it has a NUL octet");
	else if (got == 1 && c != '\n')
		refuse(error, error_size, "it is longer than %d octets", SECRET_MAX);
	else if (out->len == 0)
		refuse(error, error_size, "it is empty");
	else
		return true;
	secret_wipe(out);
	return false;
}

/* ---- asking -------------------------------------------------------------- */

/* Signals that would leave the terminal without echo wait until it has it again. */
static void block_signals(sigset_t *before)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGQUIT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGTSTP);
	sigprocmask(SIG_BLOCK, &signals, before);
}

static void write_text(int fd, const char *text)
{
	/* A prompt that cannot be shown is no reason not to read. */
	if (write(fd, text, strlen(text)) < 0)
		errno = 0;
}

/* Is one of them waiting? Then the user wants to stop. */
static bool is_interrupted(void)
{
	sigset_t waiting;

	sigpending(&waiting);
	return sigismember(&waiting, SIGINT) || sigismember(&waiting, SIGQUIT) ||
	       sigismember(&waiting, SIGTERM) || sigismember(&waiting, SIGHUP);
}

/* Looks for a signal this often while nothing is typed. */
#define ASK_LOOK_MS 200

static bool wait_for_line(int fd, char *error, size_t error_size)
{
	struct pollfd one = { .fd = fd, .events = POLLIN };

	while (poll(&one, 1, ASK_LOOK_MS) == 0)
		if (is_interrupted())
			return refuse(error, error_size, "interrupted");
	return true;
}

static bool ask_once(int fd, const char *prompt, struct secret *out, char *error, size_t error_size)
{
	bool ok;

	write_text(fd, prompt);
	/* The terminal gives whole lines. */
	ok = wait_for_line(fd, error, error_size) && secret_read_line(fd, out, error, error_size);
	write_text(fd, "\n");
	return ok;
}

static bool ask_again(int fd, const struct secret *first, char *error, size_t error_size)
{
	struct secret *second = secret_new();
	bool ok = ask_once(fd, "Once more: ", second, error, error_size);

	if (ok && !secret_equal(first, second))
		ok = refuse(error, error_size, "the two are not the same");
	secret_free(&second);
	return ok;
}

bool secret_ask(const char *prompt, bool confirm, struct secret *out, char *error,
		size_t error_size)
{
	int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
	struct termios before, silent;
	sigset_t signals;
	bool ok;

	secret_wipe(out);
	if (fd < 0 || tcgetattr(fd, &before) != 0) {
		if (fd >= 0)
			close(fd);
		return refuse(error, error_size, "there is no terminal to ask on; --password-stdin reads it from standard input");
	}
	silent = before;
	silent.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
	silent.c_lflag |= ICANON | ISIG;
	block_signals(&signals);
	ok = tcsetattr(fd, TCSAFLUSH, &silent) == 0;
	if (!ok)
		refuse(error, error_size, "the terminal cannot be kept from showing it");
	else
		ok = ask_once(fd, prompt, out, error, error_size) &&
		     (!confirm || ask_again(fd, out, error, error_size));
	tcsetattr(fd, TCSAFLUSH, &before);
	close(fd);
	sigprocmask(SIG_SETMASK, &signals, NULL);
	if (!ok)
		secret_wipe(out);
	return ok;
}
