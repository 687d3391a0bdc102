/*
 * top: who sends most, who is nearest to a limit, who is refused most.
 */
#include <stdio.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "control/commands.h"
#include "control/text.h"
#include "control/top.h"

#define INTERVAL_MS 5000

/* Between two tries while the store is away. */
#define AWAY_PAUSE_MS 1000

/* On a terminal: the cursor to the top, and nothing below it. */
#define CLEAR_SCREEN "\033[H\033[2J"

/* And what is wider than it is cut at its edge, as top(1) does. */
#define WRAP_OFF "\033[?7l"
#define WRAP_ON "\033[?7h"

/* A round goes to the terminal as a whole, so that a signal leaves it with WRAP_ON. */
#define SCREEN_SIZE 65536

/* Lines beside those of logins: the time, the head, and where the cursor ends. */
#define OTHER_LINES 3

static void note_left_out(const struct top *top)
{
	char window[QUOTA_TEXT_MAX];

	top_choice_window(&top->choice, window);
	if (top->choice.by == TOP_BY_SHARE)
		control_note("logins without a quota of window %s are not in the list", window);
	else
		control_note("logins without a quota of %s / %s are not in the list",
			     quota_unit_name((enum quota_unit)top->choice.by), window);
}

static void print_json(const struct top *top)
{
	json_t *array = top_json(top), *item;
	size_t i;

	json_array_foreach(array, i, item) control_print_item(json_incref(item), i);
	control_print_end(json_array_size(array));
	json_decref(array);
}

static int once(struct top *top)
{
	char error[WAIT_ERROR_MAX];

	if (!top_collect(top, error))
		return control_refuse("%s", error);
	if (top->control->json)
		print_json(top);
	else
		top_print_table(top, TOP_NUMBER_MAX);
	if (top->left_out && top->choice.one_window)
		note_left_out(top);
	return STATUS_DONE;
}

/* The size is 0 where it is not known. */
static size_t logins_that_fit(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_row == 0)
		return TOP_NUMBER_MAX;
	return size.ws_row > OTHER_LINES ? size.ws_row - OTHER_LINES : 1;
}

static void print_round(const struct top *top, bool first)
{
	bool terminal = isatty(STDOUT_FILENO);
	char now[TEXT_TIME_MAX];
	json_t *array;

	if (top->control->json) {
		array = top_json(top);
		control_print_json_line(array);
		json_decref(array);
		return;
	}
	if (terminal)
		fputs(CLEAR_SCREEN WRAP_OFF, stdout);
	else if (!first)
		putchar('\n');
	text_time(time(NULL), now);
	puts(now);
	top_print_table(top, terminal ? logins_that_fit() : TOP_NUMBER_MAX);
	if (terminal)
		fputs(WRAP_ON, stdout);
}

/* Ends when standard output does, or with a signal. */
static int follow(struct top *top)
{
	const struct value *interval = control_value(top->control, OPTION_INTERVAL);
	int64_t interval_ms = interval ? interval->number : INTERVAL_MS;
	bool first = true, away = false;
	char error[WAIT_ERROR_MAX];

	setvbuf(stdout, NULL, _IOFBF, SCREEN_SIZE);
	while (fflush(stdout) == 0 && !ferror(stdout)) {
		bool ok = top_collect(top, error);

		if (ok) {
			print_round(top, first);
			first = false;
		} else if (!away) {
			control_note("%s; waiting for it", error);
		}
		away = !ok;
		fflush(stdout);
		wait_pause(top->control->wait, away ? AWAY_PAUSE_MS : interval_ms);
	}
	return STATUS_DONE;
}

static int command_top(struct control *control)
{
	struct top top = { .control = control };
	bool following = control_has(control, OPTION_FOLLOW);
	int status;

	if (control_has(control, OPTION_INTERVAL) && !following)
		return control_misuse(control, "--interval is how long --follow waits");
	if (!control_load(control))
		return STATUS_REFUSED;
	status = top_choice_read(control, &top.choice);
	if (status != STATUS_DONE)
		return status;
	if (!control_connect(control))
		return STATUS_REFUSED;
	status = following ? follow(&top) : once(&top);
	top_fini(&top);
	return status;
}

static const struct meaning meanings[] = {
	{ OPTION_DOMAIN,
	  { "domain", 0, false, "DOMAIN", value_domain, "only logins of a mail domain" } },
	{ OPTION_PLAN,
	  { "plan", 0, false, "PLAN", value_name, "only logins that a plan is in force for" } },
	{ OPTION_FOLLOW,
	  { "follow", 'f', false, NULL, NULL, "again and again, until interrupted" } },
	{ 0 },
};

const struct command commands_top[] = {
	{ .name = "top",
	  .options = OPTION_LIST(OPTION_BY, OPTION_WINDOW, OPTION_NUMBER, OPTION_PLAN,
				 OPTION_DOMAIN, OPTION_FOLLOW, OPTION_INTERVAL),
	  .meanings = meanings,
	  .help = "print who sends most, is nearest to a limit, or refused most",
	  .notes = "Of each login its own quota that is nearest to its limit, as usage shows it;\n"
		   "--by messages, recipients or bytes sorts by what was sent in one window, the\n"
		   "shortest that plan default counts it in unless --window says another.\n"
		   "--by attempts sorts by how often mail was refused in the last hour.",
	  .run = command_top },
	{ 0 },
};
