#include "control/command.h"

#include <string.h>

#include "control/commands.h"

#define BIT(name) OPTION_BIT(OPTION_##name)

/* Longer than any name with its argument, so that the help texts align. */
#define NAME_COLUMN 26

static const struct option_row options[OPTIONS] = {
	[OPTION_CONFIG] = { "config", 'c', true, "FILE", value_any,
			    "configuration file [" SYSCONFDIR "/sendward/sendward.conf]" },
	[OPTION_JSON] = { "json", 0, false, NULL, NULL, "print JSON" },
	[OPTION_HELP] = { "help", 'h', false, NULL, NULL, "print this and exit" },
	[OPTION_VERSION] = { "version", 'V', false, NULL, NULL, "print the version and exit" },

	[OPTION_DOMAIN] = { "domain", 0, false, "DOMAIN", value_domain,
			    "what the logins of a mail domain share" },
	[OPTION_PLAN] = { "plan", 0, false, "PLAN", value_name,
			  "plan that fills what the account leaves open" },
	[OPTION_GROUP] = { "group", 0, false, "GROUP", value_name,
			   "group whose quotas the account shares" },
	[OPTION_DESCRIPTION] = { "description", 0, false, "TEXT", value_note,
				 "what the account is for" },
	[OPTION_SENDER] = { "sender", 0, true, "PATTERN", value_sender,
			    "address the login owns; replaces the list" },
	[OPTION_ADD_SENDER] = { "add-sender", 0, true, "PATTERN", value_sender,
				"add to the addresses the login owns" },
	[OPTION_REMOVE_SENDER] = { "remove-sender", 0, true, "PATTERN", value_sender,
				   "remove from the addresses the login owns" },
	[OPTION_NO_SENDERS] = { "no-senders", 0, false, NULL, NULL,
				"an empty list: no address but its own (%login)" },
	[OPTION_NETWORK] = { "network", 0, true, "NETWORK", value_network,
			     "network it may send from; replaces the list" },
	[OPTION_ADD_NETWORK] = { "add-network", 0, true, "NETWORK", value_network,
				 "add to the networks it may send from" },
	[OPTION_REMOVE_NETWORK] = { "remove-network", 0, true, "NETWORK", value_network,
				    "remove from the networks it may send from" },
	[OPTION_NO_NETWORKS] = { "no-networks", 0, false, NULL, NULL,
				 "an empty list: it may send from anywhere" },
	[OPTION_QUOTA] = { "quota", 0, true, "QUOTA", value_quota,
			   "\"500 recipients / 1h\"; replaces the list" },
	[OPTION_ADD_QUOTA] = { "add-quota", 0, true, "QUOTA", value_quota,
			       "add, or change the one of this unit and window" },
	[OPTION_REMOVE_QUOTA] = { "remove-quota", 0, true, "QUOTA", value_quota,
				  "remove from the quotas" },
	[OPTION_NO_QUOTAS] = { "no-quotas", 0, false, NULL, NULL,
			       "an empty list: no quota at all" },
	[OPTION_MAX_RECIPIENTS] = { "max-recipients", 0, false, "N", value_amount,
				    "recipients of one message; 0: no cap" },
	[OPTION_MAX_SIZE] = { "max-size", 0, false, "BYTES", value_amount,
			      "size of one message (\"25M\"); 0: no cap" },
	[OPTION_REQUIRE_TLS] = { "require-tls", 0, false, "WHAT", value_require_tls,
				 "TLS it must use: no, yes, 1.2 or 1.3 at least" },
	[OPTION_INHERIT] = { "inherit", 0, true, "SETTING", value_setting,
			     "leave senders, networks, quotas, max-recipients\n"
			     "max-size or require-tls to the plan again; plan\n"
			     "to the domain; or take the account out of its group" },

	[OPTION_REASON] = { "reason", 0, false, "TEXT", value_note, "why; by default the client is told it, too" },
	[OPTION_FOR] = { "for", 0, false, "TIME", value_duration,
			 "ends after that time (\"24h\", \"7d\")" },
	[OPTION_ACTOR] = { "actor", 0, false, "TEXT", value_name,
			   "who does it [the user at this host]" },

	[OPTION_LOGIN] = { "login", 0, false, "LOGIN", value_login, "the SASL user name" },
	[OPTION_FROM] = { "from", 0, false, "ADDRESS", value_any,
			  "envelope sender; \"<>\" for the null sender" },
	[OPTION_HEADER_FROM] = { "header-from", 0, true, "FIELD", value_any,
				 "body of a From header field, one for each field" },
	[OPTION_MESSAGE] = { "message", 0, false, "FILE", value_any,
			     "the message itself, \"-\": standard input" },
	[OPTION_CLIENT] = { "client", 0, false, "IP", value_client, "address of the client" },
	[OPTION_RECIPIENTS] = { "recipients", 0, false, "N", value_amount,
				"recipients of the message [1]" },
	[OPTION_SIZE] = { "size", 0, false, "BYTES", value_amount, "size of the message [0]" },
	[OPTION_STAGE] = { "stage", 0, false, "STAGE", value_stage,
			   "MAIL, RCPT, DATA or END-OF-MESSAGE, the default" },

	[OPTION_CREDENTIAL] = { "credential", 0, false, "NAME", value_credential,
				"credential of the login that was used [main]" },
	[OPTION_TLS] = { "tls", 0, false, "VERSION", value_tls,
			 "TLS of the session: none, 1.2, 1.3, other (older)\n[1.3]" },

	[OPTION_FREE_RECIPIENTS] = { "free-recipients", 0, false, "N", value_amount,
				     "how many of them no quota counts [0]" },

	[OPTION_FIT] = { "fit", 0, false, "N", value_count,
			 "tell when N more fit, of each unit [1]" },

	[OPTION_FOLLOW] = { "follow", 'f', false, NULL, NULL, "wait for more" },
	[OPTION_SINCE] = { "since", 0, false, "TIME", value_duration,
			   "only of the last so long (\"24h\", \"7d\")" },
	[OPTION_DRY_RUN] = { "dry-run", 'n', false, NULL, NULL, "only check and count" },
	[OPTION_DIFF] = { "diff", 0, false, NULL, NULL, "only show what would change" },
	[OPTION_FORMAT] = { "format", 0, false, "FORM", value_import_format,
			    "json, csv or passwd [as the first line looks]" },
	[OPTION_WITH_SECRETS] = { "with-secrets", 0, false, NULL, NULL,
				  "with the hashes of the passwords, too" },

	[OPTION_LOGIN_MAPS] = { "login-maps", 0, true, "TABLE", value_any,
				"an smtpd_sender_login_maps: a text file, or\n"
				"type:name" },
	[OPTION_ALIAS_MAPS] = { "alias-maps", 0, true, "TABLE", value_any,
				"a virtual_alias_maps: what leads to a login is\n"
				"its sender address" },
	[OPTION_LOGINS] = { "logins", 0, true, "FILE", value_any,
			    "logins that have no account, one a line" },
	[OPTION_TARGET_IS_LOGIN] = { "target-is-login", 0, false, NULL, NULL,
				     "where an alias ends is a login, known or not" },
	[OPTION_MAX_LOGINS] = { "max-logins", 0, false, "N", value_amount,
				"give an alias to so many logins; 0: to any\n"
				"number [10]" },
	[OPTION_REPLACE] = { "replace", 0, false, NULL, NULL,
			     "the tables are all that their logins own" },

	[OPTION_GENERATE] = { "generate", 0, false, NULL, NULL,
			      "make a password and print it, once" },
	[OPTION_PASSWORD_STDIN] = { "password-stdin", 0, false, NULL, NULL,
				    "read the password from standard input" },
	[OPTION_NAME] = { "name", 0, false, "NAME", value_credential,
			  "the credential: LOGIN+NAME is its username" },
	[OPTION_EXPIRES] = { "expires", 0, false, "TIME", value_expiry,
			     "ends after that time (\"90d\"); \"never\"" },
	[OPTION_GRACE] = { "grace", 0, false, "TIME", value_grace,
			   "how long the old secret is still good [24h]" },
	[OPTION_OLDER_THAN] = { "older-than", 0, false, "TIME", value_duration,
				"only those not changed for that long" },
	[OPTION_DUE] = { "due", 0, false, "TIME", value_duration,
			 "only those that end or must be rotated within" },

	[OPTION_CLIENT_CERT] = { "client-cert", 0, true, "FINGERPRINT", value_fingerprint,
				 "of the client's certificate or of its key" },
	[OPTION_CONTEXT] = { "context", 0, true, "NAME", value_context,
			     "policy_context of the smtpd it connects to" },
	[OPTION_YES_REALLY] = { "yes-really", 0, false, NULL, NULL,
				"also when that is as good as everybody" },
};

const uint64_t command_common_options = BIT(CONFIG) | BIT(JSON) | BIT(HELP) | BIT(VERSION);

/* What an account can be given when it is made. */
#define ACCOUNT_OPTIONS                                                                        \
	(BIT(PLAN) | BIT(GROUP) | BIT(DESCRIPTION) | BIT(SENDER) | BIT(NO_SENDERS) |           \
	 BIT(NETWORK) | BIT(NO_NETWORKS) | BIT(QUOTA) | BIT(NO_QUOTAS) | BIT(MAX_RECIPIENTS) | \
	 BIT(MAX_SIZE) | BIT(REQUIRE_TLS))

#define LIST_CHANGES                                                                     \
	(BIT(ADD_SENDER) | BIT(REMOVE_SENDER) | BIT(ADD_NETWORK) | BIT(REMOVE_NETWORK) | \
	 BIT(ADD_QUOTA) | BIT(REMOVE_QUOTA) | BIT(INHERIT))

#define STATE_OPTIONS (BIT(REASON) | BIT(FOR) | BIT(ACTOR))

#define EXPLAIN_OPTIONS                                                                          \
	(BIT(LOGIN) | BIT(FROM) | BIT(HEADER_FROM) | BIT(MESSAGE) | BIT(CLIENT) |              \
	 BIT(RECIPIENTS) | BIT(SIZE) | BIT(FREE_RECIPIENTS) | BIT(STAGE) | BIT(CREDENTIAL) |   \
	 BIT(TLS) | BIT(CLIENT_CERT) | BIT(CONTEXT))

static const char state_notes[] =
	"A login without an account gets one. When the command returns, every server\n"
	"acts on it. After the time given with --for the login is allowed again.";

static const struct meaning counter_meanings[] = {
	{ OPTION_PLAN,
	  { "plan", 0, false, "PLAN", value_name, "what the logins of a plan share" } },
	{ OPTION_GROUP, { "group", 0, false, "GROUP", value_name, "what a group shares" } },
	{ OPTION_NETWORK,
	  { "network", 0, false, "NETWORK", value_network, "what clients without a login share" } },
	{ OPTION_QUOTA,
	  { "quota", 0, true, "QUOTA", value_counter, "only this one (\"messages / 1h\")" } },
	{ 0 },
};

static const struct meaning import_senders_meanings[] = {
	{ OPTION_DOMAIN,
	  { "domain", 0, false, "DOMAIN", value_domain,
	    "domain of users that have none in the tables" } },
	{ OPTION_DRY_RUN,
	  { "dry-run", 'n', false, NULL, NULL, "only show what would change" } },
	{ 0 },
};

static const struct meaning credential_meanings[] = {
	{ OPTION_NETWORK,
	  { "network", 0, true, "NETWORK", value_network,
	    "network it may be used from; replaces the list" } },
	{ OPTION_NO_NETWORKS,
	  { "no-networks", 0, false, NULL, NULL, "an empty list: from anywhere" } },
	{ 0 },
};

static const char password_notes[] =
	"LOGIN is a login, or the username of one of its credentials. A password is never\n"
	"an argument: it is asked for on the terminal, or read with --password-stdin.";

static const char state_of_one_notes[] =
	"LOGIN is the username of a credential (LOGIN+NAME), or a login for its main one.\n"
	"The account's other credentials are left alone.";

static const struct meaning identity_meanings[] = {
	{ OPTION_NETWORK,
	  { "network", 0, true, "NETWORK", value_network,
	    "network its sessions come from; replaces the list" } },
	{ 0 },
};

static const char identity_notes[] =
	"Sessions without a SASL user name that meet all criteria given are decided as\n"
	"this login's. Without a network or certificate, or with a network shorter than\n"
	"/8 (IPv6: /16), it is refused unless --yes-really is given. `user set`, `block`\n"
	"and the others take its NAME for a login.";

#define IDENTITY_OPTIONS                                                                       \
	((ACCOUNT_OPTIONS & ~BIT(NO_NETWORKS)) | BIT(CLIENT_CERT) | BIT(CONTEXT) |             \
	 BIT(YES_REALLY) | BIT(ACTOR))

#define COUNTER_OPTIONS (BIT(DOMAIN) | BIT(PLAN) | BIT(GROUP) | BIT(NETWORK))

static const struct command commands[] = {
	{ .name = "user add",
	  .argument = "LOGIN",
	  .check = value_login,
	  .options = ACCOUNT_OPTIONS | BIT(ACTOR) | BIT(GENERATE) | BIT(PASSWORD_STDIN),
	  .help = "create an account",
	  .notes = "What is not given comes from the plan, also when the plan changes later.\n"
		   "Without --generate or --password-stdin it has no password.",
	  .run = command_user_add },
	{ .name = "user set",
	  .argument = "LOGIN",
	  .check = value_login,
	  .options = ACCOUNT_OPTIONS | LIST_CHANGES | BIT(ACTOR),
	  .help = "change an account",
	  .notes = "--add-... and --remove-... change the account's own list; when it has none\n"
		   "they start from the list that is in force. Removing comes before adding.",
	  .run = command_user_set },
	{ .name = "user show",
	  .argument = "LOGIN",
	  .check = value_login,
	  .help = "print an account and what is in force",
	  .run = command_user_show },
	{ .name = "user list", .help = "print all accounts", .run = command_user_list },
	{ .name = "user delete",
	  .argument = "LOGIN",
	  .check = value_login,
	  .options = BIT(ACTOR),
	  .help = "delete an account, its counters and passwords",
	  .notes = "The login is then served by plan default (see unknown_login in\n"
		   "sendward.conf(5)): to stop it from sending, block it instead.",
	  .run = command_user_delete },
	{ .name = "password set",
	  .argument = "LOGIN",
	  .check = value_login,
	  .options = BIT(PASSWORD_STDIN) | BIT(NAME) | BIT(ACTOR),
	  .help = "set the password of an SMTP user",
	  .notes = password_notes,
	  .run = command_password_set },
	{ .name = "password generate",
	  .argument = "LOGIN",
	  .check = value_login,
	  .options = BIT(NAME) | BIT(ACTOR),
	  .help = "make a password and print it, once",
	  .notes = "The one before is no longer good; see `sendward credential rotate`.",
	  .run = command_password_generate },
	{ .name = "password verify",
	  .argument = "LOGIN",
	  .check = value_login,
	  .options = BIT(PASSWORD_STDIN) | BIT(NAME),
	  .help = "tell whether a password is the right one",
	  .notes = password_notes,
	  .run = command_password_verify },
	{ .name = "password list",
	  .options = BIT(OLDER_THAN) | BIT(DUE),
	  .help = "print who has a password, and its age",
	  .notes = "Never the passwords, nor their hashes.",
	  .run = command_password_list },
	{ .name = "credential add",
	  .argument = "LOGIN",
	  .check = value_login,
	  .options = BIT(NAME) | BIT(NETWORK) | BIT(EXPIRES) | BIT(GENERATE) | BIT(PASSWORD_STDIN) |
		     BIT(ACTOR),
	  .meanings = credential_meanings,
	  .help = "give a login another username and password",
	  .notes = "A password is made and printed, once, unless one is given. The login's quotas\n"
		   "are shared by all of its credentials.",
	  .run = command_credential_add },
	{ .name = "credential set",
	  .argument = "LOGIN",
	  .check = value_login,
	  .options = BIT(NAME) | BIT(NETWORK) | BIT(NO_NETWORKS) | BIT(EXPIRES) | BIT(ACTOR),
	  .meanings = credential_meanings,
	  .help = "change a credential",
	  .notes = state_of_one_notes,
	  .run = command_credential_set },
	{ .name = "credential list",
	  .argument = "LOGIN",
	  .argument_optional = true,
	  .check = value_login,
	  .help = "print the credentials of a login, or all",
	  .notes = "Never the passwords, nor their hashes.",
	  .run = command_credential_list },
	{ .name = "credential block",
	  .argument = "LOGIN",
	  .check = value_login,
	  .options = BIT(NAME) | BIT(ACTOR),
	  .help = "refuse what is sent with one credential",
	  .notes = state_of_one_notes,
	  .run = command_credential_block },
	{ .name = "credential allow",
	  .argument = "LOGIN",
	  .check = value_login,
	  .options = BIT(NAME) | BIT(ACTOR),
	  .help = "end the block of one credential",
	  .notes = state_of_one_notes,
	  .run = command_credential_allow },
	{ .name = "credential rotate",
	  .argument = "LOGIN",
	  .check = value_login,
	  .options = BIT(NAME) | BIT(GRACE) | BIT(GENERATE) | BIT(PASSWORD_STDIN) | BIT(ACTOR),
	  .help = "make a new secret, the old one good for a while",
	  .notes = "A password is made and printed, once, unless one is given.",
	  .run = command_credential_rotate },
	{ .name = "credential revoke",
	  .argument = "LOGIN",
	  .check = value_login,
	  .options = BIT(NAME) | BIT(ACTOR),
	  .help = "take a credential away",
	  .notes = state_of_one_notes,
	  .run = command_credential_revoke },
	{ .name = "identity add",
	  .argument = "NAME",
	  .check = value_login,
	  .options = IDENTITY_OPTIONS,
	  .meanings = identity_meanings,
	  .help = "create an account for sessions without a login",
	  .notes = identity_notes,
	  .run = command_identity_add },
	{ .name = "identity set",
	  .argument = "NAME",
	  .check = value_login,
	  .options = IDENTITY_OPTIONS,
	  .meanings = identity_meanings,
	  .help = "change which sessions are an identity's",
	  .notes = identity_notes,
	  .run = command_identity_set },
	{ .name = "identity list",
	  .help = "print all identities",
	  .run = command_identity_list },
	{ .name = "identity show",
	  .argument = "NAME",
	  .check = value_login,
	  .help = "print an identity and what is in force",
	  .run = command_identity_show },
	{ .name = "identity delete",
	  .argument = "NAME",
	  .check = value_login,
	  .options = BIT(ACTOR),
	  .help = "delete an identity with its account and counters",
	  .run = command_identity_delete },
	{ .name = "block",
	  .argument = "LOGIN",
	  .check = value_login,
	  .options = STATE_OPTIONS,
	  .help = "refuse all mail of a login",
	  .notes = state_notes,
	  .run = command_block },
	{ .name = "sandbox",
	  .argument = "LOGIN",
	  .check = value_login,
	  .options = STATE_OPTIONS,
	  .help = "accept mail of a login, but do not deliver it",
	  .notes = state_notes,
	  .run = command_sandbox },
	{ .name = "allow",
	  .argument = "LOGIN",
	  .check = value_login,
	  .options = STATE_OPTIONS,
	  .help = "end block or sandbox",
	  .notes = state_notes,
	  .run = command_allow },
	{ .name = "compromised",
	  .argument = "LOGIN",
	  .check = value_login,
	  .options = BIT(SINCE) | BIT(REASON) | BIT(ACTOR),
	  .help = "block a login, revoke its passwords, print what it sent",
	  .notes = "For a login whose password somebody else has. Without --since it prints what\n"
		   "was sent in the last 24 hours. `sendward release` ends it.",
	  .run = command_compromised },
	{ .name = "release",
	  .argument = "LOGIN",
	  .check = value_login,
	  .options = BIT(REASON) | BIT(ACTOR),
	  .help = "allow a login again, with a new password",
	  .notes = "Prints the new password of the login, once. What other credentials it had\n"
		   "stays revoked, see `sendward credential add`.",
	  .run = command_release },
	{ .name = "usage",
	  .argument = "LOGIN",
	  .argument_optional = true,
	  .check = value_login,
	  .options = COUNTER_OPTIONS | BIT(FIT),
	  .meanings = counter_meanings,
	  .help = "print what a login has used of its quotas",
	  .notes = "With LOGIN the quotas that it shares with others are shown too; an option\n"
		   "instead of LOGIN shows only what is shared there.",
	  .run = command_usage },
	{ .name = "reset",
	  .argument = "LOGIN",
	  .argument_optional = true,
	  .check = value_login,
	  .options = COUNTER_OPTIONS | BIT(QUOTA) | BIT(ACTOR),
	  .meanings = counter_meanings,
	  .help = "forget what a login has used",
	  .notes = "Forgets all that was counted, and when a ramp began, or with --quota the\n"
		   "counters named. What is shared with others stays; an option instead of\n"
		   "LOGIN forgets that.",
	  .run = command_reset },
	{ .name = "explain",
	  .options = EXPLAIN_OPTIONS,
	  .required = BIT(CLIENT),
	  .help = "tell what would happen to a message, and why",
	  .notes = "Without --login the session is of the identity that it matches.\n"
		   "Runs the checks of the daemons and charges nothing. --from is needed unless\n"
		   "--message has a Return-Path field. With neither --header-from nor --message\n"
		   "the header is not checked, as in the policy daemon. The exit status is 0\n"
		   "when the message would be accepted, 1 when it would be refused.",
	  .run = command_explain },
	{ .name = "events",
	  .options = BIT(FOLLOW) | BIT(LOGIN),
	  .help = "print what has happened",
	  .run = command_events },
	{ .name = "sent",
	  .argument = "LOGIN",
	  .check = value_login,
	  .options = BIT(SINCE),
	  .help = "print the messages a login has sent",
	  .notes = "The last ones, as many as history in sendward.conf(5) says, the newest first.",
	  .run = command_sent },
	{ .name = "status",
	  .help = "print whether Redis and the daemons are there",
	  .run = command_status },
	{ .name = "check-config",
	  .help = "check the configuration file",
	  .run = command_check_config },
	{ .name = "doctor",
	  .argument = "PART",
	  .argument_optional = true,
	  .check = value_any,
	  .help = "look for what is missing or set up badly",
	  .notes = "PART is redis: what the server is, what Sendward may do there, settings that\n"
		   "matter; and the ACL line of a user that may do what is needed; or host: the\n"
		   "sockets of this host's daemons, and whether they were seen. Without PART both.\n"
		   "Nothing is changed. The exit status is 1 when there is an error.",
	  .run = command_doctor },
	{ .name = "export",
	  .options = BIT(WITH_SECRETS),
	  .help = "print all accounts, one JSON object a line",
	  .run = command_export },
	{ .name = "import",
	  .argument = "FILE",
	  .check = value_any,
	  .options = BIT(DRY_RUN) | BIT(DIFF) | BIT(FORMAT) | BIT(ACTOR),
	  .help = "read accounts from a file, \"-\": standard input",
	  .notes = "Reads what export prints (an account that exists is replaced), CSV with the\n"
		   "names of the columns in its first line, and Dovecot's passwd-files (both change\n"
		   "what they name). Lines that are wrong are refused with their numbers, the\n"
		   "others are read. --dry-run does not need Redis. With --diff + is a new account,\n"
		   "~ one that changes, and in what.",
	  .run = command_import },
	{ .name = "import-senders",
	  .options = BIT(LOGIN_MAPS) | BIT(ALIAS_MAPS) | BIT(LOGINS) | BIT(DOMAIN) |
		     BIT(TARGET_IS_LOGIN) | BIT(MAX_LOGINS) | BIT(REPLACE) | BIT(DRY_RUN) |
		     BIT(ACTOR),
	  .meanings = import_senders_meanings,
	  .help = "give logins the senders that Postfix tables list",
	  .notes = "Adds to what the accounts have, or replaces it. Lines that cannot be used are\n"
		   "told with their numbers. With --dry-run the difference is shown: + is added,\n"
		   "- taken away, and addresses that Postfix and Sendward would then give to\n"
		   "different logins.",
	  .run = command_import_senders },
	{ .name = "reindex",
	  .help = "put every account into the index of senders",
	  .notes = "sendward-policyd needs it to tell Postfix who owns an address\n"
		   "(sender_login_listen); once is enough, and does no harm at any time.",
	  .run = command_reindex },
	{ .name = "reload",
	  .help = "tell the daemons of this host to read their files again",
	  .notes = "Signals the daemons that were started with the same configuration file\n"
		   "(SIGHUP to sendward-policyd and sendward-sasld, SIGUSR1 to sendward-milter).\n"
		   "Where systemd runs them, `systemctl reload` does the same.",
	  .run = command_reload },
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

const struct option_row *option_row(enum option_id option)
{
	return &options[option];
}

const struct option_row *command_option(const struct command *command, enum option_id option)
{
	for (const struct meaning *m = command->meanings; m && m->row.name; m++)
		if (m->option == option)
			return &m->row;
	return &options[option];
}

/* How many of the words the command's name takes; 0: it is another one. */
static size_t name_matches(const char *name, char *const *words, size_t n)
{
	for (size_t used = 0; used < n;) {
		size_t len = strcspn(name, " ");

		if (strlen(words[used]) != len || memcmp(words[used], name, len) != 0)
			return 0;
		used++;
		if (!name[len])
			return used;
		name += len + 1;
	}
	return 0;
}

const struct command *command_find(char *const *words, size_t n, size_t *used)
{
	for (size_t i = 0; i < COMMANDS; i++)
		if ((*used = name_matches(commands[i].name, words, n)))
			return &commands[i];
	return NULL;
}

static bool in_group(const struct command *command, const char *group)
{
	size_t len = strlen(group);

	return strncmp(command->name, group, len) == 0 && command->name[len] == ' ';
}

bool command_is_group(const char *word)
{
	for (size_t i = 0; i < COMMANDS; i++)
		if (in_group(&commands[i], word))
			return true;
	return false;
}

/* ---- help ---------------------------------------------------------------- */

/* "  NAME   text", the text's further lines below its first. */
static void print_entry(const char *name, const char *help, FILE *out)
{
	if (strlen(name) > NAME_COLUMN)
		fprintf(out, "  %s\n  %*s ", name, NAME_COLUMN, "");
	else
		fprintf(out, "  %-*s ", NAME_COLUMN, name);
	for (; *help; help++) {
		fputc(*help, out);
		if (*help == '\n')
			fprintf(out, "  %*s ", NAME_COLUMN, "");
	}
	fputc('\n', out);
}

static void print_commands(const char *group, FILE *out)
{
	char name[64];

	for (size_t i = 0; i < COMMANDS; i++) {
		const struct command *c = &commands[i];

		if (group && !in_group(c, group))
			continue;
		snprintf(name, sizeof(name), c->argument_optional ? "%s%s[%s]" : "%s%s%s", c->name,
			 c->argument ? " " : "", c->argument ? c->argument : "");
		print_entry(name, c->help, out);
	}
}

/* command NULL: what they mean to all. */
static void print_options(const struct command *command, uint64_t which, FILE *out)
{
	char name[64];

	for (int i = 0; i < OPTIONS; i++) {
		const struct option_row *o = command ? command_option(command, i) : &options[i];

		if (!(which & OPTION_BIT(i)))
			continue;
		snprintf(name, sizeof(name), "%c%c%c --%s%s%s", o->letter ? '-' : ' ',
			 o->letter ? o->letter : ' ', o->letter ? ',' : ' ', o->name,
			 o->argument ? " " : "", o->argument ? o->argument : "");
		print_entry(name, o->help, out);
	}
}

void command_help_all(FILE *out)
{
	fputs("Usage: sendward [-c FILE] [--json] COMMAND [ARGUMENT] [OPTION]...\n\n"
	      "Decides which logins may send mail, and how much.\n\nCommands:\n",
	      out);
	print_commands(NULL, out);
	fputs("\nOptions, before or behind the command:\n", out);
	print_options(NULL, command_common_options, out);
	fputs("\n`sendward COMMAND --help` tells the options of a command.\n"
	      "Exit status: 0 done, 1 refused or not found, 2 wrong usage.\n",
	      out);
}

void command_help_group(const char *group, FILE *out)
{
	fprintf(out, "Usage: sendward %s COMMAND [ARGUMENT] [OPTION]...\n\nCommands:\n", group);
	print_commands(group, out);
	fputs("\n`sendward COMMAND --help` tells the options of a command.\n", out);
}

void command_help(const struct command *command, FILE *out)
{
	fprintf(out, "Usage: sendward %s", command->name);
	if (command->argument)
		fprintf(out, command->argument_optional ? " [%s]" : " %s", command->argument);
	for (int i = 0; i < OPTIONS; i++)
		if (command->required & OPTION_BIT(i))
			fprintf(out, " --%s %s", options[i].name, options[i].argument);
	fputs(" [OPTION]...\n\n", out);
	fprintf(out, "%c%s.\n", command->help[0] - 'a' + 'A', command->help + 1);
	if (command->notes)
		fprintf(out, "%s\n", command->notes);
	fputs("\nOptions:\n", out);
	print_options(command, command->options, out);
	print_options(NULL, command_common_options, out);
}
