#include "control/option.h"

#include <stddef.h>

#include "control/top.h"

static const struct option_row options[OPTIONS] = {
	[OPTION_CONFIG] = { "config", 'c', true, "FILE", value_file,
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
	[OPTION_REMOVE_QUOTA] = { "remove-quota", 0, true, "QUOTA", value_removed_quota,
				  "remove from the quotas, also without an amount" },
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
	[OPTION_MESSAGE] = { "message", 0, false, "FILE", value_file,
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
	[OPTION_SANDBOX_RECIPIENTS] = { "sandbox-recipients", 0, false, "N", value_amount,
					"how many of them a login in the sandbox\n"
					"reaches [0]" },

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

	[OPTION_LOGIN_MAPS] = { "login-maps", 0, true, "TABLE", value_file,
				"an smtpd_sender_login_maps: a text file, or\n"
				"type:name" },
	[OPTION_ALIAS_MAPS] = { "alias-maps", 0, true, "TABLE", value_file,
				"a virtual_alias_maps: what leads to a login is\n"
				"its sender address" },
	[OPTION_LOGINS] = { "logins", 0, true, "FILE", value_file,
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

	[OPTION_BY] = { "by", 0, false, "WHAT", top_value_by,
			"share (of the nearest limit), messages, recipients\n"
			"or bytes [share]" },
	[OPTION_WINDOW] = { "window", 0, false, "WINDOW", top_value_window,
			    "only quotas of that window (\"1h\", \"day in UTC\")" },
	[OPTION_NUMBER] = { "number", 0, false, "N", top_value_number,
			    "so many logins, at most 1000 [20]" },
	[OPTION_INTERVAL] = { "interval", 0, false, "TIME", value_duration,
			      "how long --follow waits in between [5s]" },
	[OPTION_CONFIG_DIRECTORY] = { "config-directory", 0, false, "DIR", value_file,
				      "main.cf and master.cf are there [Postfix's own]" },
};

const struct option_row *option_row(enum option_id option)
{
	return &options[option];
}

bool option_in(const enum option_id *list, enum option_id option)
{
	for (; list && *list != OPTIONS; list++)
		if (*list == option)
			return true;
	return false;
}

bool option_is_common(enum option_id option)
{
	return option_in(OPTION_LIST(OPTION_CONFIG, OPTION_JSON, OPTION_HELP, OPTION_VERSION), option);
}
