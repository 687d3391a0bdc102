/* What the settings of section redis have to do with each other. */
#include "base/config_load.h"

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

	if (settings->address.kind != ENDPOINT_TLS)
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
			check_needs(load, redis, names[i], "an address such as tls:host:6380");
	if (settings->tls_cert_file && !settings->tls_key_file)
		check_needs(load, redis, "tls_cert_file", "a tls_key_file");
	if (settings->tls_key_file && !settings->tls_cert_file)
		check_needs(load, redis, "tls_key_file", "a tls_cert_file");
}

void load_check_redis(struct load *load, cfg_t *redis)
{
	const struct redis_settings *settings = &load->config->redis;

	if (settings->username && !settings->password_file)
		check_needs(load, redis, "username", "a password_file");
	check_tls(load, redis);
}
