/*
 * Checking descriptors: a good one is accepted, and whatever is done to its bytes, the check ends with a
 * verdict (under AddressSanitizer: without looking outside of it), and what it accepts can be walked.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include "tests/unit/host_image.h"

static const struct function_row rows[] = {
    { "add", T_INT, { T_INT, T_INT } },
    { "mirror", T_POINT, { T_POINT, T_COLOR } },
    { "name", T_VOID, { T_CHAR_P } },
};

static struct coil_descriptor *good_image(void)
{
    struct coil_descriptor *image = image_new("good", "pass\n", rows, 3);
    struct coil_error error = { 0 };

    assert_int_equal(coil_descriptor_check(image, image->size, &error), 0);
    return image;
}

/* An exact copy, so that every byte beyond is out of bounds. */
static void *exact_copy(const void *bytes, size_t size)
{
    void *copy = aligned_alloc(8, (size + 7) & ~(size_t)7);

    assert_non_null(copy);
    memcpy(copy, bytes, size);
    return copy;
}

/* Everything that users of an accepted image read. */
static unsigned long walk(const struct coil_descriptor *image)
{
    unsigned long sum = strlen(coil_image_name(image)) + strlen(coil_image_text(image, image->init_code));

    for (uint32_t i = 0; i < image->functions.count; i++) {
        const struct coil_descriptor_function *f = &coil_image_functions(image)[i];

        sum += strlen(coil_image_function_name(image, i)) + coil_image_types(image)[f->type];
        for (uint32_t p = 0; p < f->parameter_count; p++)
            sum += coil_image_types(image)[coil_image_values(image)[f->first_value + p].type];
    }
    for (uint32_t i = 0; i < image->globals.count; i++)
        sum += strlen(coil_image_text(image, coil_image_globals(image)[i].name));
    for (uint32_t i = 0; i < image->structs.count; i++)
        for (uint32_t f = 0; f < coil_image_structs(image)[i].field_count; f++)
            sum += coil_image_fields(image)[coil_image_structs(image)[i].first_field + f].size;
    for (uint32_t i = 0; i < image->enums.count; i++)
        sum += strlen(coil_image_text(image, coil_image_enums(image)[i].enumerators));
    for (uint32_t i = 0; i < image->typenames.count; i++)
        sum += strlen(coil_image_text(image, coil_image_typenames(image)[i].name));
    return sum;
}

static void changed_bytes_do_no_harm(void **state)
{
    struct coil_descriptor *image = good_image();
    uint32_t size = image->size, accepted = 0;
    static const uint32_t values[] = { 0, 1, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffffff0 };

    (void)state;
    for (uint32_t at = 0; at + 4 <= size; at += 4)
        for (size_t v = 0; v < sizeof values / sizeof *values; v++) {
            struct coil_descriptor *copy = exact_copy(image, size);
            struct coil_error error;

            memcpy((char *)copy + at, &values[v], 4);
            if (coil_descriptor_check(copy, size, &error) == 0) {
                accepted++;
                (void)walk(copy);
            } else {
                assert_true(strlen(error.text) > 10);
            }
            free(copy);
        }
    assert_true(accepted > 0);
    free(image);
}

static void the_length_of_an_array_is_no_type(void **state)
{
    struct coil_descriptor *image = good_image();
    coil_type_code *types = (coil_type_code *)((char *)image + image->types.offset);
    struct coil_error error;

    (void)state;
    /* T_ARRAY_LENGTH is a bare number; read as a code it could lead anywhere. */
    types[T_ARRAY_LENGTH] = COIL_TYPE(COIL_OP_NOOP, 1u << 30);
    assert_int_equal(coil_descriptor_check(image, image->size, &error), 0);
    types[T_CHAR_P] = COIL_TYPE(COIL_OP_POINTER, T_ARRAY_LENGTH);
    assert_int_equal(coil_descriptor_check(image, image->size, &error), -EBADMSG);
    free(image);
}

static void every_cut_is_refused(void **state)
{
    struct coil_descriptor *image = good_image();
    struct coil_error error;

    (void)state;
    for (uint32_t size = 0; size < image->size; size++) {
        void *copy = exact_copy(image, size);

        assert_int_equal(coil_descriptor_check(copy, size, &error), -EBADMSG);
        free(copy);
    }
    free(image);
}

static void another_format_is_named(void **state)
{
    struct coil_descriptor *image = good_image();
    struct coil_error error;

    (void)state;
    image->format = 7;
    assert_int_equal(coil_descriptor_check(image, image->size, &error), -ENOTSUP);
    assert_non_null(strstr(error.text, "format 7"));
    free(image);
}

static void the_hash_names_every_byte(void **state)
{
    struct coil_descriptor *image = good_image();
    uint8_t one[COIL_HASH_SIZE], other[COIL_HASH_SIZE];

    (void)state;
    coil_descriptor_hash(image, one);
    for (uint32_t at = 0; at < image->size; at++) {
        if (at >= offsetof(struct coil_descriptor, size) && at < offsetof(struct coil_descriptor, word))
            continue;
        ((char *)image)[at] ^= 1;
        coil_descriptor_hash(image, other);
        assert_memory_not_equal(one, other, sizeof one);
        ((char *)image)[at] ^= 1;
    }
    coil_descriptor_hash(image, other);
    assert_memory_equal(one, other, sizeof one);
    free(image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(changed_bytes_do_no_harm),
        cmocka_unit_test(the_length_of_an_array_is_no_type),
        cmocka_unit_test(every_cut_is_refused),
        cmocka_unit_test(another_format_is_named),
        cmocka_unit_test(the_hash_names_every_byte),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
