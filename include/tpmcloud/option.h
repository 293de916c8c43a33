/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMCLOUD_OPTION_H
#define TPMCLOUD_OPTION_H

#include <stddef.h>
#include <stdint.h>

#include "tpmcloud/export.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * \file option.h
 * \brief What can be set by name on each kind of object, for programs and bindings that build flags
 * or keyword arguments from it.
 *
 * Options are set with `tpmc_<object>_set(object, name, value, err)`. In names `-` and `_` mean the
 * same. A NULL value resets an option to its default; setting a list option appends to it; setting
 * any other replaces it.
 */

/** Options of tpmc_env. */
#define TPMC_OBJECT_ENV 1
/** Options of tpmc_tpm. */
#define TPMC_OBJECT_TPM 2
/** Options of tpmc_key_template. */
#define TPMC_OBJECT_KEY_TEMPLATE 3
/** Options of tpmc_key. */
#define TPMC_OBJECT_KEY 4
/** Options of tpmc_gcp. */
#define TPMC_OBJECT_GCP 5
/** Options of tpmc_aws_rolesanywhere. */
#define TPMC_OBJECT_AWS_ROLESANYWHERE 6
/** Options of tpmc_aws_hmac. */
#define TPMC_OBJECT_AWS_HMAC 7
/** Options of tpmc_azure. */
#define TPMC_OBJECT_AZURE 8

/** Text without control characters; a few options take line ends and tabs too. */
#define TPMC_OPTION_TEXT 1
/** A decimal number within a range. */
#define TPMC_OPTION_NUMBER 2
/** `0`, `1`, `true`, `false`, `yes`, `no`, `on` or `off`, in any case. */
#define TPMC_OPTION_BOOLEAN 3
/** One of a few words. */
#define TPMC_OPTION_CHOICE 4
/** Text that may be set several times. */
#define TPMC_OPTION_LIST 5

/**
 * \brief How many options a kind of object has.
 * \param[in] object one of `TPMC_OBJECT_*`.
 * \return the number of options; 0 for an unknown kind.
 * \par Threads any.
 * \since 0.1
 */
TPMC_API size_t tpmc_option_count(int object);

/**
 * \brief The name of an option, spelt with `_`.
 * \param[in] object one of `TPMC_OBJECT_*`.
 * \param[in] i 0 to tpmc_option_count() - 1.
 * \return static text, or NULL when out of range.
 * \par Threads any.
 * \since 0.1
 */
TPMC_API const char *tpmc_option_name(int object, size_t i);

/**
 * \brief Another name that an option is accepted by, spelt with `_`.
 * \param[in] object one of `TPMC_OBJECT_*`.
 * \param[in] i 0 to tpmc_option_count() - 1.
 * \return static text; NULL when the option has one name only or is out of range.
 * \par Threads any.
 * \since 0.1
 */
TPMC_API const char *tpmc_option_alias(int object, size_t i);

/**
 * \brief The default of an option as it would be written.
 * \param[in] object one of `TPMC_OBJECT_*`.
 * \param[in] i 0 to tpmc_option_count() - 1.
 * \return static text; NULL when the option has no default or is out of range.
 * \par Threads any.
 * \since 0.1
 */
TPMC_API const char *tpmc_option_default(int object, size_t i);

/**
 * \brief One line that says what an option means, with its unit, range or words.
 * \param[in] object one of `TPMC_OBJECT_*`.
 * \param[in] i 0 to tpmc_option_count() - 1.
 * \return static text, or NULL when out of range.
 * \par Threads any.
 * \since 0.1
 */
TPMC_API const char *tpmc_option_summary(int object, size_t i);

/**
 * \brief The kind of an option.
 * \param[in] object one of `TPMC_OBJECT_*`.
 * \param[in] i 0 to tpmc_option_count() - 1.
 * \return one of `TPMC_OPTION_*`, or -1 when out of range.
 * \par Threads any.
 * \since 0.1
 */
TPMC_API int tpmc_option_kind(int object, size_t i);

#ifdef __cplusplus
}
#endif

#endif
