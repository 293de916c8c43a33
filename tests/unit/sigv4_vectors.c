/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/sigv4_vectors.h"

#include "unit/expect.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "codec/digest.h"
#include "codec/json.h"
#include "codec/text.h"
#include "unit/sigv4_fixture.h"

#define FOLDER TPMCLOUD_VECTORS "/sigv4"
#define TEXT_SIZE 8192
#define MAX_PARTS 64

/* One request or signed request as it is written down. */
typedef struct written {
    char text[TEXT_SIZE];
    char method[17];
    char target[TEXT_SIZE];
    char fields[MAX_PARTS][2048]; /* "name:value", unfolded */
    size_t count;
    const char *body;
} written;

typedef struct test_case {
    tpmc_env *env;
    sigv4_signer signer;
    const char *name;
    tpmc__json *context;
    tpmc__sigv4_params params;
    written request;
} test_case;

static void read_text(const test_case *vector, const char *file, char *text)
{
    char path[512];
    FILE *stream;
    size_t len;

    (void)snprintf(path, sizeof(path), "%s/%s/%s", FOLDER, vector->name, file);
    stream = fopen(path, "rb");
    if (stream == NULL) {
        fail_msg("%s cannot be read", path);
        return;
    }
    len = fread(text, 1, TEXT_SIZE - 1, stream);
    text[len] = '\0';
    assert_int_equal(fclose(stream), 0);
}

/* As a client does that sends a URL: what may not stand there is percent-encoded. */
static void encode_target(const char *from, char *to)
{
    for (; *from != '\0'; from++) {
        if (*from > 0x20 && *from < 0x7f)
            *to++ = *from;
        else
            to += sprintf(to, "%%%02X", (unsigned)(unsigned char)*from);
    }
    *to = '\0';
}

static void split_first_line(const char *line, written *out)
{
    char raw[TEXT_SIZE];
    const char *space = strchr(line, ' ');
    const char *end = strstr(line, " HTTP/1.1");

    assert_non_null(space);
    assert_non_null(end);
    (void)snprintf(out->method, sizeof(out->method), "%.*s", (int)(space - line), line);
    (void)snprintf(raw, sizeof(raw), "%.*s", (int)(end - space - 1), space + 1);
    encode_target(raw, out->target);
}

static void split(const test_case *vector, const char *file, written *out)
{
    char *line = out->text;
    char *end;

    memset(out, 0, sizeof(*out));
    read_text(vector, file, out->text);
    end = strchr(line, '\n');
    assert_non_null(end);
    *end = '\0';
    split_first_line(line, out);
    for (line = end + 1; *line != '\0' && *line != '\n'; line = end + 1) {
        end = strchr(line, '\n');
        if (end == NULL)
            end = line + strlen(line) - 1;
        else
            *end = '\0';
        if (line[0] == ' ') {
            char *field = out->fields[out->count - 1];

            (void)snprintf(field + strlen(field), 2048 - strlen(field), " %s", line);
            continue;
        }
        assert_true(out->count < MAX_PARTS);
        (void)snprintf(out->fields[out->count++], 2048, "%s", line);
    }
    out->body = *line == '\n' ? line + 1 : "";
}

static const char *text_of(const test_case *vector, const char *object, const char *member)
{
    const tpmc__json *from = vector->context;

    if (object != NULL)
        from = tpmc__json_member(from, object);
    return tpmc__json_text(tpmc__json_member(from, member));
}

static int is_true(const test_case *vector, const char *member)
{
    int value = 0;

    (void)tpmc__json_boolean(tpmc__json_member(vector->context, member), &value);
    return value;
}

static void open_vector(test_case *vector, tpmc_env *env, const char *name)
{
    char text[TEXT_SIZE];

    memset(vector, 0, sizeof(*vector));
    vector->env = env;
    vector->name = name;
    sigv4_signer_init(&vector->signer, env);
    read_text(vector, "context.json", text);
    assert_int_equal(tpmc__json_parse(text, strlen(text), TEXT_SIZE, name, &vector->context, NULL),
                     0);
    vector->params = sigv4_params(&vector->signer);
    vector->params.credential = text_of(vector, "credentials", "access_key_id");
    vector->signer.secret = text_of(vector, "credentials", "secret_access_key");
    vector->params.session_token = text_of(vector, "credentials", "token");
    vector->params.region = text_of(vector, NULL, "region");
    vector->params.service = text_of(vector, NULL, "service");
    assert_string_equal(text_of(vector, NULL, "timestamp"), "2015-08-30T12:36:00Z");
    assert_int_equal(tpmc__json_integer(tpmc__json_member(vector->context, "expiration_in_seconds"),
                                        &vector->params.expires_s),
                     0);
    if (!is_true(vector, "normalize"))
        vector->params.flags |= TPMC__SIGV4_KEEP_PATH | TPMC__SIGV4_ENCODE_ONCE;
    if (is_true(vector, "sign_body"))
        vector->params.flags |= TPMC__SIGV4_SIGN_BODY;
    if (is_true(vector, "omit_session_token"))
        vector->params.flags |= TPMC__SIGV4_OMIT_TOKEN;
    split(vector, "request.txt", &vector->request);
}

/* The field without spaces before its value, which differ; what stands for Host is in the URL. */
static void add_field(tpmc_http_request *request, char *field)
{
    char *colon = strchr(field, ':');

    assert_non_null(colon);
    *colon = '\0';
    assert_int_equal(tpmc_http_request_add_header(request, field, colon + 1, NULL), 0);
    *colon = ':';
}

static tpmc_http_request *make_request(test_case *vector)
{
    char url[TEXT_SIZE + 64];
    tpmc_http_request *request = NULL;
    written *from = &vector->request;

    (void)snprintf(url, sizeof(url), "https://example.amazonaws.com%s", from->target);
    assert_int_equal(tpmc_http_request_new(from->method, url, &request, NULL), 0);
    for (size_t i = 0; i < from->count; i++)
        add_field(request, from->fields[i]);
    if (from->body[0] != '\0')
        assert_int_equal(tpmc_http_request_set_body(request, from->body, strlen(from->body), NULL),
                         0);
    return request;
}

/* The string to sign ends in the hash of the canonical request. */
static void check_texts(test_case *vector, const char *form)
{
    char file[64];
    char expected[TEXT_SIZE];
    uint8_t hash[TPMC__DIGEST_MAX];
    tpmc__span span = { expected, 0 };
    tpmc__buf hex;

    (void)snprintf(file, sizeof(file), "%s-string-to-sign.txt", form);
    read_text(vector, file, expected);
    assert_string_equal(vector->signer.string_to_sign, expected);
    (void)snprintf(file, sizeof(file), "%s-canonical-request.txt", form);
    read_text(vector, file, expected);
    span.len = strlen(expected);
    assert_int_equal(tpmc__digest(vector->env, TPMC__HASH_SHA256, &span, 1, hash, NULL), 0);
    tpmc__buf_init(&hex, 64);
    assert_int_equal(tpmc__hex_encode(hash, 32, &hex), 0);
    assert_string_equal(strrchr(vector->signer.string_to_sign, '\n') + 1, (const char *)hex.data);
    tpmc__buf_free(&hex);
}

static int compare_text(const void *a, const void *b)
{
    const char *const *x = a;
    const char *const *y = b;

    return strcmp(*x, *y);
}

/* Both lists hold the same texts, in whatever order. */
static void check_same_set(const char **got, size_t got_count, const char **expected, size_t count)
{
    assert_int_equal(got_count, count);
    qsort((void *)got, got_count, sizeof(*got), compare_text);
    qsort((void *)expected, count, sizeof(*expected), compare_text);
    for (size_t i = 0; i < count; i++)
        assert_string_equal(got[i], expected[i]);
}

static void check_header_form(test_case *vector)
{
    static written signed_request;
    char signature[TEXT_SIZE];
    char lines[MAX_PARTS][2048];
    const char *got[MAX_PARTS];
    const char *expected[MAX_PARTS];
    tpmc_http_request *request = make_request(vector);
    size_t count;

    assert_int_equal(tpmc__sigv4_sign(vector->env, request, &vector->params, NULL), 0);
    check_texts(vector, "header");
    read_text(vector, "header-signature.txt", signature);
    assert_non_null(strstr(sigv4_field(request, "Authorization"), signature));
    split(vector, "header-signed-request.txt", &signed_request);
    count = tpmc_http_request_header_count(request);
    assert_true(count <= MAX_PARTS);
    for (size_t i = 0; i < count; i++) {
        (void)snprintf(lines[i], sizeof(lines[i]), "%s:%s",
                       tpmc_http_request_header_name(request, i),
                       tpmc_http_request_header_value(request, i));
        got[i] = lines[i];
    }
    for (size_t i = 0; i < signed_request.count; i++) {
        char *field = signed_request.fields[i];

        if (strncmp(field, "x-amz-content-sha256:", 21) == 0)
            memcpy(field, "X-Amz-Content-Sha256:", 21);
        expected[i] = field;
    }
    check_same_set(got, count, expected, signed_request.count);
    tpmc_http_request_free(request);
}

/* The parameters of a URL or a target; cuts the text. */
static size_t parameters_of(char *url, const char **out)
{
    char *part = strchr(url, '?');
    size_t count = 0;

    assert_non_null(part);
    *part++ = '\0';
    for (part = strtok(part, "&"); part != NULL; part = strtok(NULL, "&")) {
        assert_true(count < MAX_PARTS);
        out[count++] = part;
    }
    return count;
}

static void check_query_form(test_case *vector)
{
    static written signed_request;
    char signature[TEXT_SIZE];
    const char *got[MAX_PARTS];
    const char *expected[MAX_PARTS];
    tpmc_http_request *request = make_request(vector);
    tpmc__buf url;
    size_t got_count;
    size_t count;

    assert_int_equal(tpmc__sigv4_presign(vector->env, request, &vector->params, &url, NULL), 0);
    check_texts(vector, "query");
    read_text(vector, "query-signature.txt", signature);
    assert_non_null(strstr((const char *)url.data, signature));
    split(vector, "query-signed-request.txt", &signed_request);
    got_count = parameters_of((char *)url.data, got);
    count = parameters_of(signed_request.target, expected);
    assert_string_equal((const char *)url.data + strlen("https://example.amazonaws.com"),
                        signed_request.target);
    check_same_set(got, got_count, expected, count);
    tpmc__buf_free(&url);
    tpmc_http_request_free(request);
}

int sigv4_vectors_check(tpmc_env *env, tpmc__sigv4_key_fn make_key, void *key_context)
{
    static test_case vector;
    struct dirent **names = NULL;
    int count = scandir(FOLDER, &names, NULL, alphasort);
    int done = 0;

    if (count < 0) {
        print_message("%s is not here: skipped\n", FOLDER);
        return 0;
    }
    for (int i = 0; i < count; i++) {
        if (names[i]->d_name[0] != '.') {
            print_message("%s\n", names[i]->d_name);
            open_vector(&vector, env, names[i]->d_name);
            if (make_key != NULL) {
                assert_string_equal(vector.signer.secret, SIGV4_SECRET);
                vector.signer.hmac.make_key = make_key;
                vector.signer.hmac.key_context = key_context;
            }
            check_header_form(&vector);
            check_query_form(&vector);
            tpmc__json_free(vector.context);
            done++;
        }
        free(names[i]);
    }
    free((void *)names);
    assert_true(done >= 26);
    return done;
}
