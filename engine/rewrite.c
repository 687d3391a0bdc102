#include "engine/rewrite.h"

#include <stdio.h>
#include <string.h>

#include "engine/ownership.h"
#include "engine/shown.h"

/* --- the main address ---------------------------------------------------------- */

static bool owns(const struct config *config, const struct effective *effective, const char *login,
		 const struct address *address)
{
	struct ownership o;

	ownership_of(config, effective, login, address, &o);
	return o.owned;
}

/* As it has to be written, and only when that is read as the same address. */
static bool write_address(const struct address *address, char out[ADDRESS_TEXT_MAX])
{
	struct address again;
	const char *reason;

	address_format(address, out);
	return address_parse(out, ADDRESS_HEADER, &again, &reason) == ADDRESS_OK &&
	       address_equal(address, &again, true);
}

bool rewrite_main_address(const struct config *config, const struct effective *effective,
			  const char *login, char out[ADDRESS_TEXT_MAX])
{
	struct address address;
	const char *reason;

	if (address_parse(login, ADDRESS_INTERNAL, &address, &reason) == ADDRESS_OK &&
	    owns(config, effective, login, &address) && write_address(&address, out))
		return true;
	for (size_t i = 0; i < effective->n_senders; i++) {
		const struct pattern *p = &effective->senders[i];

		if (p->kind == PATTERN_EXACT && !p->exclude &&
		    owns(config, effective, login, &p->address) && write_address(&p->address, out))
			return true;
	}
	out[0] = '\0';
	return false;
}

/* --- the fields ---------------------------------------------------------------- */

static unsigned bit(enum originator field)
{
	return 1U << field;
}

/* Fields whose display names or comments show foreign addresses, where that is
 * refused. Who shows more than is kept has that taken out wherever it is. */
static unsigned fields_that_show(const struct config *config, const struct effective *effective,
				 const struct request *request)
{
	const struct originators *header = request->originators;
	unsigned fields = 0;

	if (!config->display_name_address_rejected)
		return 0;
	if (header->n_shown == SHOWN_ADDRESSES_MAX)
		return (1U << ORIGINATORS) - 1;
	for (size_t i = 0; i < header->n_shown; i++)
		if (!shown_is_own(config, effective, request->login, &header->shown[i]))
			fields |= bit(header->shown[i].field);
	return fields;
}

static unsigned fields_to_take_out(const struct config *config, const struct effective *effective,
				   const struct request *request)
{
	const struct originators *header = request->originators;
	unsigned wrong = fields_that_show(config, effective, request);

	for (size_t i = 0; i < header->n; i++)
		if (!owns(config, effective, request->login, &header->items[i].address))
			wrong |= bit(header->items[i].field);
	for (unsigned i = 0; i < ORIGINATORS; i++) {
		if (header->faulty[i])
			wrong |= 1U << i;
		if (header->fields_seen[i] == 0)
			wrong &= ~(1U << i);
	}
	return wrong | bit(ORIGINATOR_FROM);
}

/* The name stays when there was one address, and it could be read. */
static const char *display_to_keep(const struct originators *header)
{
	size_t n = 0;

	for (size_t i = 0; i < header->n; i++)
		n += header->items[i].field == ORIGINATOR_FROM;
	return n == 1 && !header->faulty[ORIGINATOR_FROM] ? header->display : "";
}

const char *rewrite_plan(const struct config *config, const struct effective *effective,
			 const struct request *request, struct rewrite *out)
{
	const struct originators *header = request->originators;

	out->fields = 0;
	if (!rewrite_main_address(config, effective, request->login, out->address))
		return "the login has no address of its own to put there";
	for (unsigned i = 0; i < ORIGINATORS; i++) {
		if (header->fields_seen[i] > HEADER_FIELDS_MAX ||
		    header->copies_seen[i] > HEADER_FIELDS_MAX)
			return "there are too many fields";
		out->seen[i] = header->fields_seen[i];
		out->copies[i] = header->copies_seen[i];
	}
	snprintf(out->display, sizeof(out->display), "%s", display_to_keep(header));
	out->fields = fields_to_take_out(config, effective, request);
	return NULL;
}
