/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/certificate_time.h"

#include "unit/expect.h"

#define UTC_TIME 0x17
#define GENERALIZED_TIME 0x18

static int take(int tag, const char *text, int64_t *ms)
{
    tpmc__buf buf;
    tpmc__der in = { NULL, 0 };
    int status = 0;

    tpmc__buf_init(&buf, 100);
    assert_int_equal(tpmc__der_write(&buf, tag, text, strlen(text)), 0);
    in = (tpmc__der){ buf.data, buf.len };
    status = tpmc__certificate_take_time(&in, ms);
    if (status == 0)
        assert_int_equal(in.len, 0);
    tpmc__buf_free(&buf);
    return status;
}

static void times_are_taken(void **state)
{
    static const struct {
        int tag;
        const char *text;
        int64_t s;
    } rows[] = {
        { UTC_TIME, "700101000000Z", 0 },
        { UTC_TIME, "691231235959Z", -1 },
        { UTC_TIME, "500101000000Z", -631152000 },
        { UTC_TIME, "491231235959Z", 2524607999 },
        { GENERALIZED_TIME, "20500101000000Z", 2524608000 },
        { GENERALIZED_TIME, "19700101000000Z", 0 },
        { GENERALIZED_TIME, "99991231235959Z", 253402300799 },
        { GENERALIZED_TIME, "00010101000000Z", -62135596800 },
        { UTC_TIME, "270115080000Z", 1800000000 },
        { UTC_TIME, "240229000000Z", 1709164800 },
        { GENERALIZED_TIME, "20000229000000Z", 951782400 },
        { UTC_TIME, "000301000000Z", 951868800 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int64_t ms = 7;

        assert_int_equal(take(rows[i].tag, rows[i].text, &ms), 0);
        assert_int_equal(ms, rows[i].s * 1000);
    }
}

static void other_forms_are_refused(void **state)
{
    static const struct {
        int tag;
        const char *text;
    } rows[] = {
        { 0x0c, "270115080000Z" },
        { GENERALIZED_TIME, "270115080000Z" },
        { UTC_TIME, "20270115080000Z" },
        { UTC_TIME, "270115080000" },
        { UTC_TIME, "2701150800Z" },
        { UTC_TIME, "270115080000+0100" },
        { UTC_TIME, "270115080000ZZ" },
        { UTC_TIME, "270015080000Z" },
        { UTC_TIME, "271315080000Z" },
        { UTC_TIME, "270100080000Z" },
        { UTC_TIME, "270132080000Z" },
        { UTC_TIME, "270431080000Z" },
        { UTC_TIME, "270229000000Z" },
        { UTC_TIME, "270115240000Z" },
        { UTC_TIME, "270115086000Z" },
        { UTC_TIME, "270115080060Z" },
        { UTC_TIME, "2701150800 0Z" },
        { UTC_TIME, "2701150800-1Z" },
        { UTC_TIME, "" },
        { GENERALIZED_TIME, "20270115080000.5Z" },
        { GENERALIZED_TIME, "21000229000000Z" },
        { GENERALIZED_TIME, "00000101000000Z" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int64_t ms = 7;

        if (take(rows[i].tag, rows[i].text, &ms) != TPMC_ERR_FORMAT)
            fail_msg("'%s' was taken", rows[i].text);
        assert_int_equal(ms, 7);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_are_taken),
        cmocka_unit_test(other_forms_are_refused),
    };

    return cmocka_run_group_tests_name("codec/certificate_time", tests, NULL, NULL);
}
