/* SPDX-License-Identifier: Apache-2.0 */
#include "azure/azure_int.h"
#include "azure/client_assertion.h"
#include "azure/entra_endpoint.h"
#include "base/error_int.h"
#include "base/option_table.h"
#include "codec/spki.h"
#include "proto/jws.h"
#include "proto/oidc_documents.h"

#define KEY_ID_MAX 128
#define RSA_MIN_BITS 2048

static int is_federated(const tpmc_azure *azure)
{
    return tpmc__options_is_set(&azure->options, TPMC__AZURE_FEDERATION_ISSUER);
}

/* 0 when the key can do the one algorithm that is left. */
static int demand(tpmc_azure *azure, const char *algorithm, tpmc_error *err)
{
    int status = tpmc_key_supports(azure->key, algorithm, err);

    if (status == TPMC_ERR_UNSUPPORTED)
        tpmc__error_prefix(err,
                           "Entra takes assertions only from RSA keys (EC keys are of no use "
                           "here), and this one needs a key that may sign with %s",
                           algorithm);
    return status;
}

int tpmc__azure_issuer_algorithm(tpmc_azure *azure, const char **out, tpmc_error *err)
{
    int64_t wish = tpmc__options_number(&azure->options, TPMC__AZURE_ALGORITHM);

    *out = wish == TPMC__AZURE_ALGORITHM_PS256 ? "PS256" : "RS256";
    return demand(azure, *out, err);
}

static int choose_algorithm(tpmc_azure *azure, tpmc__azure_signer *signer, tpmc_error *err)
{
    int64_t wish = tpmc__options_number(&azure->options, TPMC__AZURE_ALGORITHM);
    int takes_pss = !is_federated(azure) && !tpmc__entra_is_adfs(&azure->options);
    int status;

    if (wish != TPMC__AZURE_ALGORITHM_AUTO || !takes_pss)
        return tpmc__azure_issuer_algorithm(azure, &signer->algorithm, err);
    signer->algorithm = "RS256";
    status = tpmc_key_supports(azure->key, "PS256", err);
    if (status == TPMC_ERR_UNSUPPORTED)
        return demand(azure, "RS256", err);
    if (status != 0)
        return status;
    signer->algorithm = "PS256";
    status = tpmc_key_supports(azure->key, "RS256", err);
    if (status == 0)
        signer->fallback = "RS256";
    if (status != TPMC_ERR_UNSUPPORTED)
        return status;
    tpmc__error_clear(err);
    return 0;
}

/* Several threads may come here at once: the first one's stays. */
static int open_certificates(tpmc_azure *azure, tpmc__certificate_file **out, tpmc_error *err)
{
    tpmc__certificate_source source = {
        .path = tpmc__options_text(&azure->options, TPMC__AZURE_CERTIFICATE_PATH),
        .bytes = { azure->certificate.data, azure->certificate.len },
        /* Entra compares thumbprints, and judges the dates by a better clock than ours. */
        .rules =
            TPMC__CERTIFICATE_MAY_BE_CA | TPMC__CERTIFICATE_ANY_FORM | TPMC__CERTIFICATE_ANY_TIME,
    };
    tpmc__certificate_file *made = NULL;
    int status;

    *out = atomic_load(&azure->certificates);
    if (*out != NULL)
        return 0;
    status = tpmc__certificate_file_new(azure->env, &source, &made, err);
    if (status != 0)
        return status;
    if (atomic_compare_exchange_strong(&azure->certificates, out, made))
        *out = made;
    else
        tpmc__certificate_file_free(made);
    return 0;
}

static int check_size(const tpmc__span *spki, tpmc_error *err)
{
    size_t bits = tpmc__spki_rsa_bits(spki->data, spki->len);

    if (bits == 0 || bits >= RSA_MIN_BITS)
        return 0;
    return tpmc__fail(err, TPMC_ERR_UNSUPPORTED,
                      "the key has %zu bits, and Entra takes RSA keys of %d bits or more", bits,
                      RSA_MIN_BITS);
}

/* One that is out of its time may be so by our clock alone. */
static int warn_of_time(tpmc_azure *azure, const tpmc__certificate_set *set, int64_t now_ms,
                        tpmc_error *err)
{
    tpmc_error *doubt = NULL;

    if (tpmc_error_new(&doubt) != 0)
        return tpmc__fail_nomem(err);
    if (tpmc__certificate_set_check_time(set, now_ms, doubt) != 0)
        tpmc__env_log(azure->env, TPMC_LOG_WARNING, "%s", tpmc_error_text(doubt));
    tpmc_error_free(doubt);
    return 0;
}

/* The certificate as it is now, and whether it is the key's. */
static int get_certificates(tpmc_azure *azure, const tpmc__span *spki, tpmc__azure_signer *signer,
                            tpmc_error *err)
{
    tpmc__certificate_file *file = NULL;
    int64_t now_ms = 0;
    int status = open_certificates(azure, &file, err);

    if (status == 0)
        status = tpmc__env_wall_ms(azure->env, &now_ms, err);
    if (status != 0)
        return status;
    now_ms += tpmc__http_clock_offset(azure->env, &azure->clock);
    status = tpmc__certificate_file_get(file, spki, now_ms, &signer->certificates, err);
    return status == 0 ? warn_of_time(azure, signer->certificates, now_ms, err) : status;
}

static int find_signer(tpmc_azure *azure, tpmc__azure_signer *signer, tpmc_error *err)
{
    tpmc_bytes *spki = NULL;
    tpmc__span span;
    int status = tpmc_key_public(azure->key, &spki, err);

    if (status != 0)
        return status;
    span.data = tpmc_bytes_data(spki);
    span.len = tpmc_bytes_len(spki);
    status = check_size(&span, err);
    if (status == 0 && is_federated(azure))
        status = tpmc__oidc_key_id(azure->key, signer->algorithm, &signer->key_id, err);
    else if (status == 0)
        status = get_certificates(azure, &span, signer, err);
    tpmc_bytes_free(spki);
    return status;
}

int tpmc__azure_signer_open(tpmc_azure *azure, tpmc__azure_signer *signer, tpmc_error *err)
{
    int status;

    signer->algorithm = NULL;
    signer->fallback = NULL;
    signer->certificates = NULL;
    tpmc__buf_init(&signer->key_id, KEY_ID_MAX);
    status = choose_algorithm(azure, signer, err);
    if (status == 0)
        status = find_signer(azure, signer, err);
    return status == 0 ? tpmc_key_open(azure->key, err) : status;
}

void tpmc__azure_signer_free(tpmc__azure_signer *signer)
{
    tpmc__certificate_set_unref(signer->certificates);
    tpmc__buf_free(&signer->key_id);
}

static int sign_once(tpmc_azure *azure, const tpmc__azure_signer *signer,
                     tpmc__client_assertion *assertion, int64_t offset_ms, tpmc__buf *out,
                     tpmc_error *err)
{
    int status;

    assertion->certificates = signer->certificates;
    assertion->key_id = (const char *)signer->key_id.data;
    status = tpmc__env_random(azure->env, assertion->id, sizeof(assertion->id), err);
    if (status == 0)
        status = tpmc__env_wall_ms(azure->env, &assertion->time_ms, err);
    assertion->time_ms += offset_ms;
    if (status == 0)
        status = tpmc__client_assertion_input(azure->env, &azure->options, assertion, out, err);
    return status == 0 ? tpmc__jws_sign(azure->key, assertion->algorithm, out, err) : status;
}

int tpmc__azure_signer_sign(tpmc_azure *azure, const tpmc__azure_signer *signer,
                            const char *audience, int64_t offset_ms, tpmc__buf *out,
                            tpmc_error *err)
{
    tpmc__client_assertion assertion = { .algorithm = signer->algorithm, .audience = audience };
    int status = sign_once(azure, signer, &assertion, offset_ms, out, err);

    if (status != TPMC_ERR_UNSUPPORTED || signer->fallback == NULL)
        return status;
    /* The key remembers that its PSS signatures are of no use. */
    tpmc__error_clear(err);
    tpmc__buf_clear(out);
    assertion.algorithm = signer->fallback;
    return sign_once(azure, signer, &assertion, offset_ms, out, err);
}
