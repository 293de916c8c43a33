/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMCLOUD_TPMKEY_H
#define TPMCLOUD_TPMKEY_H

#include <stddef.h>
#include <stdint.h>

#include "tpmcloud/bytes.h"
#include "tpmcloud/env.h"
#include "tpmcloud/error.h"
#include "tpmcloud/export.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * \file tpmkey.h
 * \brief Keys that live in a TPM 2.0: opening key files, signing, and making key files.
 *
 * A connection is made from an environment, a key from a connection. Each holds a reference on what
 * it was made from, so they may be freed in any order, on any thread, inside any callback. The
 * first operation freezes an object: its setters then return TPMC_ERR_STATE. Frozen objects may be
 * used from any threads at once; one connection runs one TPM command at a time, and many keys share
 * it.
 */

/** One TPM connection. */
typedef struct tpmc_tpm tpmc_tpm;
/** One key: a TSS2 key file, a pair of TPM2B files, a persistent handle, or a callback that signs.
 */
typedef struct tpmc_key tpmc_key;
/** What a new key shall be. */
typedef struct tpmc_key_template tpmc_key_template;
/** What must hold before a key is used; see policy.h. */
typedef struct tpmc_policy tpmc_policy;

/** The storage (owner) hierarchy. */
#define TPMC_HIERARCHY_OWNER 1
/** The endorsement hierarchy. */
#define TPMC_HIERARCHY_ENDORSEMENT 2
/** The platform hierarchy. */
#define TPMC_HIERARCHY_PLATFORM 3

/** No secret has crossed the bus to the TPM. */
#define TPMC_BUS_NOTHING_SECRET 0
/** A secret has crossed in clear (only with `bus_protection` set to `never`). */
#define TPMC_BUS_NONE 1
/** Secrets crossed encrypted to a key that the TPM offered: a listener learns nothing, but somebody
 * who alters the traffic could have offered a key of his own. */
#define TPMC_BUS_ENCRYPTED 2
/** Secrets crossed encrypted to a key whose Name the caller had pinned. */
#define TPMC_BUS_PINNED 3
/** Secrets crossed encrypted to an endorsement key whose certificate was verified. */
#define TPMC_BUS_VERIFIED 4

/**
 * \brief Asks for a password. Runs with no lock held, at most once for each time the key is
 * opened.
 *
 * Writes at most `capacity` bytes to `out` and the number of them to `len`; the library wipes
 * both copies.
 */
typedef int (*tpmc_password_fn)(void *user, uint8_t *out, size_t capacity, size_t *len);

/**
 * \brief Signs for a callback key. Runs with no lock held.
 *
 * `algorithm` is a name such as "RS256". An asymmetric key gets the digest in `data` and writes
 * a signature as OpenSSL has it (ECDSA in DER); an HMAC key ("HS256") gets the message and
 * writes the MAC. At most `capacity` bytes go to `out`, their number to `out_len`.
 */
typedef int (*tpmc_sign_fn)(void *user, const char *algorithm, const uint8_t *data, size_t len,
                            uint8_t *out, size_t capacity, size_t *out_len);

/**
 * \brief Makes a connection object. Nothing is opened yet.
 * \param[in] env the environment; a reference is kept and it freezes.
 * \param[out] out the connection, to be freed with tpmc_tpm_free(); NULL on failure.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, TPMC_ERR_ARGUMENT, TPMC_ERR_NOMEM, TPMC_ERR_STATE or TPMC_ERR_FORKED.
 * \par Threads any.
 * \since 0.1
 */
TPMC_API int tpmc_tpm_new(tpmc_env *env, tpmc_tpm **out, tpmc_error *err);

/**
 * \brief Drops the caller's reference. Never waits for a running command: what the TPM still
 * holds is flushed by the last reference.
 * \param[in] tpm may be NULL.
 * \par Threads any; inside callbacks too.
 * \since 0.1
 */
TPMC_API void tpmc_tpm_free(tpmc_tpm *tpm);

/**
 * \brief Sets an option by name; see tpmc_option_name() with TPMC_OBJECT_TPM.
 * \param[in] tpm the connection.
 * \param[in] name an option's name.
 * \param[in] value its value, copied; NULL resets it to the default.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, TPMC_ERR_ARGUMENT, TPMC_ERR_STATE, TPMC_ERR_NOMEM or TPMC_ERR_FORKED; nothing
 * changes on failure.
 * \par Threads one at a time.
 * \since 0.1
 */
TPMC_API int tpmc_tpm_set(tpmc_tpm *tpm, const char *name, const char *value, tpmc_error *err);

/**
 * \brief Sets the password (authValue) of a hierarchy, needed to make a parent in it.
 * \param[in] tpm the connection.
 * \param[in] hierarchy one of `TPMC_HIERARCHY_*`.
 * \param[in] password `len` bytes, copied and wiped when freed; NULL with `len` 0 unsets it.
 * \param[in] len 0 to 64 bytes.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, TPMC_ERR_ARGUMENT, TPMC_ERR_STATE, TPMC_ERR_NOMEM or TPMC_ERR_FORKED; nothing
 * changes on failure.
 * \par Threads one at a time.
 * \since 0.1
 */
TPMC_API int tpmc_tpm_set_hierarchy_password(tpmc_tpm *tpm, int hierarchy, const void *password,
                                             size_t len, tpmc_error *err);

/**
 * \brief Connects now instead of at the first operation. Sends no TPM command.
 * \param[in] tpm the connection; it freezes.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, TPMC_ERR_TPM_UNAVAILABLE (no device, no permission, nobody listening),
 * TPMC_ERR_ARGUMENT (a TCTI that is not allowed), TPMC_ERR_TIMEOUT, TPMC_ERR_STATE,
 * TPMC_ERR_NOMEM or TPMC_ERR_FORKED.
 * \par Threads any number at once.
 * \since 0.1
 */
TPMC_API int tpmc_tpm_open(tpmc_tpm *tpm, tpmc_error *err);

/**
 * \brief Drops the loaded keys and sessions that the connection holds in the TPM. They return by
 * themselves.
 *
 * When the connection is busy, they are dropped before its next command.
 * \param[in] tpm may be NULL.
 * \par Threads any number at once.
 * \since 0.1
 */
TPMC_API void tpmc_tpm_release(tpmc_tpm *tpm);

/**
 * \brief How well secrets have been protected on the way to the TPM: passwords, private parts of
 * keys, unsealed data and the answers of HMAC keys.
 * \param[in] tpm the connection; NULL gives TPMC_BUS_NOTHING_SECRET.
 * \return the lowest of `TPMC_BUS_*` at which a secret has crossed since the connection was made,
 * or TPMC_BUS_NOTHING_SECRET.
 * \par Threads any number at once.
 * \since 0.1
 */
TPMC_API int tpmc_tpm_bus_level(const tpmc_tpm *tpm);

/**
 * \brief Makes the parent under which a template's keys are made, and reads its public part and
 * Name.
 * \param[in] tpm the connection; it freezes.
 * \param[in] key_template says which parent; NULL means the default: the owner hierarchy's H2
 * ECC storage primary.
 * \param[out] public_area the marshalled TPM2B_PUBLIC (TPM 2.0 Part 2, 12.2.5), freed with
 * tpmc_bytes_free(); may be NULL.
 * \param[out] name the Name (TPM 2.0 Part 1, 16), freed with tpmc_bytes_free(); may be NULL.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, or the codes of tpmc_tpm_open() and TPMC_ERR_TPM, TPMC_ERR_WRONG_PASSWORD (the
 * hierarchy's).
 * \par Threads any number at once.
 * \since 0.1
 */
TPMC_API int tpmc_tpm_read_parent(tpmc_tpm *tpm, tpmc_key_template *key_template,
                                  tpmc_bytes **public_area, tpmc_bytes **name, tpmc_error *err);

/**
 * \brief Makes the primary storage key that a template names as parent and keeps it in the TPM at a
 * persistent handle (TPM2_EvictControl), so that keys under it open without making it anew.
 *
 * Where that very key already stands at the handle, nothing is changed.
 * \param[in] tpm the connection; it freezes.
 * \param[in] key_template says which primary, by the option `parent`; NULL means the default.
 * \param[in] handle where: 0x81000000 to 0x817fffff for the owner hierarchy, 0x81800000 to
 * 0x81ffffff for the platform hierarchy.
 * \param[out] name its Name, freed with tpmc_bytes_free(); may be NULL.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, the codes of tpmc_tpm_read_parent(), TPMC_ERR_ARGUMENT (no such handle, or a parent
 * that is not a primary) or TPMC_ERR_STATE (another object stands at the handle).
 * \par Threads any number at once.
 * \since 0.1
 */
TPMC_API int tpmc_tpm_persist_parent(tpmc_tpm *tpm, tpmc_key_template *key_template,
                                     uint32_t handle, tpmc_bytes **name, tpmc_error *err);

/**
 * \brief Makes a key object that is still without a source. Nothing is read or opened yet.
 * \param[in] tpm the connection; a reference is kept and it freezes.
 * \param[out] out the key, to be freed with tpmc_key_free(); NULL on failure.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, TPMC_ERR_ARGUMENT, TPMC_ERR_NOMEM, TPMC_ERR_STATE or TPMC_ERR_FORKED.
 * \par Threads any.
 * \since 0.1
 */
TPMC_API int tpmc_key_new(tpmc_tpm *tpm, tpmc_key **out, tpmc_error *err);

/**
 * \brief Makes a key whose signatures come from a callback: for tests and for other hardware.
 * \param[in] env the environment; a reference is kept and it freezes.
 * \param[in] spki the public key as a DER SubjectPublicKeyInfo (RFC 5280 section 4.1), copied;
 * NULL makes an HMAC key.
 * \param[in] spki_len 1 to 4096 bytes, or 0 for an HMAC key.
 * \param[in] fn signs; its signatures are verified under `spki` before they are returned.
 * \param[in] user handed to every call of `fn`.
 * \param[in] release called once when the key is gone; may be NULL; not called when this
 * function fails.
 * \param[out] out the key, to be freed with tpmc_key_free(); NULL on failure.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, TPMC_ERR_ARGUMENT, TPMC_ERR_FORMAT, TPMC_ERR_UNSUPPORTED (the kind of key),
 * TPMC_ERR_NOMEM, TPMC_ERR_STATE or TPMC_ERR_FORKED.
 * \par Threads any.
 * \since 0.1
 */
TPMC_API int tpmc_key_new_callback(tpmc_env *env, const void *spki, size_t spki_len,
                                   tpmc_sign_fn fn, void *user, tpmc_release_fn release,
                                   tpmc_key **out, tpmc_error *err);

/**
 * \brief Takes one more reference, so that two owners can each call tpmc_key_free(). The key
 * freezes.
 * \param[in] key the key.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, TPMC_ERR_ARGUMENT, TPMC_ERR_STATE or TPMC_ERR_FORKED.
 * \par Threads any number at once.
 * \since 0.1
 */
TPMC_API int tpmc_key_retain(tpmc_key *key, tpmc_error *err);

/**
 * \brief Drops the caller's reference. Never waits: a key still loaded is flushed at once when
 * the connection is idle, else before its next command.
 * \param[in] key may be NULL.
 * \par Threads any; inside callbacks too, but for the key whose call is running.
 * \since 0.1
 */
TPMC_API void tpmc_key_free(tpmc_key *key);

/**
 * \brief Sets an option by name; see tpmc_option_name() with TPMC_OBJECT_KEY.
 * \param[in] key the key.
 * \param[in] name an option's name.
 * \param[in] value its value, copied; NULL resets it to the default.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, TPMC_ERR_ARGUMENT, TPMC_ERR_STATE, TPMC_ERR_NOMEM or TPMC_ERR_FORKED; nothing
 * changes on failure.
 * \par Threads one at a time.
 * \since 0.1
 */
TPMC_API int tpmc_key_set(tpmc_key *key, const char *name, const char *value, tpmc_error *err);

/**
 * \brief Gives the content of a key file instead of its path.
 * \param[in] key the key.
 * \param[in] pem TSS2 PEM text or DER, copied; NULL with `len` 0 unsets it.
 * \param[in] len 1 to 65536 bytes.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, TPMC_ERR_ARGUMENT, TPMC_ERR_STATE, TPMC_ERR_NOMEM or TPMC_ERR_FORKED; nothing
 * changes on failure.
 * \par Threads one at a time.
 * \since 0.1
 */
TPMC_API int tpmc_key_set_pem(tpmc_key *key, const void *pem, size_t len, tpmc_error *err);

/**
 * \brief Sets the key's password (authValue). One that is given, also an empty one, is used as
 * given, whatever the file says.
 * \param[in] key the key.
 * \param[in] password `len` bytes, copied and wiped when freed; NULL unsets it, a pointer with
 * `len` 0 means that the password is known to be empty.
 * \param[in] len 0 to 64 bytes.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, TPMC_ERR_ARGUMENT, TPMC_ERR_STATE, TPMC_ERR_NOMEM or TPMC_ERR_FORKED; nothing
 * changes on failure.
 * \par Threads one at a time.
 * \since 0.1
 */
TPMC_API int tpmc_key_set_password(tpmc_key *key, const void *password, size_t len,
                                   tpmc_error *err);

/**
 * \brief Reads the key's password from the first line of a file, now.
 * \param[in] key the key.
 * \param[in] path a regular file, pipe or terminal of at most 4096 bytes; the line end is no
 * part of the password.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, TPMC_ERR_ARGUMENT, TPMC_ERR_IO, TPMC_ERR_STATE, TPMC_ERR_NOMEM or TPMC_ERR_FORKED;
 * nothing changes on failure.
 * \par Threads one at a time.
 * \since 0.1
 */
TPMC_API int tpmc_key_set_password_file(tpmc_key *key, const char *path, tpmc_error *err);

/**
 * \brief Sets a callback that is asked for the password when the key is opened, and only if none
 * was set.
 * \param[in] key the key.
 * \param[in] fn the callback; NULL unsets it.
 * \param[in] user handed to every call.
 * \param[in] release called once when the callback is no longer needed; may be NULL.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, TPMC_ERR_ARGUMENT, TPMC_ERR_STATE or TPMC_ERR_FORKED; nothing changes on failure.
 * \par Threads one at a time.
 * \since 0.1
 */
TPMC_API int tpmc_key_set_password_callback(tpmc_key *key, tpmc_password_fn fn, void *user,
                                            tpmc_release_fn release, tpmc_error *err);

/**
 * \brief Sets the password (authValue) of the persistent parent that the key is loaded under. Those
 * of the hierarchies are the connection's: tpmc_tpm_set_hierarchy_password().
 * \param[in] key the key.
 * \param[in] password `len` bytes, copied and wiped when freed; NULL with `len` 0 unsets it.
 * \param[in] len 0 to 64 bytes.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, TPMC_ERR_ARGUMENT, TPMC_ERR_STATE, TPMC_ERR_NOMEM or TPMC_ERR_FORKED; nothing
 * changes on failure.
 * \par Threads one at a time.
 * \since 0.1
 */
TPMC_API int tpmc_key_set_parent_password(tpmc_key *key, const void *password, size_t len,
                                          tpmc_error *err);

/**
 * \brief Opens the key now instead of at the first operation: reads the file, asks for the
 * password, loads the key into the TPM.
 * \param[in] key the key; it freezes.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, TPMC_ERR_FORMAT, TPMC_ERR_IO, TPMC_ERR_UNSUPPORTED (not a signing key),
 * TPMC_ERR_WRONG_TPM, TPMC_ERR_WRONG_PASSWORD (missing, or the hierarchy's), TPMC_ERR_POLICY (the
 * policy is not the key's, or does not hold), TPMC_ERR_TPM_UNAVAILABLE, TPMC_ERR_TPM,
 * TPMC_ERR_LOCKOUT, TPMC_ERR_TIMEOUT, TPMC_ERR_CANCELLED, TPMC_ERR_STATE, TPMC_ERR_NOMEM or
 * TPMC_ERR_FORKED.
 * \par Threads any number at once.
 * \since 0.1
 */
TPMC_API int tpmc_key_open(tpmc_key *key, tpmc_error *err);

/**
 * \brief The key file of a key in the form that this TPM loads without importing: for a key file
 * that is importable, a file that replaces it on this machine. A policy that was given by the
 * options `pcr` or `policy_file`, or as an object, is written into it where the file says none,
 * with the values that the TPM has now. Opens the key.
 * \param[in] key the key; it freezes.
 * \param[out] pem the TSS2 PEM text, freed with tpmc_bytes_free(); NULL on failure.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, the codes of tpmc_key_open(), or TPMC_ERR_UNSUPPORTED (a callback key, or one given by
 * its handle).
 * \par Threads any number at once.
 * \since 0.1
 */
TPMC_API int tpmc_key_export(tpmc_key *key, tpmc_bytes **pem, tpmc_error *err);

/**
 * \brief The public key. Reads the key file; needs no password, and a TPM only for a key that is
 * given by its handle.
 * \param[in] key the key; it freezes.
 * \param[out] out a DER SubjectPublicKeyInfo (RFC 5280 section 4.1), freed with
 * tpmc_bytes_free(); NULL on failure.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, TPMC_ERR_FORMAT, TPMC_ERR_IO, TPMC_ERR_UNSUPPORTED (an HMAC key),
 * TPMC_ERR_ARGUMENT, TPMC_ERR_STATE, TPMC_ERR_NOMEM or TPMC_ERR_FORKED.
 * \par Threads any number at once.
 * \since 0.1
 */
TPMC_API int tpmc_key_public(tpmc_key *key, tpmc_bytes **out, tpmc_error *err);

/**
 * \brief Everything that the key file says, as a JSON object. Needs no password,
 * and a TPM only for a key that is given by its handle.
 * \param[in] key the key; it freezes.
 * \param[out] out UTF-8 JSON text, freed with tpmc_bytes_free(); NULL on failure. Members may be
 * added in later releases.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, TPMC_ERR_FORMAT, TPMC_ERR_IO, TPMC_ERR_ARGUMENT, TPMC_ERR_STATE, TPMC_ERR_NOMEM or
 * TPMC_ERR_FORKED.
 * \par Threads any number at once.
 * \since 0.1
 */
TPMC_API int tpmc_key_describe(tpmc_key *key, tpmc_bytes **out, tpmc_error *err);

/**
 * \brief Says whether the key's type and scheme allow an algorithm. Needs no password, and a
 * TPM only for a key that is given by its handle.
 * \param[in] key the key; it freezes.
 * \param[in] algorithm a name as for tpmc_key_sign(), or "HS256", "HS384", "HS512" for what
 * tpmc_key_hmac() makes.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0 when it does; TPMC_ERR_UNSUPPORTED when it does not, with the reason;
 * TPMC_ERR_FORMAT, TPMC_ERR_IO, TPMC_ERR_ARGUMENT, TPMC_ERR_STATE, TPMC_ERR_NOMEM or
 * TPMC_ERR_FORKED.
 * \par Threads any number at once.
 * \since 0.1
 */
TPMC_API int tpmc_key_supports(tpmc_key *key, const char *algorithm, tpmc_error *err);

/**
 * \brief Signs a message. The message is hashed in software, for a restricted key in the TPM; the
 * signature is verified before it is returned.
 * \param[in] key the key; it freezes, and opens when it is not open.
 * \param[in] algorithm an RFC 7518 name: "RS256", "RS384", "RS512", "PS256", "PS384", "PS512",
 * "ES256" (P-256), "ES384" (P-384), "ES512" (P-521); or "ECDSA-SHA256", "ECDSA-SHA384",
 * "ECDSA-SHA512" for ECDSA with that hash on any of these curves. NULL means what the key's type
 * and scheme imply: the hash that the scheme fixes, else SHA-256 for RSA (RSASSA-PKCS1-v1_5) and
 * the hash of the curve for ECDSA.
 * \param[in] message `len` bytes; may be NULL when `len` is 0.
 * \param[in] len the number of bytes.
 * \param[out] out the signature as OpenSSL has it, freed with tpmc_bytes_free(); NULL on
 * failure.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, the codes of tpmc_key_open(), TPMC_ERR_ARGUMENT (an unknown algorithm, or a message
 * that a restricted key may not sign), TPMC_ERR_UNSUPPORTED (the key or this TPM cannot do this
 * algorithm), TPMC_ERR_WRONG_PASSWORD or
 * TPMC_ERR_INTEGRITY (the signature does not verify).
 * \par Threads any number at once.
 * \since 0.1
 */
TPMC_API int tpmc_key_sign(tpmc_key *key, const char *algorithm, const void *message, size_t len,
                           tpmc_bytes **out, tpmc_error *err);

/**
 * \brief Signs a digest that the caller computed.
 * \param[in] key the key; it freezes, and opens when it is not open.
 * \param[in] algorithm as for tpmc_key_sign().
 * \param[in] digest the digest.
 * \param[in] len exactly the length of the algorithm's digest: 32 bytes for SHA-256.
 * \param[out] out the signature as OpenSSL has it, freed with tpmc_bytes_free(); NULL on
 * failure.
 * \param[out] err detail of a failure; may be NULL.
 * \return as tpmc_key_sign(); TPMC_ERR_ARGUMENT for a wrong length; TPMC_ERR_UNSUPPORTED for
 * restricted keys.
 * \par Threads any number at once.
 * \since 0.1
 */
TPMC_API int tpmc_key_sign_digest(tpmc_key *key, const char *algorithm, const void *digest,
                                  size_t len, tpmc_bytes **out, tpmc_error *err);

/**
 * \brief The HMAC (RFC 2104) of a message under an HMAC key, with the hash that the key's scheme
 * fixes, else SHA-256. The answer of a TPM cannot be verified, so it comes through a session that
 * protects it.
 * \param[in] key an HMAC key, or, with the option `allow_sealed_hmac`, sealed data whose content is
 * the secret; it freezes, and opens when it is not open.
 * \param[in] data `len` bytes; may be NULL when `len` is 0.
 * \param[in] len the number of bytes.
 * \param[out] out the MAC, freed with tpmc_bytes_free(), which wipes it; NULL on failure.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, the codes of tpmc_key_open(), TPMC_ERR_ARGUMENT, TPMC_ERR_UNSUPPORTED (no HMAC key) or
 * TPMC_ERR_WRONG_PASSWORD.
 * \par Threads any number at once.
 * \since 0.1
 */
TPMC_API int tpmc_key_hmac(tpmc_key *key, const void *data, size_t len, tpmc_bytes **out,
                           tpmc_error *err);

/**
 * \brief A certificate signing request (PKCS #10, RFC 2986), signed by the key.
 * \param[in] key the key; it freezes, and opens when it is not open.
 * \param[in] algorithm as for tpmc_key_sign(); NULL for what the key implies.
 * \param[in] subject a distinguished name such as "CN=device 7,O=Example" (RFC 4514) or
 * "/O=Example/CN=device 7"; up to 1024 bytes.
 * \param[out] pem the request as PEM text, freed with tpmc_bytes_free(); NULL on failure.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0 or the codes of tpmc_key_sign(); TPMC_ERR_ARGUMENT for a malformed subject.
 * \par Threads any number at once.
 * \since 0.1
 */
TPMC_API int tpmc_key_make_csr(tpmc_key *key, const char *algorithm, const char *subject,
                               tpmc_bytes **pem, tpmc_error *err);

/**
 * \brief A self-signed certificate (X.509 v3, RFC 5280) for an end entity, valid from now.
 * \param[in] key the key; it freezes, and opens when it is not open.
 * \param[in] algorithm as for tpmc_key_sign(); NULL for what the key implies.
 * \param[in] subject as for tpmc_key_make_csr().
 * \param[in] days 1 to 36500 days of validity.
 * \param[out] pem the certificate as PEM text, freed with tpmc_bytes_free(); NULL on failure.
 * \param[out] err detail of a failure; may be NULL.
 * \return as tpmc_key_make_csr(); TPMC_ERR_CLOCK when the wall clock cannot be read.
 * \par Threads any number at once.
 * \since 0.1
 */
TPMC_API int tpmc_key_make_certificate(tpmc_key *key, const char *algorithm, const char *subject,
                                       int days, tpmc_bytes **pem, tpmc_error *err);

/**
 * \brief Makes a template with the defaults: an RSA 2048 signing key of any scheme under the
 * owner's H2 ECC storage primary, not subject to dictionary-attack lockout.
 * \param[in] env the environment; a reference is kept and it freezes.
 * \param[out] out the template, to be freed with tpmc_key_template_free(); NULL on failure.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, TPMC_ERR_ARGUMENT, TPMC_ERR_NOMEM, TPMC_ERR_STATE or TPMC_ERR_FORKED.
 * \par Threads any.
 * \since 0.1
 */
TPMC_API int tpmc_key_template_new(tpmc_env *env, tpmc_key_template **out, tpmc_error *err);

/**
 * \brief Drops the caller's reference.
 * \param[in] key_template may be NULL.
 * \par Threads any; inside callbacks too.
 * \since 0.1
 */
TPMC_API void tpmc_key_template_free(tpmc_key_template *key_template);

/**
 * \brief Sets an option by name; see tpmc_option_name() with TPMC_OBJECT_KEY_TEMPLATE.
 * \param[in] key_template the template.
 * \param[in] name an option's name.
 * \param[in] value its value, copied; NULL resets it to the default.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, TPMC_ERR_ARGUMENT, TPMC_ERR_STATE, TPMC_ERR_NOMEM or TPMC_ERR_FORKED; nothing
 * changes on failure.
 * \par Threads one at a time.
 * \since 0.1
 */
TPMC_API int tpmc_key_template_set(tpmc_key_template *key_template, const char *name,
                                   const char *value, tpmc_error *err);

/**
 * \brief Sets the password (authValue) that the new key shall have.
 * \param[in] key_template the template.
 * \param[in] password `len` bytes, copied and wiped when freed; NULL unsets it.
 * \param[in] len 0 to 32 bytes: what the SHA-256 Name algorithm of the new key has room for.
 * Trailing NUL bytes are refused, as the TPM drops them.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, TPMC_ERR_ARGUMENT, TPMC_ERR_STATE, TPMC_ERR_NOMEM or TPMC_ERR_FORKED; nothing
 * changes on failure.
 * \par Threads one at a time.
 * \since 0.1
 */
TPMC_API int tpmc_key_template_set_password(tpmc_key_template *key_template, const void *password,
                                            size_t len, tpmc_error *err);

/**
 * \brief Sets the password (authValue) of the persistent parent that `template_parent_handle` names.
 * \param[in] key_template the template.
 * \param[in] password `len` bytes, copied and wiped when freed; NULL with `len` 0 unsets it.
 * \param[in] len 0 to 64 bytes.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, TPMC_ERR_ARGUMENT, TPMC_ERR_STATE, TPMC_ERR_NOMEM or TPMC_ERR_FORKED; nothing
 * changes on failure.
 * \par Threads one at a time.
 * \since 0.1
 */
TPMC_API int tpmc_key_template_set_parent_password(tpmc_key_template *key_template,
                                                   const void *password, size_t len,
                                                   tpmc_error *err);

/**
 * \brief Makes a new key inside the TPM and returns its key file.
 * \param[in] tpm the connection; it freezes.
 * \param[in] key_template what the key shall be; it freezes; NULL means the defaults.
 * \param[out] pem the TSS2 PEM text, freed with tpmc_bytes_free(); NULL on failure.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, the codes of tpmc_tpm_read_parent(), TPMC_ERR_ARGUMENT (options that contradict each
 * other), TPMC_ERR_UNSUPPORTED (this TPM does not make such keys) or TPMC_ERR_INTEGRITY (the parent
 * is not the pinned one).
 * \par Threads any number at once.
 * \since 0.1
 */
TPMC_API int tpmc_key_create(tpmc_tpm *tpm, tpmc_key_template *key_template, tpmc_bytes **pem,
                             tpmc_error *err);

/**
 * \brief Imports a software key into the TPM and returns its key file. The private part leaves this
 * process only encrypted to the parent's public key; with the template's `parent_name` set, another
 * parent is refused.
 * \param[in] tpm the connection; it freezes.
 * \param[in] key_template what the key shall be; it freezes; NULL means the defaults. The type and
 * size of an RSA or EC key are those of `data`; when `algorithm` is one of the HMAC words, `data`
 * is the secret itself.
 * \param[in] data an unencrypted PKCS#8, PKCS#1 or SEC 1 private key (RSA, or EC on P-256, P-384 or
 * P-521) as PEM or DER, or a JSON object whose member `private_key` holds such a PEM; or the bytes
 * of an HMAC secret.
 * \param[in] len 1 to 65536 bytes; an HMAC secret 1 to 128.
 * \param[out] pem the TSS2 PEM text, freed with tpmc_bytes_free(); NULL on failure.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, the codes of tpmc_tpm_read_parent(), TPMC_ERR_ARGUMENT, TPMC_ERR_FORMAT,
 * TPMC_ERR_UNSUPPORTED (the kind or size of key) or TPMC_ERR_INTEGRITY (the parent is not the
 * pinned one).
 * \par Threads any number at once.
 * \since 0.1
 */
TPMC_API int tpmc_key_import(tpmc_tpm *tpm, tpmc_key_template *key_template, const void *data,
                             size_t len, tpmc_bytes **pem, tpmc_error *err);

/**
 * \brief Wraps a software key for the parent of another machine, without a TPM. The result is an
 * importable key file: the TPM of that machine imports it when the key is opened.
 * \param[in] key_template what the key shall be; it freezes. Its `parent` or
 * `template_parent_handle` says where that parent is found on the other machine.
 * \param[in] parent_public the parent's TPM2B_PUBLIC, as tpmc_tpm_read_parent() gives it, or its
 * TPMT_PUBLIC alone. Whoever hands over another one gets the key: check its Name.
 * \param[in] parent_public_len 1 to 1024 bytes.
 * \param[in] data as for tpmc_key_import().
 * \param[in] len as for tpmc_key_import().
 * \param[out] pem the TSS2 PEM text, freed with tpmc_bytes_free(); NULL on failure.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, TPMC_ERR_ARGUMENT, TPMC_ERR_FORMAT, TPMC_ERR_UNSUPPORTED (the kind of key or parent),
 * TPMC_ERR_INTEGRITY (the parent is not the pinned one), TPMC_ERR_STATE, TPMC_ERR_NOMEM or
 * TPMC_ERR_FORKED.
 * \par Threads any number at once.
 * \since 0.1
 */
TPMC_API int tpmc_key_wrap(tpmc_key_template *key_template, const void *parent_public,
                           size_t parent_public_len, const void *data, size_t len, tpmc_bytes **pem,
                           tpmc_error *err);

/**
 * \brief Makes a key file from the two files that TPM tools write for a key. Needs no TPM.
 * \param[in] key_template where the parent is found, the description, and, by its password, whether
 * the key has one; it freezes.
 * \param[in] public_area a marshalled TPM2B_PUBLIC.
 * \param[in] public_len 1 to 1024 bytes.
 * \param[in] private_part a marshalled TPM2B_PRIVATE.
 * \param[in] private_len 1 to 2048 bytes.
 * \param[out] pem the TSS2 PEM text, freed with tpmc_bytes_free(); NULL on failure.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, TPMC_ERR_ARGUMENT, TPMC_ERR_FORMAT, TPMC_ERR_UNSUPPORTED, TPMC_ERR_STATE,
 * TPMC_ERR_NOMEM or TPMC_ERR_FORKED.
 * \par Threads any number at once.
 * \since 0.1
 */
TPMC_API int tpmc_key_convert(tpmc_key_template *key_template, const void *public_area,
                              size_t public_len, const void *private_part, size_t private_len,
                              tpmc_bytes **pem, tpmc_error *err);

#ifdef __cplusplus
}
#endif

#endif
