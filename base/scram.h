/*
 * SCRAM-SHA-256 verifiers: what a server keeps to check a client that proves
 * to know a password without sending it. RFC 5802 section 3, RFC 7677.
 *
 * As text: ITERATIONS:SALT:STOREDKEY:SERVERKEY, the last three in Base64.
 *
 * The password is taken as it is: SASLprep (RFC 4013) leaves printable ASCII,
 * which is all that Sendward lets a password have, as it is.
 */
#ifndef SENDWARD_SCRAM_H
#define SENDWARD_SCRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/secret.h"

#define SCRAM_KEY_OCTETS 32
#define SCRAM_SALT_MAX 64

/* RFC 7677 section 4 wants no fewer; the client has to do as many. */
#define SCRAM_ITERATIONS_MIN 4096
#define SCRAM_ITERATIONS_MAX 10000000

struct scram_verifier {
	int iterations;
	size_t salt_length;
	uint8_t salt[SCRAM_SALT_MAX];
	uint8_t stored_key[SCRAM_KEY_OCTETS];
	uint8_t server_key[SCRAM_KEY_OCTETS];
};

/* Octets of the text with its NUL. */
#define SCRAM_TEXT_MAX 200

/* With a new salt. False when there is no randomness or no memory. */
bool scram_make(const struct secret *password, int iterations, struct scram_verifier *out);

/* With the salt and iterations that are in *verifier: fills the two keys. */
bool scram_derive(const struct secret *password, struct scram_verifier *verifier);

/* Is it the password? Takes as long wherever it is not. */
bool scram_verify(const struct scram_verifier *verifier, const struct secret *password);

/* Does the client's last message prove that it knows the password behind the
 * stored key? All three are the messages as RFC 5802 has them, out of Base64. */
bool scram_proves(const uint8_t stored_key[SCRAM_KEY_OCTETS], const char *client_first,
		  const char *server_first, const char *client_final);

/* Is a password salted alike by both? Then a client that has seen the salt of one
 * can prove either. */
bool scram_same_salt(const struct scram_verifier *a, const struct scram_verifier *b);

/* False for a text that is none. */
bool scram_parse(const char *text, struct scram_verifier *out);
void scram_format(const struct scram_verifier *verifier, char out[SCRAM_TEXT_MAX]);

#endif
