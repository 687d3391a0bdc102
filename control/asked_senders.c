/* Where smtpd_sender_login_maps asks. */
#include <stdlib.h>
#include <string.h>

#include "control/asked.h"
#include "control/need.h"

/* What is behind "socketmap:". */
static void read_map(struct asked *asked, const char *text, bool chrooted)
{
	struct asked_senders *map = &asked->senders;
	char *colon;

	*map = (struct asked_senders){ .text = need_copy(text, strcspn(text, ", \t}")) };
	colon = strrchr(map->text, ':');
	if (!colon)
		return;
	*colon = '\0';
	map->endpoint = map->text;
	map->name = colon + 1;
	setup_find_server(asked->setup, chrooted, map->endpoint, &map->target);
}

void asked_senders_init(struct asked *asked)
{
	static const char type[] = "socketmap:", proxy[] = "proxy:";
	const char *setting = setup_value(&asked->service->force, "smtpd_sender_login_maps");
	const char *found = setting;

	asked->senders = (struct asked_senders){ .text = NULL };
	while (asked->senders.target.place == PLACE_FOREIGN && (found = strstr(found, type))) {
		bool proxied = found - setting >= (long)strlen(proxy) &&
			       strncmp(found - strlen(proxy), proxy, strlen(proxy)) == 0;

		free(asked->senders.text);
		found += strlen(type);
		read_map(asked, found,
			 proxied ? asked->setup->proxymap_chrooted : asked->service->chrooted);
	}
}

void asked_senders_fini(struct asked *asked)
{
	free(asked->senders.text);
	asked->senders = (struct asked_senders){ .text = NULL };
}
