/*
 * A scenario while it is played: what its steps share.
 */
#ifndef SENDWARD_TESTS_SCENARIO_PLAY_H
#define SENDWARD_TESTS_SCENARIO_PLAY_H

#include "tests/scenario/fake_store.h"

#define LINE_MAX_OCTETS 1000

struct scenario {
	const char *path;
	int line;
	char name[300];
	char *text; /* the lines behind the name */
};

/* What a request line may say. */
struct request_line {
	char qid[QUEUE_ID_MAX * 2], login[LOGIN_MAX + 50], client[64], sender[400], from[400],
		reply_to[400];
	char recipient[400];
	char credential[64], tls[16], cert[64], context[64];
	int64_t free, listed, stay, unqueued, identity, was_identity, repeated;
	int64_t recipients, size;
	bool header_seen;
};

struct play {
	const struct scenario *scenario;
	const char *next; /* the line to be read next */
	int line;
	char text[LINE_MAX_OCTETS]; /* the present line */
	bool later;
	struct fake_store *store;
	struct config *config;
	struct request_line given;
	struct request request; /* the last one */
	struct request_line fields; /* what it borrows from */
	struct originators originators;
	bool answered;
	enum action action;
	bool charged;
	bool listed;	/* verdict.recipient_listed */
	char whose[20]; /* by_identity: what came of it */
	char redirect[400], reply[REPLY_TEXT_MAX + 30];
	struct fields log;
};

/* One kind of line; rest is what stands behind its name. Tables of them end
 * with a NULL. */
struct step {
	const char *name;
	void (*run)(struct play *p, char *rest);
};

extern const struct step request_steps[], world_steps[];

/* Plays it; the assertions are the suite's. later: the store answers when the
 * question has been asked. */
void play_scenario(const struct scenario *scenario, bool later);

/* A line that is not one ends the program. */
void play_wrong(const struct play *p, const char *what) __attribute__((noreturn));
void play_must(const struct play *p, bool condition, const char *what);

/* "..." in the pattern stands for any text. */
void play_check_match(const char *text, const char *pattern);

/* Cuts the next word off *rest; "" at the end. A value may be quoted. */
char *play_word(char **rest);
int64_t play_number(const struct play *p, const char *text);
int64_t play_duration(const struct play *p, const char *text);

#endif
