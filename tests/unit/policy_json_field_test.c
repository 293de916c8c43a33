/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/policy_json_field.h"

#include "unit/each_allocation.h"
#include "unit/policy_json_fixture.h"

static tpmc__json *object;
static tpmc__json_reader reader;

/* Makes `object` of members in which ' stands for ". */
static void parse(const char *members)
{
    char text[1000];
    size_t len = (size_t)snprintf(text, sizeof(text), "{%s}", members);

    for (size_t i = 0; i < len; i++)
        text[i] = text[i] == '\'' ? '"' : text[i];
    tpmc__json_free(object);
    object = NULL;
    tpmc__error_clear(err);
    assert_int_equal(tpmc__json_parse(text, len, sizeof(text), "the text", &object, NULL), 0);
}

static int setup_reader(void **state)
{
    reader.env = *state;
    object = NULL;
    if (setup_document(state) != 0)
        return -1;
    reader.err = err;
    return 0;
}

static int teardown_reader(void **state)
{
    tpmc__json_free(object);
    return teardown_document(state);
}

static void names(void **state)
{
    (void)state;
    parse("'nvIndex':1,'nvindex':2,'policyref':3,'OPERANDB':4");
    assert_ptr_equal(tpmc__field(object, "nvIndex"), tpmc__json_item(object, 0));
    assert_ptr_equal(tpmc__field(object, "policyRef"), tpmc__json_item(object, 2));
    assert_null(tpmc__field(object, "operandB"));
    assert_null(tpmc__field(object, "nvInde"));
    assert_null(tpmc__field(NULL, "nvIndex"));
    assert_null(tpmc__field(tpmc__json_item(object, 0), "nvIndex"));
}

static void numbers(void **state)
{
    static const struct row {
        const char *members;
        uint32_t number;
    } rows[] = {
        { "'n':0", 0 },        { "'n':'0'", 0 },      { "'n':255", 255 }, { "'n':'255'", 255 },
        { "'n':'0xff'", 255 }, { "'n':'0XFF'", 255 }, { "'n':'007'", 7 }, { "'n':2.55e2", 255 },
    };
    static const char *const none[] = {
        "'n':256",   "'n':-1",
        "'n':'256'", "'n':'0x100'",
        "'n':''",    "'n':'0x'",
        "'n':'1 '",  "'n':' 1'",
        "'n':'+1'",  "'n':'-1'",
        "'n':'1f'",  "'n':1.5",
        "'n':true",  "'n':null",
        "'n':[1]",   "'n':{}",
        "'n':'0xg'", "'n':'one'",
        "'n':1e300", "'n':'1844674407370955161600000000000000000000000000000001'",
    };
    uint32_t number = 7;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        parse(rows[i].members);
        assert_int_equal(tpmc__field_number(&reader, object, "n", 255, &number), 0);
        assert_int_equal(number, rows[i].number);
    }
    number = 9;
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        parse(none[i]);
        expect_failure(tpmc__field_number(&reader, object, "n", 255, &number), err, TPMC_ERR_FORMAT,
                       "the field 'n' is no number from 0 to 255");
    }
    assert_int_equal(number, 9);
    parse("'n':'0xffffffff'");
    assert_int_equal(tpmc__field_number(&reader, object, "n", UINT32_MAX, &number), 0);
    assert_int_equal(number, UINT32_MAX);
    expect_failure(tpmc__field_number(&reader, object, "m", 255, &number), err, TPMC_ERR_FORMAT,
                   "the field 'm' is missing");
}

static void booleans(void **state)
{
    static const char *const yes[] = { "'b':true", "'b':1",     "'b':'1'",   "'b':'YES'",
                                       "'b':'on'", "'b':'Set'", "'b':'TRUE'" };
    static const char *const no[] = { "'b':false", "'b':0",       "'b':'0'",    "'b':'no'",
                                      "'b':'OFF'", "'b':'clear'", "'b':'False'" };
    static const char *const none[] = { "'b':2",   "'b':'2'",  "'b':''",
                                        "'b':'y'", "'b':null", "'b':[1]" };
    int value = 7;

    (void)state;
    for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
        parse(yes[i]);
        assert_int_equal(tpmc__field_boolean(tpmc__field(object, "b"), &value), 0);
        assert_int_equal(value, 1);
        parse(no[i]);
        assert_int_equal(tpmc__field_boolean(tpmc__field(object, "b"), &value), 0);
        assert_int_equal(value, 0);
    }
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        parse(none[i]);
        assert_int_not_equal(tpmc__field_boolean(tpmc__field(object, "b"), &value), 0);
    }
    assert_int_not_equal(tpmc__field_boolean(NULL, &value), 0);
}

static const tpmc__json_word list[] = { { "FIRST", 1 }, { "SECOND", 2 }, { "NONE", 0 } };
static const char *const prefixes[] = { "TPM2_", "NV_", NULL };
static const tpmc__json_words words = { list, 3, prefixes };

static void words_with_prefixes(void **state)
{
    uint32_t value = 7;

    (void)state;
    assert_int_equal(tpmc__field_word("first", &words, &value), 0);
    assert_int_equal(value, 1);
    assert_int_equal(tpmc__field_word("tpm2_nv_SECOND", &words, &value), 0);
    assert_int_equal(value, 2);
    assert_int_equal(tpmc__field_word("NV_First", &words, &value), 0);
    assert_int_not_equal(tpmc__field_word("NV_TPM2_FIRST", &words, &value), 0);
    assert_int_not_equal(tpmc__field_word("FIRS", &words, &value), 0);
    assert_int_not_equal(tpmc__field_word("FIRST1", &words, &value), 0);
    assert_int_not_equal(tpmc__field_word("", &words, &value), 0);
}

static const char *flags_of(const char *members, size_t others, uint32_t *out)
{
    parse(members);
    return tpmc__field_flags(tpmc__field(object, "f"), &words, others, out);
}

static void flags(void **state)
{
    uint32_t value = 7;

    (void)state;
    assert_null(flags_of("'f':{}", 0, &value));
    assert_int_equal(value, 0);
    assert_null(flags_of("'f':{'FIRST':1,'SECOND':0}", 0, &value));
    assert_int_equal(value, 1);
    assert_null(flags_of("'f':{'first':'SET','second':true,'NONE':1}", 0, &value));
    assert_int_equal(value, 3);
    assert_null(flags_of("'f':['SECOND','NV_FIRST','SECOND']", 0, &value));
    assert_int_equal(value, 3);
    assert_null(flags_of("'f':[]", 0, &value));
    assert_int_equal(value, 0);
    assert_null(flags_of("'f':{'FIRST':1,'mine':1}", 1, &value));
    assert_string_equal(flags_of("'f':{'FIRST':1,'mine':1}", 0, &value),
                        "has a flag that is not known");
    assert_string_equal(flags_of("'f':{'FIRST':1,'first':0}", 0, &value), "has a flag twice");
    assert_string_equal(flags_of("'f':['THIRD']", 0, &value), "has a flag that is not known");
    assert_string_equal(flags_of("'f':[1]", 0, &value), "has a flag that is not known");
    assert_string_equal(flags_of("'f':{'FIRST':'maybe'}", 0, &value),
                        "has a flag that is neither set nor clear");
}

static void texts(void **state)
{
    const char *text = "before";
    char *copy = NULL;

    (void)state;
    parse("'t':'a','n':1,'e':''");
    assert_int_equal(tpmc__field_text(&reader, object, "t", &text), 0);
    assert_string_equal(text, "a");
    assert_int_equal(tpmc__field_text(&reader, object, "x", &text), 0);
    assert_null(text);
    expect_failure(tpmc__field_text(&reader, object, "n", &text), err, TPMC_ERR_FORMAT,
                   "the field 'n' is no text");
    tpmc__error_clear(err);
    assert_int_equal(tpmc__field_copy(&reader, object, "e", &copy), 0);
    assert_string_equal(copy, "");
    free(copy);
    copy = NULL;
    assert_int_equal(tpmc__field_copy(&reader, object, "x", &copy), 0);
    assert_null(copy);
}

static void expect_taken(const char *members, const char *hex)
{
    tpmc__policy_bytes bytes = { { 0 }, 9 };

    parse(members);
    expect_success(tpmc__field_short_bytes(&reader, object, "b", 4, &bytes), err);
    expect_bytes(&bytes, hex);
}

static void bytes_in_all_forms(void **state)
{
    static const char *const none[] = { "'b':7",      "'b':'0g'", "'b':'g0'", "'b':'00g'",
                                        "'b':'0 0'",  "'b':{}",   "'b':null", "'b':[256]",
                                        "'b':['xx']", "'b':[-1]", "'b':[[]]", "'b':'00x01'" };
    tpmc__policy_bytes bytes = { { 0 }, 0 };

    (void)state;
    expect_taken("", "");
    expect_taken("'b':''", "");
    expect_taken("'b':'0x'", "");
    expect_taken("'b':'00fF'", "00ff");
    expect_taken("'b':'0X00ff'", "00ff");
    expect_taken("'b':[0,255,'0x10','7']", "00ff1007");
    expect_taken("'b':[]", "");
    /* A last odd digit does not count. */
    expect_taken("'b':'a'", "");
    expect_taken("'b':'abc'", "ab");
    expect_taken("'b':'abcdef019'", "abcdef01");
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        parse(none[i]);
        expect_failure(tpmc__field_short_bytes(&reader, object, "b", 4, &bytes), err,
                       TPMC_ERR_FORMAT, "the field 'b' is neither a text of hexadecimal digits");
    }
    parse("'b':'0102030405'");
    expect_failure(tpmc__field_short_bytes(&reader, object, "b", 4, &bytes), err, TPMC_ERR_FORMAT,
                   "the field 'b' is too long");
    parse("'b':[1,2,3,4,5]");
    expect_failure(tpmc__field_short_bytes(&reader, object, "b", 4, &bytes), err, TPMC_ERR_FORMAT,
                   "the field 'b' is too long");
}

static void hashes(void **state)
{
    static const char *const none[] = { "'h':'SHA3'", "'h':''", "'h':1",  "'h':'SM3_256'",
                                        "'h':18",     "'h':[]", "'h':16", "'h':'NULL'" };
    uint16_t hash = 0;

    (void)state;
    parse("'h':'TPM2_ALG_SHA384','n':4,'t':'0x000b'");
    assert_int_equal(tpmc__field_hash(&reader, object, "h", 0, &hash), 0);
    assert_int_equal(hash, TPMC__HASH_SHA384);
    assert_int_equal(tpmc__field_hash(&reader, object, "n", 0, &hash), 0);
    assert_int_equal(hash, TPMC__HASH_SHA1);
    assert_int_equal(tpmc__field_hash(&reader, object, "t", 0, &hash), 0);
    assert_int_equal(hash, TPMC__HASH_SHA256);
    assert_int_equal(tpmc__field_hash(&reader, object, "x", TPMC__HASH_SHA512, &hash), 0);
    assert_int_equal(hash, TPMC__HASH_SHA512);
    expect_failure(tpmc__field_hash(&reader, object, "x", 0, &hash), err, TPMC_ERR_FORMAT,
                   "the field 'x' is missing");
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        parse(none[i]);
        expect_failure(tpmc__field_hash(&reader, object, "h", TPMC__HASH_SHA256, &hash), err,
                       TPMC_ERR_FORMAT, "the field 'h' names a hash that is not SHA1");
    }
}

static void one_of_several(void **state)
{
    static const char *const two[] = { "a", "b", NULL };
    static const char *const three[] = { "a", "b", "c", NULL };
    size_t which = 9;

    (void)state;
    parse("'b':1,'C':1");
    assert_int_equal(tpmc__field_one_of(&reader, object, three, &which), 0);
    assert_int_equal(which, 1);
    parse("'c':1,'b':1");
    expect_failure(tpmc__field_one_of(&reader, object, three, &which), err, TPMC_ERR_FORMAT,
                   "more than one of the fields 'a', 'b' and 'c' is there");
    parse("'c':1");
    expect_failure(tpmc__field_one_of(&reader, object, two, &which), err, TPMC_ERR_FORMAT,
                   "none of the fields 'a' and 'b' is there, and one is needed");
}

static void paths(void **state)
{
    (void)state;
    expect_failure(tpmc__field_refuse_path(&reader, "keyPath", "keyPEM"), err, TPMC_ERR_UNSUPPORTED,
                   "the field 'keyPath' names an entry of the key store of the FAPI, which this "
                   "library does not have; give 'keyPEM' instead");
}

static int take_once(void *context)
{
    tpmc__policy_bytes bytes;
    char *copy = NULL;
    int status = tpmc__field_short_bytes(&reader, context, "b", 4, &bytes);

    if (status == 0)
        status = tpmc__field_copy(&reader, context, "t", &copy);
    free(copy);
    return status;
}

static void without_memory(void **state)
{
    (void)state;
    parse("'b':'0102','t':'a'");
    assert_int_equal(each_allocation(take_once, object, TPMC_ERR_NOMEM), 2);
}

#define WITH_READER(test) cmocka_unit_test_setup_teardown(test, setup_reader, teardown_reader)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_READER(names),
        WITH_READER(numbers),
        WITH_READER(booleans),
        WITH_READER(words_with_prefixes),
        WITH_READER(flags),
        WITH_READER(texts),
        WITH_READER(bytes_in_all_forms),
        WITH_READER(hashes),
        WITH_READER(one_of_several),
        WITH_READER(paths),
        WITH_READER(without_memory),
    };

    return cmocka_run_group_tests(tests, setup_env, teardown_env);
}
