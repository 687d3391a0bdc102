/* What the settings of section redis have to do with each other. */
#include <stdio.h>
#include <string.h>

#include "base/config_load.h"

enum endpoint_kind redis_kind(const struct redis_settings *settings)
{
	if (settings->n_cluster > 0)
		return settings->cluster[0].kind;
	return settings->n_sentinels > 0 ? settings->sentinels[0].kind : settings->address.kind;
}

void redis_name(const struct redis_settings *settings, char out[REDIS_NAME_MAX])
{
	char address[ENDPOINT_TEXT_MAX];

	endpoint_format(settings->n_cluster > 0 ? &settings->cluster[0] : &settings->address, address);
	if (settings->n_sentinels > 0)
		snprintf(out, REDIS_NAME_MAX, "sentinel %s", settings->sentinel_master);
	else
		snprintf(out, REDIS_NAME_MAX, "%s%s", settings->n_cluster > 0 ? "cluster " : "",
			 address);
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_servers(const struct endpoint *a, size_t n_a, const struct endpoint *b, size_t n_b)
{
	for (size_t i = 0; i < n_a && i < n_b; i++)
		if (!endpoint_equal(&a[i], &b[i]))
			return false;
	return n_a == n_b;
}

bool redis_same(const struct redis_settings *a, const struct redis_settings *b)
{
	return endpoint_equal(&a->address, &b->address) &&
	       same_servers(a->sentinels, a->n_sentinels, b->sentinels, b->n_sentinels) &&
	       same_servers(a->cluster, a->n_cluster, b->cluster, b->n_cluster) &&
	       same_text(a->sentinel_master, b->sentinel_master) &&
	       same_text(a->sentinel_username, b->sentinel_username) &&
	       same_text(a->sentinel_password_file, b->sentinel_password_file) &&
	       same_text(a->username, b->username) &&
	       same_text(a->password_file, b->password_file) && a->database == b->database &&
	       same_text(a->prefix, b->prefix) && same_text(a->tls_ca_file, b->tls_ca_file) &&
	       same_text(a->tls_cert_file, b->tls_cert_file) &&
	       same_text(a->tls_key_file, b->tls_key_file) &&
	       same_text(a->tls_server_name, b->tls_server_name);
}

static void check_needs(struct load *load, cfg_t *redis, const char *name, const char *what)
{
	if (load_find(redis, name))
		load_complain(load, load_line_of(redis, name), "%s needs %s", name, what);
}

static void check_tls(struct load *load, cfg_t *redis)
{
	static const char *const names[] = { "tls_ca_file", "tls_cert_file", "tls_key_file",
					     "tls_server_name" };
	const struct redis_settings *settings = &load->config->redis;

	if (redis_kind(settings) != ENDPOINT_TLS)
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
			check_needs(load, redis, names[i], "an address such as tls:host:6380");
	if (settings->tls_cert_file && !settings->tls_key_file)
		check_needs(load, redis, "tls_cert_file", "a tls_key_file");
	if (settings->tls_key_file && !settings->tls_cert_file)
		check_needs(load, redis, "tls_key_file", "a tls_cert_file");
}

static void check_kinds(struct load *load, cfg_t *redis, const char *name,
			const struct endpoint *list, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		if (list[i].kind != list[0].kind)
			load_complain(load, load_nth_line(load_find(redis, name), i),
				      "the servers of %s are either all inet: or all tls:", name);
	}
}

static void check_cluster(struct load *load, cfg_t *redis)
{
	const struct redis_settings *settings = &load->config->redis;

	check_kinds(load, redis, "cluster", settings->cluster, settings->n_cluster);
	if (settings->n_cluster > 0 && settings->database != 0)
		load_complain(load, load_line_of(redis, "database"),
			      "a cluster has only database 0");
}

static void check_sentinels(struct load *load, cfg_t *redis)
{
	static const char *const names[] = { "sentinel_master", "sentinel_username",
					     "sentinel_password_file" };
	const struct redis_settings *settings = &load->config->redis;

	if (settings->n_sentinels == 0)
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
			check_needs(load, redis, names[i], "sentinels");
	if (settings->n_sentinels > 0 && !settings->sentinel_master)
		check_needs(load, redis, "sentinels", "a sentinel_master, the name they know it by");
	if (settings->sentinel_username && !settings->sentinel_password_file)
		check_needs(load, redis, "sentinel_username", "a sentinel_password_file");
	check_kinds(load, redis, "sentinels", settings->sentinels, settings->n_sentinels);
}

/* A list that is set but empty is one, too. */
static void check_one_of(struct load *load, cfg_t *redis)
{
	static const char *const names[] = { "address", "sentinels", "cluster" };
	const char *first = NULL;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!load_find(redis, names[i]))
			continue;
		if (first)
			load_complain(load, load_line_of(redis, names[i]),
				      "there is %s in line %d already: one of them says where "
				      "Redis is",
				      first, load_line_of(redis, first));
		first = names[i];
	}
}

void load_check_redis(struct load *load, cfg_t *redis)
{
	const struct redis_settings *settings = &load->config->redis;

	if (settings->username && !settings->password_file)
		check_needs(load, redis, "username", "a password_file");
	check_one_of(load, redis);
	check_sentinels(load, redis);
	check_cluster(load, redis);
	check_tls(load, redis);
}
