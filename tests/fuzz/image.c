/*
 * Descriptors: whatever the check accepts can be walked by everybody, without one more question.
 *
 * The walks are those of the client, the worker and the host: all tables and texts, types to their ends, groups of values over
 * a frame of zeros, expressions, shapes in place, error values; and each signature is made callable, and called
 * through libffi, so that what arrives is what was sent.
 *
 * Input: an image, whose magic, format, word and size are set right first.
 */
#include "tests/fuzz/fuzz.h"

#include <errno.h>

#include "proto/cleanup.h"
#include "proto/expression.h"
#include "proto/image.h"
#include "proto/native.h"

#define FRAME_WALKED_MAX (1u << 20) /* bytes of larger ones would only cost time */
#define STEPS_MAX 100000            /* of one walk of shapes in place */
#define CALLS_MAX 16                /* signatures of one image that are called */

/* Integers that pointers in frames lead to. */
static uint64_t targets[2];

static volatile size_t sink; /* what is read is used */

static void walk_text(const struct coil_descriptor *image, uint32_t text)
{
    sink += strlen(coil_image_text(image, text));
}

/* ---- types ---- */

static void walk_type(const struct coil_descriptor *image, uint32_t type)
{
    const coil_type_code *types = coil_image_types(image);
    uint32_t resolved = coil_image_resolve(image, type);
    int64_t argument = COIL_TYPE_ARGUMENT(types[resolved]);

    sink += coil_image_integer_size(image, resolved) + coil_image_integer_is_signed(image, resolved);
    switch (COIL_TYPE_OPERATION(types[resolved])) {
    case COIL_OP_STRUCT_UNION:
        walk_text(image, coil_image_structs(image)[argument].name);
        break;
    case COIL_OP_ENUM:
        walk_text(image, coil_image_enums(image)[argument].enumerators);
        break;
    case COIL_OP_ARRAY:
        sink += types[resolved + 1];
        /* fall through */
    case COIL_OP_POINTER:
    case COIL_OP_OPEN_ARRAY:
        sink += types[argument];
        break;
    case COIL_OP_FUNCTION:
        sink += types[argument];
        for (uint32_t i = resolved + 1; COIL_TYPE_OPERATION(types[i]) != COIL_OP_FUNCTION_END; i++)
            sink += coil_image_resolve(image, i);
        break;
    default:
        break;
    }
}

/* How deep a type lies within itself: everybody who lays it out recurses this far. */
static void walk_types(const struct coil_descriptor *image)
{
    const coil_type_code *types = coil_image_types(image);

    for (uint32_t i = 0; i < image->types.count; i++) {
        if (COIL_TYPE_OPERATION(types[i]) != COIL_OP_FUNCTION_END)
            walk_type(image, i);
        if (COIL_TYPE_OPERATION(types[i]) == COIL_OP_ARRAY)
            i++;
    }
}

/* ---- values ---- */

static void walk_expressions(const struct coil_descriptor *image, uint32_t first_value,
                             const struct coil_descriptor_value *value, const unsigned char *frame)
{
    struct coil_error error = { 0 };
    uint64_t size;

    if (value->count == COIL_COUNT_TO_NULL)
        return;
    if (coil_expression_extent(image, first_value, value, frame, &size, &error) < 0)
        MUST(error.text[0] != '\0');
    else
        MUST(size <= INT64_MAX);
    if (value->length && coil_expression_evaluate(image, first_value, value->length, frame, &size, NULL) == 0)
        MUST(size <= INT64_MAX);
}

/* Touches every byte of a group that lies at `at`, and of shapes in place within it. */
static void walk_group(const struct coil_descriptor *image, uint32_t first, uint32_t count, const unsigned char *at,
                       unsigned depth, unsigned *steps)
{
    const struct coil_descriptor_value *values = coil_image_values(image) + first;

    MUST(depth <= COIL_SHAPE_DEPTH_MAX + 1);
    for (uint32_t i = 0; i < count && *steps < STEPS_MAX; i++) {
        const struct coil_descriptor_value *v = &values[i];

        ++*steps;
        walk_text(image, v->name);
        for (uint64_t b = 0; b < v->size; b += b < 64 ? 1 : 64)
            sink += at[v->offset + b];
        if (v->size)
            sink += at[v->offset + v->size - 1];
        walk_expressions(image, first, v, at);
        if (v->crossing == COIL_CROSS_FUNCTION)
            sink += coil_image_signatures(image)[v->signature - 1].call_size;
        if (v->shape && v->crossing == COIL_CROSS_VALUE) {
            const struct coil_descriptor_shape *s = &coil_image_shapes(image)[v->shape - 1];

            for (uint64_t e = 0; e < v->size / s->size && *steps < STEPS_MAX; e++, ++*steps)
                walk_group(image, s->first_value, s->value_count, at + v->offset + e * s->size, depth + 1, steps);
        }
    }
}

/* Points everything that leads to one integer to one. */
static void aim_pointers(const struct coil_descriptor *image, uint32_t first, uint32_t count, unsigned char *frame)
{
    const struct coil_descriptor_value *values = coil_image_values(image) + first;
    const void *target = targets;

    for (uint32_t i = 0; i < count; i++)
        if (values[i].crossing >= COIL_CROSS_BLOCK_IN && values[i].crossing <= COIL_CROSS_BLOCK_OUT)
            memcpy(frame + values[i].offset, &target, sizeof target);
}

/* Once over zeros, once over ones and pointers that lead somewhere. */
static void walk_frame(const struct coil_descriptor *image, uint32_t first, uint32_t count, uint64_t size)
{
    COIL_CLEANUP(coil_memory_free) unsigned char *frame = NULL;

    if (size > FRAME_WALKED_MAX)
        return;
    frame = calloc(1, size ? size : 1);
    MUST(frame);
    walk_group(image, first, count, frame, 1, &(unsigned){ 0 });
    memset(frame, 0xff, size);
    aim_pointers(image, first, count, frame);
    walk_group(image, first, count, frame, 1, &(unsigned){ 0 });
}

/* ---- calling ---- */

static const unsigned char *sent;   /* the frame of the call under way */
static unsigned arrivals;

/* What the closure does: the frame has arrived as it was sent. */
static void arrive(void *data, void *call, void *result)
{
    const struct coil_native *native = data;
    const struct coil_descriptor_function *f = coil_native_signature(native);

    arrivals++;
    if (!call)
        return;
    for (uint32_t i = 0; i < f->call_size; i++)
        sink += ((unsigned char *)call)[i];
    if (f->result_size)
        memset(result, 0, f->result_size);
}

static void native_freep(struct coil_native **native)
{
    *native = coil_native_free(*native);
}

static void call_signature(const struct coil_descriptor *image, const struct coil_descriptor_function *f)
{
    COIL_CLEANUP(native_freep) struct coil_native *native = NULL;
    COIL_CLEANUP(coil_memory_free) unsigned char *frame = aligned_alloc(16, (f->call_size + 16u) & ~15u);
    COIL_CLEANUP(coil_memory_free) unsigned char *result = aligned_alloc(16, (f->result_size + 16u) & ~15u);
    struct coil_closure *closure;
    struct coil_error error = { 0 };
    uint64_t code;
    int r = coil_native_new(image, f, &native, &error);

    MUST(frame && result);
    if (r < 0) {
        MUST(error.text[0] != '\0');
        return;
    }
    MUST(coil_closure_new(native, arrive, native, &closure, &code, &error) == 0);
    memset(frame, 0, f->call_size);
    sent = frame;
    arrivals = 0;
    MUST(coil_native_call(native, code, frame, result, &error) == 0);
    MUST(arrivals == 1);
    (void)coil_closure_free(closure);
}

static void walk_function(const struct coil_descriptor *image, const struct coil_descriptor_function *f, bool is_called)
{
    walk_text(image, f->name);
    walk_type(image, f->type);
    walk_text(image, f->result.name);
    walk_type(image, f->result.type);
    walk_frame(image, f->first_value, f->parameter_count, f->call_size);
    if (is_called && f->call_size <= FRAME_WALKED_MAX && f->result_size <= FRAME_WALKED_MAX)
        call_signature(image, f);
}

/* ---- everything ---- */

static void walk_names(const struct coil_descriptor *image)
{
    walk_text(image, image->name);
    walk_text(image, image->init_code);
    for (uint32_t i = 0; i < image->globals.count; i++)
        walk_text(image, coil_image_globals(image)[i].name);
    for (uint32_t i = 0; i < image->enums.count; i++)
        walk_text(image, coil_image_enums(image)[i].name);
    for (uint32_t i = 0; i < image->typenames.count; i++) {
        walk_text(image, coil_image_typenames(image)[i].name);
        walk_type(image, coil_image_typenames(image)[i].type);
    }
    for (uint32_t i = 0; i < image->structs.count; i++) {
        const struct coil_descriptor_struct *s = &coil_image_structs(image)[i];

        walk_text(image, s->name);
        for (uint32_t f = 0; f < s->field_count; f++) {
            const struct coil_descriptor_field *field = &coil_image_fields(image)[s->first_field + f];

            walk_text(image, field->name);
            walk_type(image, (uint32_t)COIL_TYPE_ARGUMENT(field->code));
        }
    }
}

static void walk_rows(const struct coil_descriptor *image)
{
    for (uint32_t i = 0; i < image->functions.count; i++)
        walk_function(image, &coil_image_functions(image)[i], i < CALLS_MAX);
    for (uint32_t i = 0; i < image->signatures.count; i++)
        walk_function(image, &coil_image_signatures(image)[i], i < CALLS_MAX);
    for (uint32_t i = 0; i < image->shapes.count; i++)
        walk_frame(image, coil_image_shapes(image)[i].first_value, coil_image_shapes(image)[i].value_count,
                   coil_image_shapes(image)[i].size);
    for (uint32_t i = 0; i < image->variables.count; i++) {
        walk_text(image, coil_image_variables(image)[i].name);
        walk_type(image, coil_image_variables(image)[i].type);
    }
}

static void walk_error_values(const struct coil_descriptor *image)
{
    COIL_CLEANUP(coil_memory_free) uint32_t *offsets = calloc(image->functions.count + 1u, sizeof *offsets);
    uint32_t limit = 65536, size;

    MUST(offsets);
    size = coil_image_error_values(image, limit, offsets);
    for (uint32_t i = 0; size <= limit && i < image->functions.count; i++)
        MUST(offsets[i] % 16 == 0 && offsets[i] + coil_image_functions(image)[i].result_size <= size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    COIL_CLEANUP(coil_memory_free) struct coil_descriptor *image = NULL;
    COIL_CLEANUP(coil_memory_free) struct coil_descriptor *copy = NULL;
    struct coil_error error = { 0 };
    uint8_t hash[COIL_HASH_SIZE];

    if (size < sizeof *image || size > COIL_IMAGE_SIZE_MAX)
        return 0;
    image = input_copy(data, size);
    image->magic = COIL_DESCRIPTOR_MAGIC;
    image->format = COIL_DESCRIPTOR_FORMAT;
    image->size = (uint32_t)size;
    image->word = sizeof(void *) << 16 | sizeof(long double) << 8 | sizeof(wchar_t);
    if (coil_descriptor_check(image, size, &error) < 0) {
        MUST(error.text[0] != '\0');
        return 0;
    }
    memset(targets, 0xff, sizeof targets);
    coil_descriptor_hash(image, hash);
    MUST(coil_descriptor_copy(image, size, hash, &copy, &error) == 0);
    hash[0] ^= 1;
    MUST(coil_descriptor_copy(image, size, hash, &copy, &error) == -EBADMSG);
    walk_names(image);
    walk_types(image);
    walk_rows(image);
    walk_error_values(image);
    return 0;
}
