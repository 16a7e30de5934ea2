/*
 * Checking and naming descriptors.
 *
 * A descriptor reaches the supervisor, the worker and the host as bytes that
 * another process wrote.  coil_descriptor_check() walks all of it once, on a
 * private copy, so that nobody after it has to ask whether an index or an
 * offset is good.  How values cross is image_values.c's.  Any thread.
 */
#include "proto/image_check.h"

#include <errno.h>
#include <stdlib.h>
#include <wchar.h>

#include "proto/cleanup.h"
#include "proto/siphash.h"

static void checker_deinit(struct coil_image_checker *c)
{
    free(c->is_length);
    free(c->sizes);
}

static bool table_fits(const struct coil_descriptor *image, struct coil_descriptor_table table, size_t entry)
{
    if (table.count == 0)
        return true;
    return table.offset >= sizeof *image &&
           table.offset % (entry < 8   ? entry
                           : entry % 8 ? 4
                                       : 8) ==
               0 &&
           table.offset <= image->size && table.count <= (image->size - table.offset) / entry;
}

static int check_tables(const struct coil_image_checker *c)
{
    const struct coil_descriptor *image = c->image;
    const struct {
        struct coil_descriptor_table table;
        size_t entry;
        const char *name;
    } tables[] = {
        { image->types, sizeof(coil_type_code), "types" },
        { image->globals, sizeof(struct coil_descriptor_global), "globals" },
        { image->structs, sizeof(struct coil_descriptor_struct), "structs" },
        { image->fields, sizeof(struct coil_descriptor_field), "fields" },
        { image->enums, sizeof(struct coil_descriptor_enum), "enums" },
        { image->typenames, sizeof(struct coil_descriptor_typename), "typenames" },
        { image->functions, sizeof(struct coil_descriptor_function), "functions" },
        { image->signatures, sizeof(struct coil_descriptor_function), "signatures" },
        { image->variables, sizeof(struct coil_descriptor_value), "variables" },
        { image->shapes, sizeof(struct coil_descriptor_shape), "shapes" },
        { image->values, sizeof(struct coil_descriptor_value), "values" },
        { image->expressions, sizeof(struct coil_descriptor_expression), "expressions" },
        { image->strings, 1, "strings" },
    };

    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        if (!table_fits(image, tables[i].table, tables[i].entry))
            return coil_error_set(c->error, -EBADMSG, "descriptor: its table of %s does not lie within it",
                                  tables[i].name);
    if (image->strings.count == 0 || coil_image_text(image, 0)[0] != '\0' ||
        coil_image_text(image, image->strings.count - 1)[0] != '\0')
        return coil_error_set(c->error, -EBADMSG, "descriptor: its texts do not end");
    return 0;
}

/* Finds the lengths of arrays among the type codes, before any of them is judged. */
static int mark_lengths(struct coil_image_checker *c)
{
    c->is_length = calloc(c->image->types.count + 1u, sizeof *c->is_length);
    c->sizes = calloc(c->image->types.count + 1u, sizeof *c->sizes);
    if (!c->is_length || !c->sizes)
        return coil_error_set(c->error, -ENOMEM, "no memory to check a descriptor");
    for (uint32_t i = 0; i < c->image->types.count; i++)
        if (COIL_TYPE_OPERATION(c->types[i]) == COIL_OP_ARRAY)
            c->is_length[++i] = true;
    return 0;
}

/* The result, the parameters and the end of a function's codes, which begin at `i`. */
static bool is_function(const struct coil_image_checker *c, uint32_t i)
{
    if (!coil_image_is_type(c, COIL_TYPE_ARGUMENT(c->types[i])))
        return false;
    for (i++; i < c->image->types.count; i++) {
        unsigned operation = COIL_TYPE_OPERATION(c->types[i]);

        if (operation == COIL_OP_FUNCTION_END)
            return COIL_TYPE_ARGUMENT(c->types[i]) == 0 || COIL_TYPE_ARGUMENT(c->types[i]) == 1;
        if (operation == COIL_OP_FUNCTION || operation == COIL_OP_ARRAY)
            return false;
    }
    return false;
}

static int check_types(const struct coil_image_checker *c)
{
    const struct coil_descriptor *image = c->image;

    for (uint32_t i = 0; i < image->types.count; i++) {
        int64_t argument = COIL_TYPE_ARGUMENT(c->types[i]);
        uint32_t at = i;
        bool good;

        switch (COIL_TYPE_OPERATION(c->types[i])) {
        case COIL_OP_PRIMITIVE:
            good = coil_image_is_index(argument, COIL_PRIM_COUNT);
            break;
        case COIL_OP_POINTER:
        case COIL_OP_OPEN_ARRAY:
        case COIL_OP_NOOP:
            good = coil_image_is_type(c, argument);
            break;
        case COIL_OP_ARRAY:
            good = coil_image_is_type(c, argument) && ++i < image->types.count && c->types[i] <= INT64_MAX;
            break;
        case COIL_OP_STRUCT_UNION:
            good = coil_image_is_index(argument, image->structs.count);
            break;
        case COIL_OP_ENUM:
            good = coil_image_is_index(argument, image->enums.count);
            break;
        case COIL_OP_TYPENAME:
            good = coil_image_is_index(argument, image->typenames.count);
            break;
        case COIL_OP_FUNCTION:
            good = is_function(c, i);
            break;
        case COIL_OP_FUNCTION_END:
            good = true;
            break;
        default:
            good = false;
        }
        if (!good)
            return coil_image_bad(c, "type code", at);
    }
    return 0;
}

/* float or double: a constant of such a type has its value beside it. */
static bool is_real(const struct coil_image_checker *c, int64_t type)
{
    coil_type_code code = c->types[coil_image_resolve(c->image, (uint32_t)type)];

    return COIL_TYPE_OPERATION(code) == COIL_OP_PRIMITIVE && COIL_TYPE_ARGUMENT(code) >= COIL_PRIM_FLOAT &&
           COIL_TYPE_ARGUMENT(code) <= COIL_PRIM_LONGDOUBLE;
}

/* `entry` names a row of that name. */
static bool is_entry(const struct coil_image_checker *c, const struct coil_descriptor_global *g)
{
    const struct coil_descriptor *image = c->image;
    uint32_t name;

    switch (COIL_TYPE_OPERATION(g->code)) {
    case COIL_OP_EXTERN_PYTHON:
        if (g->entry >= image->functions.count)
            return false;
        name = coil_image_functions(image)[g->entry].name;
        break;
    case COIL_OP_DLOPEN_FUNC:
        if (g->entry >= image->signatures.count)
            return false;
        name = coil_image_signatures(image)[g->entry].name;
        break;
    case COIL_OP_CONSTANT:
        if (is_real(c, COIL_TYPE_ARGUMENT(g->code)) && !coil_image_is_variable(image, g))
            return g->entry == 0;
        /* fall through */
    default:
        return coil_image_is_variable(image, g);
    }
    return strcmp(coil_image_text(image, name), coil_image_text(image, g->name)) == 0;
}

static int check_globals(const struct coil_image_checker *c)
{
    const struct coil_descriptor_global *globals = coil_image_globals(c->image);

    for (uint32_t i = 0; i < c->image->globals.count; i++) {
        const struct coil_descriptor_global *g = &globals[i];
        bool good = coil_image_is_name(c, g->name) && g->negative <= 1;

        switch (COIL_TYPE_OPERATION(g->code)) {
        case COIL_OP_CONSTANT_INT:
            good = good && g->entry == 0;
            break;
        case COIL_OP_ENUM: /* CFFI: an enumerator's argument is -1 */
            good = good && g->entry == 0 && COIL_TYPE_ARGUMENT(g->code) >= -1 &&
                   COIL_TYPE_ARGUMENT(g->code) < (int64_t)c->image->enums.count;
            break;
        case COIL_OP_CONSTANT:
        case COIL_OP_GLOBAL_VAR:
        case COIL_OP_DLOPEN_FUNC:
        case COIL_OP_EXTERN_PYTHON:
            good = good && coil_image_is_type(c, COIL_TYPE_ARGUMENT(g->code)) && is_entry(c, g);
            break;
        default:
            good = false;
        }
        if (good && i > 0)
            good = strcmp(coil_image_text(c->image, globals[i - 1].name), coil_image_text(c->image, g->name)) < 0;
        if (!good)
            return coil_image_bad(c, "global", i);
    }
    return 0;
}

static int check_structs(const struct coil_image_checker *c)
{
    const struct coil_descriptor_struct *structs = coil_image_structs(c->image);
    const struct coil_descriptor_field *fields = coil_image_fields(c->image);
    uint64_t used = 0; /* fields: each is of one struct, so all are looked at once */

    for (uint32_t i = 0; i < c->image->structs.count; i++) {
        const struct coil_descriptor_struct *s = &structs[i];

        used += s->field_count;
        if (!coil_image_is_name(c, s->name) || !coil_image_is_type(c, s->type) ||
            c->types[s->type] != COIL_TYPE(COIL_OP_STRUCT_UNION, i) || s->size > INT64_MAX / 2 ||
            s->alignment & (s->alignment - 1) || (!s->alignment && !(s->flags & COIL_STRUCT_OPAQUE)) ||
            s->first_field > c->image->fields.count || s->field_count > c->image->fields.count - s->first_field ||
            used > c->image->fields.count)
            return coil_image_bad(c, "struct", i);
        if (i > 0 && strcmp(coil_image_text(c->image, structs[i - 1].name), coil_image_text(c->image, s->name)) >= 0)
            return coil_image_bad(c, "struct", i);
        for (uint32_t f = s->first_field; f < s->first_field + s->field_count; f++) {
            bool bits = COIL_TYPE_OPERATION(fields[f].code) == COIL_OP_BITFIELD;
            bool sized = !bits && fields[f].size != UINT64_MAX;

            if (!coil_image_is_text(c, fields[f].name) || !coil_image_is_type(c, COIL_TYPE_ARGUMENT(fields[f].code)) ||
                (!bits && COIL_TYPE_OPERATION(fields[f].code) != COIL_OP_NOOP) ||
                (!bits && fields[f].offset > s->size) || (bits && fields[f].size > 64) ||
                (sized && fields[f].size > s->size - fields[f].offset))
                return coil_image_bad(c, "field", f);
        }
    }
    return 0;
}

static int check_enums_and_typenames(const struct coil_image_checker *c)
{
    const struct coil_descriptor_enum *enums = coil_image_enums(c->image);
    const struct coil_descriptor_typename *typenames = coil_image_typenames(c->image);

    for (uint32_t i = 0; i < c->image->enums.count; i++)
        if (!coil_image_is_name(c, enums[i].name) || !coil_image_is_type(c, enums[i].type) ||
            !coil_image_is_text(c, enums[i].enumerators) || enums[i].primitive >= COIL_PRIM_COUNT ||
            !coil_image_primitive_is_integer(enums[i].primitive))
            return coil_image_bad(c, "enum", i);
    for (uint32_t i = 0; i < c->image->typenames.count; i++)
        if (!coil_image_is_name(c, typenames[i].name) || !coil_image_is_type(c, typenames[i].type))
            return coil_image_bad(c, "typedef", i);
    return 0;
}

int coil_descriptor_check(const void *data, size_t size, struct coil_error *error)
{
    const struct coil_descriptor *image = data;
    COIL_CLEANUP(checker_deinit) struct coil_image_checker c = { .image = image, .error = error };
    int r;

    if (size < sizeof *image || size > COIL_IMAGE_SIZE_MAX || (uintptr_t)data % 8 != 0 ||
        image->magic != COIL_DESCRIPTOR_MAGIC)
        return coil_error_set(error, -EBADMSG, "this is not a coil descriptor");
    if (image->format != COIL_DESCRIPTOR_FORMAT)
        return coil_error_set(error, -ENOTSUP,
                              "the descriptor has format %u and this coil reads format %u: run coil-stubgen again",
                              (unsigned)image->format, COIL_DESCRIPTOR_FORMAT);
    if (image->word != (sizeof(void *) << 16 | sizeof(long double) << 8 | sizeof(wchar_t)))
        return coil_error_set(error, -ENOTSUP, "the descriptor was made for another kind of machine");
    if (image->size != size)
        return coil_error_set(error, -EBADMSG, "the descriptor is cut short or has bytes too many");

    r = check_tables(&c);
    if (r < 0)
        return r;
    c.types = coil_image_types(image);
    c.strings = image->strings.count;
    if (!coil_image_is_name(&c, image->name) || !coil_image_is_text(&c, image->init_code))
        return coil_error_set(error, -EBADMSG, "descriptor: it names no module");

    r = mark_lengths(&c);
    if (r == 0)
        r = check_types(&c);
    if (r == 0)
        r = check_structs(&c);
    if (r == 0)
        r = check_enums_and_typenames(&c);
    if (r == 0)
        r = coil_image_check_layouts(&c);
    if (r == 0)
        r = coil_image_check_values(&c);
    return r == 0 ? check_globals(&c) : r;
}

void coil_descriptor_hash(const struct coil_descriptor *image, uint8_t ret_hash[COIL_HASH_SIZE])
{
    coil_siphash128(image, image->size, ret_hash);
}

uint32_t coil_image_error_values(const struct coil_descriptor *image, uint32_t limit, uint32_t *ret_offsets)
{
    const struct coil_descriptor_function *functions = coil_image_functions(image);
    uint64_t at = 0;

    for (uint32_t i = 0; i < image->functions.count; i++) {
        ret_offsets[i] = (uint32_t)at;
        at += (functions[i].result_size + UINT64_C(15)) & ~UINT64_C(15);
        if (at > limit)
            at = limit + UINT64_C(1);
    }
    return (uint32_t)at;
}

void coil_image_declared_error(const struct coil_descriptor *image, const struct coil_descriptor_function *f,
                               void *result)
{
    const coil_type_code code = coil_image_types(image)[coil_image_resolve(image, f->result.type)];
    int64_t primitive = COIL_TYPE_OPERATION(code) == COIL_OP_PRIMITIVE ? (int64_t)COIL_TYPE_ARGUMENT(code) : -1;
    const float narrow = (float)f->error_real;
    const long double wide = f->error_real;
    const bool truth = f->error_integer != 0;
    const void *value = primitive == COIL_PRIM_FLOAT        ? (const void *)&narrow
                        : primitive == COIL_PRIM_DOUBLE     ? (const void *)&f->error_real
                        : primitive == COIL_PRIM_LONGDOUBLE ? (const void *)&wide
                        : primitive == COIL_PRIM_BOOL       ? (const void *)&truth
                                                            : &f->error_integer; /* the lower bytes are those of less */

    if (f->result_size)
        memset(result, 0, f->result_size);
    if (f->flags & COIL_FUNCTION_HAS_ERROR && f->result.size <= sizeof wide)
        memcpy((char *)result + f->result.offset, value, f->result.size);
}

int coil_descriptor_copy(const void *data, size_t size, const uint8_t hash[COIL_HASH_SIZE],
                         struct coil_descriptor **ret_copy, struct coil_error *error)
{
    COIL_CLEANUP(coil_memory_free) struct coil_descriptor *copy = NULL;
    uint8_t actual[COIL_HASH_SIZE];
    int r;

    if (size < sizeof *copy || size > COIL_IMAGE_SIZE_MAX)
        return coil_error_set(error, -EBADMSG, "a descriptor cannot have %zu bytes", size);
    copy = aligned_alloc(16, (size + 15) & ~(size_t)15);
    if (!copy)
        return coil_error_set(error, -ENOMEM, "no memory for a descriptor of %zu bytes", size);
    memcpy(copy, data, size);
    r = coil_descriptor_check(copy, size, error);
    if (r < 0)
        return r;
    coil_descriptor_hash(copy, actual);
    if (hash && memcmp(actual, hash, sizeof actual) != 0)
        return coil_error_set(error, -EBADMSG, "the descriptor of module '%s' has not the hash that was claimed for it",
                              coil_image_name(copy));
    *ret_copy = coil_steal_memory(&copy);
    return 0;
}
