/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMCLOUD_EXPORT_H
#define TPMCLOUD_EXPORT_H

/**
 * \file export.h
 * \brief Marks the functions that belong to the ABI. A binding generator may define TPMC_API as
 * nothing.
 */
#ifndef TPMC_API
#if defined(__GNUC__)
#define TPMC_API __attribute__((visibility("default")))
#else
#define TPMC_API
#endif
#endif

#endif
