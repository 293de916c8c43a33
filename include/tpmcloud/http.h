/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMCLOUD_HTTP_H
#define TPMCLOUD_HTTP_H

#include <stddef.h>
#include <stdint.h>

#include "tpmcloud/error.h"
#include "tpmcloud/export.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * \file http.h
 * \brief One HTTP request and its answer, as an application's own transport sees them.
 *
 * The library fills a request and the transport reads it; the transport fills a response and the
 * library reads it. An application makes requests of its own only to have them signed.
 */

/** One request: method, URL, headers and body. */
typedef struct tpmc_http_request tpmc_http_request;
/** One answer: status, headers and body. It belongs to the library and lives for one exchange. */
typedef struct tpmc_http_response tpmc_http_response;

/**
 * \brief Makes a request without headers and body.
 * \param[in] method a token of RFC 9110 section 9 such as "POST", 1 to 16 capital letters.
 * \param[in] url an absolute `https` or `http` URL of at most 8192 bytes, without user info and
 * fragment.
 * \param[out] out the request, to be freed with tpmc_http_request_free(); NULL on failure.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, TPMC_ERR_ARGUMENT or TPMC_ERR_NOMEM.
 * \par Threads any.
 * \since 0.1
 */
TPMC_API int tpmc_http_request_new(const char *method, const char *url, tpmc_http_request **out,
                                   tpmc_error *err);

/**
 * \brief Appends a header field. Equal names may be added several times.
 * \param[in] request the request.
 * \param[in] name a token of RFC 9110 section 5.6.2, 1 to 128 bytes.
 * \param[in] value at most 16384 bytes, without CR, LF, NUL and other control characters.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, TPMC_ERR_ARGUMENT (also for more than 64 fields) or TPMC_ERR_NOMEM; the request is
 * unchanged on failure.
 * \par Threads one at a time per request.
 * \since 0.1
 */
TPMC_API int tpmc_http_request_add_header(tpmc_http_request *request, const char *name,
                                          const char *value, tpmc_error *err);

/**
 * \brief Sets the body, replacing a former one. The bytes are copied, and wiped when replaced or
 * freed.
 * \param[in] request the request.
 * \param[in] body `len` bytes; may be NULL when `len` is 0.
 * \param[in] len 0 to 16 MiB.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, TPMC_ERR_ARGUMENT or TPMC_ERR_NOMEM; the request is unchanged on failure.
 * \par Threads one at a time per request.
 * \since 0.1
 */
TPMC_API int tpmc_http_request_set_body(tpmc_http_request *request, const void *body, size_t len,
                                        tpmc_error *err);

/**
 * \brief Sets the text that stands for the hash of a body which the application sends itself,
 * such as the hex SHA-256 of it or `UNSIGNED-PAYLOAD`.
 * \param[in] request the request.
 * \param[in] hash 1 to 128 printable ASCII characters; NULL unsets it.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, TPMC_ERR_ARGUMENT or TPMC_ERR_NOMEM; the request is unchanged on failure.
 * \par Threads one at a time per request.
 * \since 0.1
 */
TPMC_API int tpmc_http_request_set_payload_hash(tpmc_http_request *request, const char *hash,
                                                tpmc_error *err);

/**
 * \brief Wipes and frees a request.
 * \param[in] request may be NULL. A transport must not free the request it was given.
 * \par Threads any, while no other thread uses the request.
 * \since 0.1
 */
TPMC_API void tpmc_http_request_free(tpmc_http_request *request);

/**
 * \brief The method.
 * \param[in] request may be NULL.
 * \return text owned by the request; NULL when `request` is NULL.
 * \par Threads one at a time per request.
 * \since 0.1
 */
TPMC_API const char *tpmc_http_request_method(const tpmc_http_request *request);

/**
 * \brief The URL.
 * \param[in] request may be NULL.
 * \return text owned by the request; NULL when `request` is NULL.
 * \par Threads one at a time per request.
 * \since 0.1
 */
TPMC_API const char *tpmc_http_request_url(const tpmc_http_request *request);

/**
 * \brief How many header fields the request has.
 * \param[in] request may be NULL.
 * \return the number of fields; 0 when `request` is NULL.
 * \par Threads one at a time per request.
 * \since 0.1
 */
TPMC_API size_t tpmc_http_request_header_count(const tpmc_http_request *request);

/**
 * \brief The name of a header field.
 * \param[in] request may be NULL.
 * \param[in] i 0 to tpmc_http_request_header_count() - 1.
 * \return text owned by the request; NULL when out of range.
 * \par Threads one at a time per request.
 * \since 0.1
 */
TPMC_API const char *tpmc_http_request_header_name(const tpmc_http_request *request, size_t i);

/**
 * \brief The value of a header field. It may be a secret: a transport must not log it.
 * \param[in] request may be NULL.
 * \param[in] i 0 to tpmc_http_request_header_count() - 1.
 * \return text owned by the request; NULL when out of range.
 * \par Threads one at a time per request.
 * \since 0.1
 */
TPMC_API const char *tpmc_http_request_header_value(const tpmc_http_request *request, size_t i);

/**
 * \brief The body. It may hold a secret: a transport must not log it.
 * \param[in] request may be NULL.
 * \return tpmc_http_request_body_len() bytes owned by the request; NULL when there is no body.
 * \par Threads one at a time per request.
 * \since 0.1
 */
TPMC_API const uint8_t *tpmc_http_request_body(const tpmc_http_request *request);

/**
 * \brief The length of the body.
 * \param[in] request may be NULL.
 * \return bytes; 0 when there is no body.
 * \par Threads one at a time per request.
 * \since 0.1
 */
TPMC_API size_t tpmc_http_request_body_len(const tpmc_http_request *request);

/**
 * \brief The text set with tpmc_http_request_set_payload_hash().
 * \param[in] request may be NULL.
 * \return text owned by the request; NULL when none was set.
 * \par Threads one at a time per request.
 * \since 0.1
 */
TPMC_API const char *tpmc_http_request_payload_hash(const tpmc_http_request *request);

/**
 * \brief How long the transport may take for this exchange, connecting included.
 * \param[in] request may be NULL.
 * \return milliseconds left when the transport was called, more than 0; -1 for a request that is
 * not being exchanged.
 * \par Threads one at a time per request.
 * \since 0.1
 */
TPMC_API int64_t tpmc_http_request_time_left_ms(const tpmc_http_request *request);

/**
 * \brief Sets the status code of the answer; the last one set counts.
 * \param[in] response the response the transport was given.
 * \param[in] status 100 to 599.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0 or TPMC_ERR_ARGUMENT.
 * \par Threads one at a time per response.
 * \since 0.1
 */
TPMC_API int tpmc_http_response_set_status(tpmc_http_response *response, int status,
                                           tpmc_error *err);

/**
 * \brief Appends a header field of the answer.
 * \param[in] response the response the transport was given.
 * \param[in] name a token of RFC 9110 section 5.6.2, 1 to 128 bytes.
 * \param[in] value at most 16384 bytes, without CR, LF, NUL and other control characters.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, TPMC_ERR_ARGUMENT (also for more than 128 fields or 64 KiB of them) or
 * TPMC_ERR_NOMEM.
 * \par Threads one at a time per response.
 * \since 0.1
 */
TPMC_API int tpmc_http_response_add_header(tpmc_http_response *response, const char *name,
                                           const char *value, tpmc_error *err);

/**
 * \brief Appends bytes to the body of the answer. They are copied.
 * \param[in] response the response the transport was given.
 * \param[in] data `len` bytes; may be NULL when `len` is 0.
 * \param[in] len the number of bytes.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, TPMC_ERR_PROTOCOL when the body grows beyond what the library takes (the transport
 * should then stop reading), TPMC_ERR_ARGUMENT or TPMC_ERR_NOMEM.
 * \par Threads one at a time per response.
 * \since 0.1
 */
TPMC_API int tpmc_http_response_append_body(tpmc_http_response *response, const void *data,
                                            size_t len, tpmc_error *err);

/**
 * \brief The status code set by the transport.
 * \param[in] response may be NULL.
 * \return 100 to 599; 0 when none was set.
 * \par Threads one at a time per response.
 * \since 0.1
 */
TPMC_API int tpmc_http_response_status(const tpmc_http_response *response);

/**
 * \brief The first header field with a name.
 * \param[in] response may be NULL.
 * \param[in] name the name, compared without regard to case.
 * \return text owned by the response; NULL when there is no such field.
 * \par Threads one at a time per response.
 * \since 0.1
 */
TPMC_API const char *tpmc_http_response_header(const tpmc_http_response *response,
                                               const char *name);

/**
 * \brief The body so far.
 * \param[in] response may be NULL.
 * \return tpmc_http_response_body_len() bytes owned by the response; NULL when there is none.
 * \par Threads one at a time per response.
 * \since 0.1
 */
TPMC_API const uint8_t *tpmc_http_response_body(const tpmc_http_response *response);

/**
 * \brief The length of the body so far.
 * \param[in] response may be NULL.
 * \return bytes.
 * \par Threads one at a time per response.
 * \since 0.1
 */
TPMC_API size_t tpmc_http_response_body_len(const tpmc_http_response *response);

#ifdef __cplusplus
}
#endif

#endif
