#include "control/progress.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/clock.h"

/* Nothing is shown before, and so often afterwards. */
#define FIRST_MS 1000
#define EVERY_MS 200

#define BAR_WIDTH 40

static struct {
	bool terminal, shown;
	int64_t began_ms, next_ms;
	uint64_t size; /* 0: not known */
	uint64_t octets, lines;
} progress;

void progress_begin(FILE *file)
{
	struct stat st;

	progress.terminal = isatty(STDERR_FILENO) != 0;
	progress.shown = false;
	progress.began_ms = clock_ms();
	progress.next_ms = progress.began_ms + FIRST_MS;
	progress.size = progress.octets = progress.lines = 0;
	if (fstat(fileno(file), &st) == 0 && S_ISREG(st.st_mode))
		progress.size = (uint64_t)st.st_size;
}

static void show(int64_t now_ms)
{
	int64_t passed_ms = now_ms - progress.began_ms;
	unsigned long long lines = progress.lines;
	unsigned long long rate = lines * 1000 / (unsigned long long)passed_ms;
	int done = progress.size ? (int)(progress.octets * BAR_WIDTH / progress.size) : 0;

	if (done > BAR_WIDTH)
		done = BAR_WIDTH;
	fputs("\r\033[K", stderr);
	if (progress.size)
		fprintf(stderr, "[%.*s%*s] %3d %%  ", done, "########################################",
			BAR_WIDTH - done, "", done * 100 / BAR_WIDTH);
	fprintf(stderr, "%llu lines, %llu a second", lines, rate);
	fflush(stderr);
	progress.shown = true;
}

void progress_add(size_t octets)
{
	int64_t now_ms;

	progress.octets += octets;
	progress.lines++;
	if (!progress.terminal || (now_ms = clock_ms()) < progress.next_ms)
		return;
	progress.next_ms = now_ms + EVERY_MS;
	show(now_ms);
}

void progress_clear(void)
{
	if (progress.shown)
		fputs("\r\033[K", stderr);
	progress.shown = false;
}
