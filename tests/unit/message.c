/*
 * Messages: every row of the table goes there and back, and nothing else is let in.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/cleanup.h"
#include "proto/message.h"

static const char *const environment[] = { "PYTHONHOME=/opt/python", "PYTHONPATH=/a:/b", "", NULL };

static struct coil_message example(enum coil_message_type type)
{
    struct coil_message message = {
        .type = type,
        .request = 7,
        .protocol = UINT64_MAX,
        .version = "0.1.0",
        .python = "",
        .environment = environment,
        .name = "package.m\xc3\xb6" "dule",
        .hash = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0 },
        .descriptor = { "\0one\0two", 9 },
        .session = 1,
        .generation = 200,
        .pid = 70000,
        .base = UINT64_C(0x200000000000),
        .channel = 1023,
        .function = UINT32_MAX,
        .max_call_ms = 5000,
        .code = COIL_REFUSED_CONFLICT,
        .text = "what happened",
    };

    return message;
}

static void assert_same(const struct coil_message *got, const struct coil_message *sent, uint32_t keys)
{
#define HAS(key) (keys & COIL_K(key))
    assert_int_equal(got->type, sent->type);
    assert_int_equal(got->request, HAS(REQUEST) ? sent->request : 0);
    assert_true(got->protocol == (HAS(PROTOCOL) ? sent->protocol : 0));
    assert_int_equal(got->session, HAS(SESSION) ? sent->session : 0);
    assert_int_equal(got->generation, HAS(GENERATION) ? sent->generation : 0);
    assert_int_equal(got->pid, HAS(PID) ? sent->pid : 0);
    assert_true(got->base == (HAS(BASE) ? sent->base : 0));
    assert_int_equal(got->channel, HAS(CHANNEL) ? sent->channel : 0);
    assert_true(got->function == (HAS(FUNCTION) ? sent->function : 0));
    assert_true(got->max_call_ms == (HAS(MAX_CALL) ? sent->max_call_ms : 0));
    assert_int_equal(got->code, HAS(CODE) ? sent->code : 0);
    if (HAS(VERSION))
        assert_string_equal(got->version, sent->version);
    if (HAS(PYTHON))
        assert_string_equal(got->python, sent->python);
    if (HAS(NAME))
        assert_string_equal(got->name, sent->name);
    if (HAS(TEXT))
        assert_string_equal(got->text, sent->text);
    else
        assert_null(got->text);
    if (HAS(HASH))
        assert_memory_equal(got->hash, sent->hash, sizeof got->hash);
    if (HAS(DESCRIPTOR)) {
        assert_int_equal(got->descriptor.size, sent->descriptor.size);
        assert_memory_equal(got->descriptor.data, sent->descriptor.data, sent->descriptor.size);
        assert_int_equal((uintptr_t)got->descriptor.data % 8, 0);
    }
    if (HAS(ENVIRONMENT)) {
        for (size_t i = 0; environment[i]; i++)
            assert_string_equal(got->environment[i], environment[i]);
        assert_null(got->environment[3]);
    }
#undef HAS
}

static const uint32_t message_keys[] = {
#define KEYS(type, name, fds, keys) keys,
    COIL_MESSAGES(KEYS)
#undef KEYS
};

static void every_message_goes_there_and_back(void **state)
{
    (void)state;
    for (unsigned type = 0; type < COIL_MESSAGE_COUNT; type++) {
        struct coil_message sent = example(type);
        COIL_CLEANUP(coil_memory_free) void *data = NULL;
        COIL_CLEANUP(coil_memory_free) void *memory = NULL;
        struct coil_message got;
        struct coil_error error = { 0 };
        size_t size;
        uint32_t length;

        assert_int_equal(coil_message_encode(&sent, &data, &size, &error), 0);
        memcpy(&length, data, 4);
        assert_int_equal(length, size - 4);
        if (coil_message_decode((char *)data + 4, size - 4, &got, &memory, &error) < 0)
            fail_msg("%s: %s", coil_message_name(type), error.text);
        memset(data, 0xee, size);
        assert_same(&got, &sent, message_keys[type]);
    }
}

static void null_texts_and_lists_are_empty_ones(void **state)
{
    struct coil_message sent = { .type = COIL_MESSAGE_ATTACH };
    COIL_CLEANUP(coil_memory_free) void *data = NULL;
    COIL_CLEANUP(coil_memory_free) void *memory = NULL;
    struct coil_message got;
    size_t size;

    (void)state;
    assert_int_equal(coil_message_encode(&sent, &data, &size, NULL), 0);
    assert_int_equal(coil_message_decode((char *)data + 4, size - 4, &got, &memory, NULL), 0);
    assert_string_equal(got.python, "");
    assert_null(got.environment[0]);
}

static void too_large_is_refused_before_it_is_copied(void **state)
{
    struct coil_message sent = example(COIL_MESSAGE_DESCRIPTOR);
    static const char *many[COIL_MESSAGE_STRINGS_MAX + 2];
    struct coil_error error;
    void *data;
    size_t size;

    (void)state;
    sent.descriptor.size = SIZE_MAX / 2;
    assert_int_equal(coil_message_encode(&sent, &data, &size, &error), -EMSGSIZE);
    assert_non_null(strstr(error.text, "\"descriptor\" is larger than"));
    for (unsigned i = 0; i <= COIL_MESSAGE_STRINGS_MAX; i++)
        many[i] = "A=";
    sent = example(COIL_MESSAGE_ATTACH);
    sent.environment = many;
    assert_int_equal(coil_message_encode(&sent, &data, &size, &error), -EMSGSIZE);
    sent.type = COIL_MESSAGE_COUNT;
    assert_int_equal(coil_message_encode(&sent, &data, &size, &error), -EINVAL);
}

/* Decodes from a block of exactly this size, so that a sanitizer sees any read past its end. */
static int decode(const void *data, size_t size, struct coil_error *error)
{
    COIL_CLEANUP(coil_memory_free) void *exact = malloc(size ? size : 1);
    COIL_CLEANUP(coil_memory_free) void *memory = NULL;
    struct coil_message got;

    memcpy(exact, data, size);
    return coil_message_decode(exact, size, &got, &memory, error);
}

static void every_truncation_is_refused(void **state)
{
    (void)state;
    for (unsigned type = 0; type < COIL_MESSAGE_COUNT; type++) {
        struct coil_message sent = example(type);
        COIL_CLEANUP(coil_memory_free) char *data = NULL;
        size_t size;

        assert_int_equal(coil_message_encode(&sent, (void **)&data, &size, NULL), 0);
        for (size_t cut = 0; cut < size - 4; cut++)
            assert_int_equal(decode(data + 4, cut, NULL), -EBADMSG);
    }
}

/* Any single changed byte: decoded or refused, but nothing else happens. */
static void any_changed_byte_is_survived(void **state)
{
    (void)state;
    for (unsigned type = 0; type < COIL_MESSAGE_COUNT; type++) {
        struct coil_message sent = example(type);
        COIL_CLEANUP(coil_memory_free) char *data = NULL;
        size_t size;

        assert_int_equal(coil_message_encode(&sent, (void **)&data, &size, NULL), 0);
        for (size_t at = 4; at < size; at++) {
            char kept = data[at];

            for (unsigned value = 0; value < 256; value++) {
                int r;

                data[at] = (char)value;
                r = decode(data + 4, size - 4, NULL);
                assert_true(r == 0 || r == -EBADMSG);
            }
            data[at] = kept;
        }
    }
}

static void refuse(const char *bytes, size_t size, const char *words)
{
    struct coil_error error = { 0 };

    assert_int_equal(decode(bytes, size, &error), -EBADMSG);
    if (!strstr(error.text, words))
        fail_msg("expected \"%s\" in \"%s\"", words, error.text);
}

#define REFUSE(bytes, words) refuse(bytes, sizeof(bytes) - 1, words)
#define DONE "\xa7message\xa4" "done"
#define REQUEST "\xa7request"

static void nonsense_is_refused_with_words(void **state)
{
    (void)state;
    REFUSE("", "not one of coil's");
    REFUSE("\xc0", "not one of coil's");                                      /* nil */
    REFUSE("\xc1", "not one of coil's");                                      /* never used */
    REFUSE("\x80", "name is missing");                                        /* an empty map */
    REFUSE("\x82" DONE REQUEST "\x01\x00", "not one of coil's");              /* a byte too many */
    REFUSE("\x81" DONE, "lacks the key \"request\"");
    REFUSE("\x82\xa7message\xa4" "dOne" REQUEST "\x01", "name is missing or unknown");
    REFUSE("\x83" DONE DONE REQUEST "\x01", "name is missing or unknown");    /* two names */
    REFUSE("\x83" DONE REQUEST "\x01" REQUEST "\x01", "\"request\" twice");
    REFUSE("\x83" DONE REQUEST "\x01\xa1x\x01", "must not have");             /* an unknown key */
    REFUSE("\x83" DONE REQUEST "\x01\xa4" "code\x01", "must not have");       /* a key of another message */
    REFUSE("\x82" DONE REQUEST "\xa1x", "wrong value for \"request\"");
    REFUSE("\x82" DONE REQUEST "\xff", "not one of coil's");                  /* -1 */
    REFUSE("\x82" DONE REQUEST "\xcb\0\0\0\0\0\0\0\0", "not one of coil's");  /* a double */
    REFUSE("\x82" DONE REQUEST "\x91\x91\x91\x91\x01", "not one of coil's");  /* nesting */
    REFUSE("\x82" DONE "\x01\x01", "not one of coil's");                      /* a key that is a number */
}

static void announced_sizes_are_not_believed(void **state)
{
    (void)state;
    REFUSE("\xdf\xff\xff\xff\xff", "not one of coil's");                                /* a map of 4 Gi */
    REFUSE("\xdf\x00\x00\x00\x20" DONE, "not one of coil's");
    REFUSE("\x82" DONE REQUEST "\xdd\xff\xff\xff\xff", "not one of coil's");            /* a list of 4 Gi */
    REFUSE("\x82" DONE REQUEST "\xdb\xff\xff\xff\xff", "not one of coil's");            /* a text of 4 GiB */
    REFUSE("\x82" DONE REQUEST "\xc6\xff\xff\xff\xff", "not one of coil's");            /* bytes */
    REFUSE("\x82" DONE REQUEST "\xc9\xff\xff\xff\xff\x01", "not one of coil's");        /* an extension */
    REFUSE("\xdb\xff\xff\xff\xff", "not one of coil's");
}

static void forms_are_checked(void **state)
{
    struct coil_message sent = example(COIL_MESSAGE_MODULE);
    COIL_CLEANUP(coil_memory_free) char *data = NULL;
    struct coil_error error = { 0 };
    size_t size;
    char *at;

    (void)state;
    sent.name = "abcd";
    assert_int_equal(coil_message_encode(&sent, (void **)&data, &size, NULL), 0);
    at = memmem(data, size, "abcd", 4);
    at[1] = '\0';
    assert_int_equal(decode(data + 4, size - 4, &error), -EBADMSG);
    assert_non_null(strstr(error.text, "wrong value for \"name\""));
    at[1] = 'b';
    at = memmem(data, size, "\xc4\x10\x01\x02", 4);
    at[0] = (char)0xd9; /* the hash as a text */
    assert_int_equal(decode(data + 4, size - 4, &error), -EBADMSG);
    assert_non_null(strstr(error.text, "wrong value for \"hash\""));
}

static void the_largest_descriptor_crosses(void **state)
{
    struct coil_message sent = example(COIL_MESSAGE_DESCRIPTOR);
    COIL_CLEANUP(coil_memory_free) void *image = calloc(1, 8u << 20);
    COIL_CLEANUP(coil_memory_free) void *data = NULL;
    COIL_CLEANUP(coil_memory_free) void *memory = NULL;
    struct coil_message got;
    size_t size;

    (void)state;
    sent.descriptor = (struct coil_bytes){ image, 8u << 20 };
    assert_int_equal(coil_message_encode(&sent, &data, &size, NULL), 0);
    assert_int_equal(coil_message_decode((char *)data + 4, size - 4, &got, &memory, NULL), 0);
    assert_int_equal(got.descriptor.size, 8u << 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_message_goes_there_and_back),
        cmocka_unit_test(null_texts_and_lists_are_empty_ones),
        cmocka_unit_test(too_large_is_refused_before_it_is_copied),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(any_changed_byte_is_survived),
        cmocka_unit_test(nonsense_is_refused_with_words),
        cmocka_unit_test(announced_sizes_are_not_believed),
        cmocka_unit_test(forms_are_checked),
        cmocka_unit_test(the_largest_descriptor_crosses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
