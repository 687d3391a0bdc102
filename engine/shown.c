#include "engine/shown.h"

#include "engine/ownership.h"

bool shown_is_own(const struct config *config, const struct effective *effective, const char *login,
		  const struct shown_address *shown)
{
	struct address address;
	struct ownership o;
	const char *reason;

	if (address_parse(shown->text, ADDRESS_INTERNAL, &address, &reason) != ADDRESS_OK)
		return false;
	ownership_of(config, effective, login, &address, &o);
	return o.owned;
}

const struct shown_address *shown_foreign(const struct config *config,
					  const struct effective *effective, const char *login,
					  const struct originators *header)
{
	for (size_t i = 0; i < header->n_shown; i++)
		if (!shown_is_own(config, effective, login, &header->shown[i]))
			return &header->shown[i];
	return NULL;
}
