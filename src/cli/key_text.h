/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_CLI_KEY_TEXT_H
#define TPMC_CLI_KEY_TEXT_H

#include <stddef.h>

/*
 * The JSON text of a key's description for people, or indented as JSON. `out` is freed with free();
 * CLI_OK or CLI_FAILED with a message.
 */
int cli_key_text(const char *json, size_t len, char **out);
int cli_key_json(const char *json, size_t len, char **out);

/* The JSON text of a JSON Web Key on one line, or of a set that holds it; freed with free(). */
int cli_key_jwk(const char *json, size_t len, int is_set, char **out);

/* A SubjectPublicKeyInfo as PEM text; freed with free(). */
int cli_key_pem(const unsigned char *der, size_t len, char **out);

#endif
