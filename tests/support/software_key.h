/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SUPPORT_SOFTWARE_KEY_H
#define TESTS_SUPPORT_SOFTWARE_KEY_H

#include <stddef.h>
#include <stdint.h>

#include <openssl/types.h>

typedef enum software_key_form {
    SOFTWARE_KEY_PKCS8_PEM,
    SOFTWARE_KEY_PKCS8_DER,
    SOFTWARE_KEY_PKCS1_PEM,
    SOFTWARE_KEY_PKCS1_DER,
    SOFTWARE_KEY_JSON /* an object with the member private_key */
} software_key_form;

#define SOFTWARE_KEY_MAX 8192

/* An RSA key of this size, made at the first call and kept; owned by this module. */
EVP_PKEY *software_key_rsa(unsigned int bits);
/* Frees the keys that were made. */
void software_key_cleanup(void);
/* Writes the private key; `out` has room for SOFTWARE_KEY_MAX bytes, text gets a NUL that is not
 * counted. */
size_t software_key_write(const EVP_PKEY *key, software_key_form form, char *out);

#endif
