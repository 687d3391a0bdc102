#include <string.h>

#include "base/config_load.h"
#include "base/scram.h"

static bool is_any_address(const struct endpoint *endpoint)
{
	return !strcmp(endpoint->host, "0.0.0.0") || !strcmp(endpoint->host, "::");
}

static bool overlap(const struct endpoint *a, const struct endpoint *b)
{
	if (endpoint_equal(a, b))
		return true;
	if (a->kind != ENDPOINT_INET || b->kind != ENDPOINT_INET || a->port != b->port)
		return false;
	if (!strchr(a->host, ':') != !strchr(b->host, ':'))
		return false;
	return is_any_address(a) || is_any_address(b);
}

static void check_overlap(struct load *load, const struct endpoint *a, int line_a,
			  const struct endpoint *b, int line_b)
{
	char text[ENDPOINT_TEXT_MAX];

	if (!overlap(a, b))
		return;
	endpoint_format(b, text);
	load_complain(load, line_b, "%s overlaps with the address in line %d", text, line_a);
}

/* An address that something of ours uses, and the line that says so. */
struct used {
	const struct endpoint *endpoint;
	int line;
};

static size_t add_list(const struct endpoint *list, size_t n, cfg_opt_t *opt, struct used *used)
{
	for (size_t i = 0; i < n; i++)
		used[i] = (struct used){ &list[i], load_nth_line(opt, i) };
	return n;
}

static void check_listeners(struct load *load, cfg_t *cfg)
{
	const struct config *config = load->config;
	cfg_t *policyd = cfg_getsec(cfg, "policyd");
	cfg_opt_t *redis = load_find(cfg_getsec(cfg, "redis"), "address");
	struct used *used = load_allocate(
		load,
		config->n_policyd_listen + config->n_sender_login_listen + config->sasld.n_listen +
			2,
		sizeof(*used));
	size_t n = 0;

	if (redis)
		used[n++] = (struct used){ &config->redis.address, load_nth_line(redis, 0) };
	n += add_list(config->policyd_listen, config->n_policyd_listen,
		      load_find(policyd, "listen"), used + n);
	n += add_list(config->sender_login_listen, config->n_sender_login_listen,
		      load_find(policyd, "sender_login_listen"), used + n);
	n += add_list(config->sasld.listen, config->sasld.n_listen,
		      load_find(cfg_getsec(cfg, "sasld"), "listen"), used + n);
	if (config->milter_configured)
		used[n++] = (struct used){ &config->milter_listen,
					   load_line_of(cfg_getsec(cfg, "milter"), "listen") };
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < i; j++)
			check_overlap(load, used[j].endpoint, used[j].line, used[i].endpoint,
				      used[i].line);
}

void load_check(struct load *load, cfg_t *cfg)
{
	const struct config *config = load->config;
	cfg_t *redis = cfg_getsec(cfg, "redis");

	check_listeners(load, cfg);
	load_check_quotas(load, cfg_getsec(cfg, "unauthenticated"), "quotas",
			  config->unauthenticated.quotas, config->unauthenticated.n_quotas);
	if (config->charge == CHARGE_MILTER && !config->milter_configured)
		load_complain(load, load_line_of(cfg, "charge"),
			      "charge = milter needs a milter section with a listener");
	if (config->n_sender_login_listen > 0 && config->local_part_case_sensitive)
		load_complain(load, load_line_of(cfg, "local_part_case"),
			      "Postfix asks for senders in lower case: sender_login_listen needs "
			      "local_part_case = insensitive");
	if (config->passwords.scram_iterations > 0 &&
	    config->passwords.scram_iterations < SCRAM_ITERATIONS_MIN)
		load_complain(load,
			      load_line_of(cfg_getsec(cfg, "passwords"), "scram_iterations"),
			      "scram_iterations must be at least 4096 (RFC 7677), or 0 for none");
	load_check_redis(load, redis);
}
