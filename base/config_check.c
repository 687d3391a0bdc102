#include <string.h>

#include "base/config_load.h"

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

static void check_listeners(struct load *load, cfg_t *cfg)
{
	const struct config *config = load->config;
	cfg_opt_t *policyd = load_find(cfg_getsec(cfg, "policyd"), "listen");
	cfg_opt_t *redis = load_find(cfg_getsec(cfg, "redis"), "address");
	int milter_line = load_line_of(cfg_getsec(cfg, "milter"), "listen");
	size_t i, j;

	for (i = 0; i < config->n_policyd_listen; i++) {
		for (j = 0; j < i; j++)
			check_overlap(load, &config->policyd_listen[j], load_nth_line(policyd, j),
				      &config->policyd_listen[i], load_nth_line(policyd, i));
		if (config->milter_configured)
			check_overlap(load, &config->policyd_listen[i], load_nth_line(policyd, i),
				      &config->milter_listen, milter_line);
		if (redis)
			check_overlap(load, &config->redis.address, load_nth_line(redis, 0),
				      &config->policyd_listen[i], load_nth_line(policyd, i));
	}
	if (config->milter_configured && redis)
		check_overlap(load, &config->redis.address, load_nth_line(redis, 0),
			      &config->milter_listen, milter_line);
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
	load_check_redis(load, redis);
}
