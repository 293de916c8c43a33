/* SPDX-License-Identifier: Apache-2.0 */
#include "azure/entra_failure.h"

#include <stdio.h>
#include <string.h>

#include "base/error_int.h"
#include "http/ascii.h"
#include "proto/oauth_failure.h"

static const char number_prefix[] = "AADSTS";
#define NUMBER_PREFIX_LEN (sizeof(number_prefix) - 1)

#define DENIED TPMC_ERR_DENIED, TPMC__HTTP_FAIL
#define CLOCK TPMC_ERR_CLOCK, TPMC__HTTP_SKEW
#define SET_CLOCK "the clock of this machine is wrong: set it"

static const char look_at_scope[] =
    "look at the scope: it is a resource followed by /.default, and of the same cloud as "
    "option 'authority_host'";

/* The numbers stand before the words of RFC 6749, of which a number is the reason. */
static const tpmc__oauth_rule rules[] = {
    { "AADSTS1000502", NULL, CLOCK,
      "the certificate is not yet or no longer valid: renew it, or the clock of this machine is "
      "wrong" },
    { "AADSTS1002012", NULL, DENIED, look_at_scope },
    { "AADSTS28000", NULL, DENIED, "the scopes are of two resources: ask for each by itself" },
    { "AADSTS50013", NULL, DENIED,
      "the user's token is not for this application, too old, or of another tenant" },
    { "AADSTS500011", NULL, DENIED,
      "the resource is not known in this tenant: look at the scope, and for a national cloud at "
      "option 'authority_host' too" },
    { "AADSTS500131", NULL, DENIED, "the user's token is not for this application" },
    { "AADSTS500133", NULL, DENIED, "the user's token is too old: get a new one from the user" },
    { "AADSTS50027", NULL, DENIED, "the assertion is malformed for this server" },
    { "AADSTS5002723", NULL, DENIED, "the assertion is malformed for this server" },
    { "AADSTS5002730", NULL, DENIED,
      "the server does not take this signature: set option 'algorithm' to RS256" },
    { "AADSTS5002738", NULL, DENIED,
      "the server does not take this signature: set option 'algorithm' to RS256" },
    { "AADSTS50076", NULL, DENIED, "the user must sign in again, with a second factor" },
    { "AADSTS50196", NULL, TPMC_ERR_THROTTLED, TPMC__HTTP_FAIL,
      "the same request was sent too often: wait, and keep tokens instead of asking anew" },
    { "AADSTS53003", NULL, DENIED, "a conditional access policy of the tenant forbids it" },
    { "AADSTS65001", NULL, DENIED,
      "consent is missing: an administrator must grant the permissions" },
    { "AADSTS700016", NULL, DENIED,
      "the application is not known in this tenant: look at options 'client_id' and 'tenant_id'" },
    { "AADSTS700021", NULL, DENIED,
      "no federated credential of the application fits: compare issuer, subject and audience "
      "letter for letter" },
    { "AADSTS700211", NULL, DENIED,
      "no federated credential of the application has this issuer: compare option "
      "'federation_issuer' "
      "letter for letter" },
    { "AADSTS700212", NULL, DENIED,
      "no federated credential of the application has this audience: compare "
      "option 'federation_audience' letter for letter" },
    { "AADSTS700213", NULL, DENIED,
      "no federated credential of the application has this subject: compare "
      "option 'federation_subject' letter for letter" },
    { "AADSTS7002381", NULL, DENIED, "no federated credential of the application fits" },
    { "AADSTS700023", NULL, DENIED,
      "the audience of the assertion is not this endpoint: look at options 'authority_host' and "
      "'token_url'" },
    { "AADSTS700024", NULL, CLOCK, SET_CLOCK },
    { "AADSTS700027", NULL, DENIED,
      "register the certificate for the application, or for trust by subject name and issuer set "
      "option 'send_certificate_chain'" },
    { "AADSTS70011", NULL, DENIED, look_at_scope },
    { "AADSTS7000215", NULL, DENIED, "the credential of the application is not valid" },
    { "AADSTS7000222", NULL, DENIED,
      "the credential of the application has expired: register a new one" },
    { "AADSTS90002", NULL, DENIED,
      "the tenant is not known: look at option 'tenant_id', and for a national cloud at "
      "option 'authority_host'" },
    { "AADSTS90033", NULL, TPMC_ERR_PROTOCOL, TPMC__HTTP_RETRY, NULL },
    { "AADSTS900023", NULL, DENIED, "the tenant is not known: look at option 'tenant_id'" },
    { "AADSTS900382", NULL, DENIED, "tenant and option 'authority_host' are of different clouds" },
    /* AADSTS50012 and what AD FS answers are about a wrong clock only by their words, which a
     * user's token that is too old has as well: so they count only where no row has the number. */
    { NULL, "not within its valid time range", CLOCK, SET_CLOCK },
    { NULL, "assertion is expired", CLOCK, SET_CLOCK },
    { "invalid_scope", NULL, DENIED, look_at_scope },
    { "invalid_resource", NULL, DENIED, look_at_scope },
};

static const tpmc__oauth_service entra = { "Entra", rules, sizeof(rules) / sizeof(rules[0]) };

/* An answer without any code is none of Entra's. */
static const tpmc__oauth_rule odd_rule = {
    NULL, NULL, TPMC_ERR_PROTOCOL, TPMC__HTTP_FAIL,
    "look at option 'authority_host' and for a proxy in between"
};
static const tpmc__oauth_service somebody = { "Entra", &odd_rule, 1 };

/* The length of the number that a message begins with; 0: none. */
static size_t number_len(const char *message)
{
    size_t len = NUMBER_PREFIX_LEN;

    if (strncmp(message, number_prefix, NUMBER_PREFIX_LEN) != 0)
        return 0;
    while (len < TPMC__OAUTH_CODE_MAX - 1 && tpmc__ascii_is_digit((unsigned char)message[len]))
        len++;
    return len;
}

/* The number is a more exact code than the word of RFC 6749. */
static void take_number(tpmc__oauth_report *report)
{
    size_t len = number_len(report->message);
    const char *rest = report->message + len;

    if (len == 0 && report->number == 0)
        return;
    memcpy(report->word, report->code, sizeof(report->word));
    if (len == 0) {
        (void)snprintf(report->code, sizeof(report->code), "%s%lld", number_prefix,
                       (long long)report->number);
        return;
    }
    memcpy(report->code, report->message, len);
    report->code[len] = '\0';
    rest += strspn(rest, ": ");
    memmove(report->message, rest, strlen(rest) + 1);
}

/* The ids behind a message stand elsewhere. */
static void cut_ids(tpmc__oauth_report *report)
{
    char *ids = strstr(report->message, "Trace ID:");

    if (ids != NULL)
        *ids = '\0';
}

static const tpmc__oauth_service *service_of(const tpmc__oauth_report *report)
{
    int is_odd =
        report->code[0] == '\0' && tpmc__http_verdict(report->http_status) == TPMC__HTTP_FAIL;

    return is_odd && report->http_status < 500 ? &somebody : &entra;
}

int tpmc__entra_failure(const tpmc_http_response *response, int *verdict, tpmc_error *err)
{
    tpmc__oauth_report report;

    if (tpmc__oauth_report_read(response, &report) != 0)
        return tpmc__fail_nomem(err);
    take_number(&report);
    cut_ids(&report);
    return tpmc__oauth_report_fail(&report, service_of(&report), verdict, err);
}
