/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_GCP_FIXTURE_H
#define TESTS_UNIT_GCP_FIXTURE_H

#include "base/buf.h"
#include "gcp/gcp_settings.h"
#include "tpmcloud/http.h"
#include "unit/expect.h"

#define EMAIL "robot@project.iam.gserviceaccount.com"
#define TARGET "target@project.iam.gserviceaccount.com"
#define PLATFORM "https://www.googleapis.com/auth/cloud-platform"
#define POOL "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q"

/* An option, as it is set. A list ends with a NULL name. */
typedef struct setting {
    const char *name;
    const char *value;
} setting;

typedef struct made_settings {
    tpmc__options options;
    tpmc__gcp_settings settings;
} made_settings;

static inline void make_settings(made_settings *made, const setting *settings)
{
    assert_int_equal(tpmc__options_init(&made->options, TPMC_OBJECT_GCP, NULL), 0);
    for (; settings->name != NULL; settings++)
        assert_int_equal(tpmc__options_set(&made->options, settings->name, settings->value, NULL),
                         0);
    assert_int_equal(tpmc__gcp_settings_read(&made->options, &made->settings, NULL), 0);
}

static inline void free_settings(made_settings *made)
{
    tpmc__gcp_settings_free(&made->settings);
    tpmc__options_free(&made->options);
}

static inline const char *header_of(const tpmc_http_request *request, const char *name)
{
    for (size_t i = 0; i < tpmc_http_request_header_count(request); i++) {
        if (strcmp(tpmc_http_request_header_name(request, i), name) == 0)
            return tpmc_http_request_header_value(request, i);
    }
    return NULL;
}

/* A POST of just this. */
static inline void expect_post(const tpmc_http_request *request, const char *url, const char *type,
                               const char *body)
{
    assert_non_null(request);
    assert_string_equal(tpmc_http_request_method(request), "POST");
    assert_string_equal(tpmc_http_request_url(request), url);
    assert_string_equal(header_of(request, "Content-Type"), type);
    assert_string_equal(header_of(request, "Accept"), "application/json");
    assert_int_equal(tpmc_http_request_body_len(request), strlen(body));
    assert_memory_equal(tpmc_http_request_body(request), body, strlen(body));
}

static inline void put_text(tpmc__buf *buf, const char *text)
{
    tpmc__buf_init(buf, 65536);
    assert_int_equal(tpmc__buf_append_text(buf, text), 0);
}

#endif
