/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMCLOUD_BYTES_H
#define TPMCLOUD_BYTES_H

#include <stddef.h>
#include <stdint.h>

#include "tpmcloud/export.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * \file bytes.h
 * \brief An immutable run of bytes that the library hands out. It is wiped when freed.
 */

/** Immutable bytes; any number of threads may read them at once, also in a child after fork(). */
typedef struct tpmc_bytes tpmc_bytes;

/**
 * \brief The bytes.
 * \param[in] bytes may be NULL.
 * \return a pointer to tpmc_bytes_len() bytes, followed by a NUL that is not counted, so that
 * text can be used as a C string; NULL only when `bytes` is NULL; owned by `bytes`.
 * \par Threads any number at once.
 * \since 0.1
 */
TPMC_API const uint8_t *tpmc_bytes_data(const tpmc_bytes *bytes);

/**
 * \brief How many bytes there are.
 * \param[in] bytes may be NULL.
 * \return the length in bytes; 0 when `bytes` is NULL.
 * \par Threads any number at once.
 * \since 0.1
 */
TPMC_API size_t tpmc_bytes_len(const tpmc_bytes *bytes);

/**
 * \brief Wipes and frees the bytes.
 * \param[in] bytes may be NULL.
 * \par Threads any, while no other thread reads the object.
 * \since 0.1
 */
TPMC_API void tpmc_bytes_free(tpmc_bytes *bytes);

#ifdef __cplusplus
}
#endif

#endif
