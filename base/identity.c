#include "base/identity.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/refuse.h"

static bool find_group(const struct config *config, gid_t *out, char *error, size_t error_size)
{
	const struct group *group;

	if (!config->group)
		return true;
	group = getgrnam(config->group);
	if (!group)
		return refuse(error, error_size, "group %s does not exist (setting group in %s)",
			      config->group, config->path);
	*out = group->gr_gid;
	return true;
}

bool identity_find(const struct config *config, bool may_stay_root, struct identity *out,
		   char *error, size_t error_size)
{
	const struct passwd *user;

	*out = (struct identity){ 0 };
	if (geteuid() != 0)
		return true;
	user = getpwnam(config->user);
	if (!user && may_stay_root) {
		log_warning(
			"user %s does not exist: STAYING ROOT; create the user, or name another "
			"with the setting user",
			config->user);
		return true;
	}
	if (!user)
		return refuse(error, error_size,
			      "user %s does not exist (setting user in %s); create it with: "
			      "adduser --system --group %s",
			      config->user, config->path, config->user);
	if (user->pw_uid == 0)
		log_warning("staying root, as the setting user says");
	*out = (struct identity){ config->user, user->pw_uid, user->pw_gid };
	return find_group(config, &out->gid, error, error_size);
}

bool identity_become(const struct identity *identity, char *error, size_t error_size)
{
	if (!identity->name)
		return true;
	if (initgroups(identity->name, identity->gid) < 0 || setgid(identity->gid) < 0 ||
	    setuid(identity->uid) < 0)
		return refuse(error, error_size, "cannot become user %s: %s", identity->name,
			      strerror(errno));
	if (identity->uid != 0 && setuid(0) == 0)
		return refuse(error, error_size, "became user %s but could become root again",
			      identity->name);
	return true;
}
