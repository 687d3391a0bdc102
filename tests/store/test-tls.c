/*
 * TLS towards Redis: authorities, names, our own certificate, and what is said
 * when one of them is wrong. Passwords belong here too: what is read from
 * files, and when.
 */
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/store/rig.h"
#include "tests/unit/port.h"
#include "tests/unit/suite.h"

static struct rig rig;
static char directory[] = "/tmp/sendward-tls-XXXXXX";
static int port;

/* The section for the TLS port of host with more settings, in which "@" is the
 * directory of the certificates. */
static const char *section_of(const char *host, const char *settings)
{
	static char text[1500];
	size_t len = (size_t)snprintf(text, sizeof(text), "address = \"tls:%s:%d\" ", host, port);

	for (; *settings && len < sizeof(text) - 100; settings++) {
		if (*settings == '@')
			len += (size_t)sprintf(text + len, "%s", directory);
		else
			text[len++] = *settings;
	}
	text[len] = '\0';
	return text;
}

/* "" or why not. */
static const char *connect_to(const char *host, const char *settings)
{
	return rig_connect(&rig, section_of(host, settings), REDIS_PATIENCE_MS);
}

#define GOOD_CA "tls_ca_file = \"@/ca.pem\" "
#define CLIENT "tls_cert_file = \"@/client.pem\" tls_key_file = \"@/client.key\" "

static void test_good(void)
{
	SUITE_TEXT_EQUAL(connect_to("127.0.0.1", GOOD_CA CLIENT), "");
	SUITE_INT_EQUAL(rig_put(&rig, "rose", NULL, "{}").result, STORE_OK);
	SUITE_INT_EQUAL(rig_get(&rig, "rose").result, STORE_OK);
	SUITE_TEXT_EQUAL(
		connect_to("127.0.0.1", GOOD_CA CLIENT "tls_server_name = \"redis.example\""), "");
	SUITE_INT_EQUAL(rig_get(&rig, "rose").result, STORE_OK);
}

static void test_bad(void)
{
	static const struct {
		const char *host, *settings, *error;
	} rows[] = {
		{ "127.0.0.1", CLIENT, "certificate: " },
		{ "127.0.0.1", "tls_ca_file = \"@/other-ca.pem\" " CLIENT, "certificate: " },
		{ "localhost", GOOD_CA CLIENT, "certificate: hostname mismatch" },
		{ "127.0.0.1", GOOD_CA CLIENT "tls_server_name = \"other.example\"",
		  "certificate: hostname mismatch" },
		{ "127.0.0.1", GOOD_CA, "" /* how it ends differs between versions */ },
		{ "127.0.0.1", "tls_ca_file = \"@/none.pem\"", "/none.pem: No such file" },
		{ "127.0.0.1", "tls_ca_file = \"@/client.key\"", "tls_ca_file " },
		{ "127.0.0.1",
		  GOOD_CA "tls_cert_file = \"@/none.pem\" tls_key_file = \"@/client.key\"",
		  "tls_cert_file " },
		{ "127.0.0.1",
		  GOOD_CA "tls_cert_file = \"@/client.pem\" tls_key_file = \"@/none.key\"",
		  "/none.key: No such file" },
		{ "127.0.0.1",
		  GOOD_CA "tls_cert_file = \"@/client.pem\" tls_key_file = \"@/server.key\"",
		  "key values mismatch" },
		{ "127.0.0.1",
		  GOOD_CA "tls_cert_file = \"@/client.pem\" tls_key_file = \"@/locked.key\"",
		  "tls_key_file " },
	};

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		suite_row("%s", rows[i].settings);
		SUITE_TRUE(rig_fails(&rig, section_of(rows[i].host, rows[i].settings),
				     rows[i].error));
		SUITE_TRUE(strstr(rig_last_error(&rig), "tls:") == rig_last_error(&rig));
	}
}

static void rename_file(const char *from, const char *to)
{
	char old[100], new[100];

	snprintf(old, sizeof(old), "%s/%s", directory, from);
	snprintf(new, sizeof(new), "%s/%s", directory, to);
	SUITE_INT_EQUAL(rename(old, new), 0);
}

/* What was read stays until a reload, whatever becomes of the file. */
static void test_read_once(void)
{
	SUITE_TEXT_EQUAL(connect_to("127.0.0.1", GOOD_CA CLIENT), "");
	rename_file("ca.pem", "away.pem");
	redis_do(rig.redis, "CLIENT KILL TYPE normal SKIPME yes");
	rig_wait_connected(&rig, false);
	rig_wait_connected(&rig, true);
	SUITE_INT_EQUAL(rig_get(&rig, "rose").result, STORE_OK);

	/* A reload of the same configuration reads it again. */
	SUITE_TEXT_EQUAL(connect_to("127.0.0.1", GOOD_CA CLIENT), "");
	redis_do(rig.redis, "CLIENT KILL TYPE normal SKIPME yes");
	rig_wait_connected(&rig, false);
	rig_wait_error(&rig, "/ca.pem: No such file");
	rename_file("away.pem", "ca.pem");
	connect_to("127.0.0.1", GOOD_CA CLIENT);
	rig_wait_connected(&rig, true);
}

static void write_password(const char *text)
{
	char path[100];
	FILE *file;

	snprintf(path, sizeof(path), "%s/password", directory);
	file = fopen(path, "w");
	fputs(text, file);
	fclose(file);
}

static void test_password(void)
{
	static const char settings[] =
		GOOD_CA CLIENT "username = \"mail\" password_file = \"@/password\"";

	redis_do(rig.redis, "ACL SETUSER mail on >first ~sendward:* +@all");
	write_password("first\n");
	SUITE_TEXT_EQUAL(connect_to("127.0.0.1", settings), "");
	SUITE_INT_EQUAL(rig_get(&rig, "rose").result, STORE_OK);
	SUITE_INT_EQUAL(rig_get(&rig, "rose").result, STORE_OK);

	/* A new password needs no reload. */
	redis_do(rig.redis, "ACL SETUSER mail resetpass >second");
	write_password("second\n");
	redis_do(rig.redis, "CLIENT KILL TYPE normal SKIPME yes");
	rig_wait_connected(&rig, false);
	rig_wait_connected(&rig, true);
	SUITE_INT_EQUAL(rig_get(&rig, "rose").result, STORE_OK);

	/* One that comes late is found, too. */
	redis_do(rig.redis, "ACL SETUSER mail resetpass >third");
	redis_do(rig.redis, "CLIENT KILL TYPE normal SKIPME yes");
	rig_wait_connected(&rig, false);
	rig_wait_error(&rig, "WRONGPASS");
	write_password("third\n");
	rig_wait_connected(&rig, true);
}

static bool is_ok(struct redis *node)
{
	redisReply *reply = redis_call(node, "CLUSTER INFO");
	bool ok = reply->str && strstr(reply->str, "cluster_state:ok");

	freeReplyObject(reply);
	return ok;
}

/* A cluster of one node, which is reached by TLS only. */
static void test_cluster(void)
{
	int tls_port = port_free();
	struct redis *node = redis_new_with(
		0, false,
		"tls-port %d\ntls-cert-file %s/server.pem\ntls-key-file %s/server.key\n"
		"tls-ca-cert-file %s/ca.pem\ncluster-enabled yes\ntls-cluster yes\n"
		"cluster-port %d\n",
		tls_port, directory, directory, directory, port_free());
	char text[1000];

	redis_do(node, "CLUSTER ADDSLOTSRANGE 0 16383");
	while (!is_ok(node))
		rig_run(&rig, 20);
	snprintf(text, sizeof(text),
		 "cluster = { \"tls:127.0.0.1:%d\" } tls_ca_file = \"%s/ca.pem\" "
		 "tls_cert_file = \"%s/client.pem\" tls_key_file = \"%s/client.key\"",
		 tls_port, directory, directory, directory);
	SUITE_TEXT_EQUAL(rig_connect(&rig, text, REDIS_PATIENCE_MS), "");
	SUITE_INT_EQUAL(rig_put(&rig, "rose", NULL, "{}").result, STORE_OK);
	/* A reload makes the authorities anew under all connections. */
	SUITE_TEXT_EQUAL(rig_connect(&rig, text, REDIS_PATIENCE_MS), "");
	SUITE_INT_EQUAL(rig_get(&rig, "rose").result, STORE_OK);
	redis_do(node, "CLIENT KILL TYPE normal SKIPME yes");
	rig_wait_connected(&rig, false);
	rig_wait_connected(&rig, true);
	SUITE_INT_EQUAL(rig_get(&rig, "rose").result, STORE_OK);
	redis_free(&node);
}

static const struct suite_test tests[] = {
	{ "a server with a good certificate is spoken to, by its address or its name", test_good },
	{ "a certificate or file that is not good is told, and nothing is sent", test_bad },
	{ "authorities are read once, and again at a reload", test_read_once },
	{ "a password is read at each connect", test_password },
	{ "the nodes of a cluster are reached by TLS as the first one is", test_cluster },
};

int main(void)
{
	char port_text[10], cert[100], key[100], ca[100], command[200];
	const char *const arguments[] = { "--tls-port",	     port_text, "--tls-cert-file", cert,
					  "--tls-key-file",  key,	"--tls-ca-cert-file", ca,
					  "--bind",	     "127.0.0.1", NULL };
	int status;

	if (!mkdtemp(directory))
		return 99;
	snprintf(command, sizeof(command), "%s/tests/store/make-certificates %s",
		 getenv("srcdir") ? getenv("srcdir") : ".", directory);
	if (system(command) != 0) {
		fprintf(stderr,
			"certificates cannot be made: is openssl installed, and is srcdir, in the "
			"environment, where the sources are?\n");
		return 99;
	}
	port = port_free();
	snprintf(port_text, sizeof(port_text), "%d", port);
	snprintf(cert, sizeof(cert), "%s/server.pem", directory);
	snprintf(key, sizeof(key), "%s/server.key", directory);
	snprintf(ca, sizeof(ca), "%s/ca.pem", directory);
	rig_open(&rig, NULL, arguments);
	status = suite_run("store tls", tests, SUITE_LEN(tests));
	rig_close(&rig);
	snprintf(command, sizeof(command), "rm -r %s", directory);
	return system(command) == 0 ? status : 99;
}
