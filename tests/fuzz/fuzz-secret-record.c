/*
 * Records of secrets: what is read keeps its bounds and can be written and read
 * again; its hashes are looked at, and not computed.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "store/secret_record.h"
#include "tests/fuzz/target.h"

static void check_verifier(const char *text)
{
	struct scram_verifier verifier;
	char again[SCRAM_TEXT_MAX];

	if (!scram_parse(text, &verifier))
		return;
	must(verifier.salt_length > 0 && verifier.salt_length <= SCRAM_SALT_MAX);
	scram_format(&verifier, again);
	must(scram_parse(again, &verifier));
}

static void check_record(const struct secret_record *record)
{
	struct secret_record again;
	const char *reason;
	char *text = secret_record_encode(record);

	must(secret_record_decode(text, strlen(text), &again, &reason));
	must(memcmp(record, &again, sizeof(again)) == 0);
	must(password_hash_method(record->password) != NULL);
	(void)password_hash_fault(record->password);
	(void)password_hash_fault(record->previous);
	check_verifier(record->scram);
	check_verifier(record->previous_scram);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct secret_record record;
	const char *reason = NULL;

	if (secret_record_decode((const char *)data, size, &record, &reason))
		check_record(&record);
	else
		must(reason && *reason);
	return 0;
}
