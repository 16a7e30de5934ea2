/*
 * libffi, and nobody else knows it.
 *
 * A descriptor says of every type what libffi wants to know; structs by value are told to it field by field, and
 * what it makes of their layout is compared with what the compiler made of it, so that a struct that libffi
 * cannot describe is refused and never passed wrongly.
 *
 * libffi's closures come from trampolines that lie in a file, where it has them for the processor; so they work
 * where memory cannot be made executable.
 *
 * Functions that take and give nothing but a few integers and pointers are most of those that are called back, and libffi
 * takes as long for them as for any other.  Where it is known how registers hold them, they are called without it.
 *
 * Used by both sides.  Any thread.
 */
#include "proto/native.h"

#include <errno.h>
#include <ffi.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "proto/cleanup.h"
#include "proto/image.h"

#define ARGUMENTS_LOCAL 16
#define FRAME_LOCAL 512 /* bytes of a frame that a closure keeps on its stack */
#define ELEMENTS_MAX 4096
#define STRUCTS_MAX 1024 /* different ones in one signature */
#define DEPTH_MAX 64
#define DIRECT_MAX 6 /* arguments that lie in integer registers */

/* An integer or pointer in a frame. */
struct direct_argument {
    uint32_t offset;
    unsigned shift; /* bits of a register beyond it */
    bool is_signed;
};

struct coil_native {
    const struct coil_descriptor *image;
    const struct coil_descriptor_function *signature;
    const struct coil_descriptor_value *parameters;
    ffi_cif cif;
    ffi_type **types; /* of the parameters */
    struct {
        const struct coil_descriptor_struct *origin;
        ffi_type *type; /* owned, with its elements */
    } * structs;        /* made for this signature, each once */
    uint32_t struct_count;
    bool is_direct; /* it is called without libffi */
    struct direct_argument direct[DIRECT_MAX];
    struct coil_descriptor_function *own_signature; /* of a signature that no descriptor has; NULL */
    struct coil_descriptor_value *own_parameters;
};

struct coil_closure {
    ffi_closure *closure;
    const struct coil_native *native;
    coil_closure_fn *run;
    void *data;
};

/* ---- types ---- */

static ffi_type *integer_type(unsigned size, bool is_signed)
{
    switch (size) {
    case 1:
        return is_signed ? &ffi_type_sint8 : &ffi_type_uint8;
    case 2:
        return is_signed ? &ffi_type_sint16 : &ffi_type_uint16;
    case 4:
        return is_signed ? &ffi_type_sint32 : &ffi_type_uint32;
    case 8:
        return is_signed ? &ffi_type_sint64 : &ffi_type_uint64;
    default:
        return NULL;
    }
}

static ffi_type *primitive_type(int64_t primitive)
{
    switch (primitive) {
    case COIL_PRIM_VOID:
        return &ffi_type_void;
    case COIL_PRIM_BOOL:
        return &ffi_type_uint8;
    case COIL_PRIM_CHAR:
        return (char)-1 < 0 ? &ffi_type_sint8 : &ffi_type_uint8;
    case COIL_PRIM_WCHAR:
        return integer_type(sizeof(wchar_t), (wchar_t)-1 < 0);
    case COIL_PRIM_CHAR16:
        return &ffi_type_uint16;
    case COIL_PRIM_CHAR32:
        return &ffi_type_uint32;
    case COIL_PRIM_FLOAT:
        return &ffi_type_float;
    case COIL_PRIM_DOUBLE:
        return &ffi_type_double;
    case COIL_PRIM_LONGDOUBLE:
        return &ffi_type_longdouble;
#ifdef FFI_TARGET_HAS_COMPLEX_TYPE
    case COIL_PRIM_FLOATCOMPLEX:
        return &ffi_type_complex_float;
    case COIL_PRIM_DOUBLECOMPLEX:
        return &ffi_type_complex_double;
#endif
    default:
        return NULL;
    }
}

static int type_of(struct coil_native *native, uint32_t type, unsigned depth, ffi_type **ret_type,
                   struct coil_error *error);

static int refuse(const struct coil_native *native, const struct coil_descriptor_struct *s, const char *why,
                  struct coil_error *error)
{
    return coil_error_set(error, -ENOTSUP, "'%s' by value cannot be passed through a function pointer: %s",
                          coil_image_text(native->image, s->name), why);
}

/* How many items the type of a field stands for, and of which type they are: arrays in structs are their items. */
static uint64_t array_items(const struct coil_descriptor *image, uint32_t *inout_type)
{
    const coil_type_code *types = coil_image_types(image);
    uint64_t items = 1;

    *inout_type = coil_image_resolve(image, *inout_type);
    while (COIL_TYPE_OPERATION(types[*inout_type]) == COIL_OP_ARRAY && items <= ELEMENTS_MAX) {
        items *= types[*inout_type + 1];
        *inout_type = coil_image_resolve(image, (uint32_t)COIL_TYPE_ARGUMENT(types[*inout_type]));
    }
    return items;
}

/* Adds a field's items to the elements. */
static int add_field(struct coil_native *native, const struct coil_descriptor_field *field, unsigned depth,
                     ffi_type **elements, uint32_t *inout_count, struct coil_error *error)
{
    uint32_t type = (uint32_t)COIL_TYPE_ARGUMENT(field->code);
    uint64_t items = array_items(native->image, &type);
    ffi_type *element;
    int r;

    r = type_of(native, type, depth + 1, &element, error);
    for (uint64_t i = 0; r == 0 && i < items; i++)
        elements[(*inout_count)++] = element;
    return r;
}

/* How many elements the struct has for libffi.  -ENOTSUP. */
static int count_elements(const struct coil_native *native, const struct coil_descriptor_struct *s, uint32_t *ret_count,
                          struct coil_error *error)
{
    const struct coil_descriptor_field *fields = coil_image_fields(native->image) + s->first_field;
    uint64_t count = 0;

    if (s->flags & COIL_STRUCT_UNION)
        return refuse(native, s, "it is a union", error);
    if (s->flags & COIL_STRUCT_OPAQUE || s->size == 0)
        return refuse(native, s, "its fields are not known", error);
    if (!(s->flags & COIL_STRUCT_CHECK_FIELDS))
        return refuse(native, s, "it is declared with '...', so it may have fields that nobody has named", error);
    for (uint32_t i = 0; i < s->field_count && count <= ELEMENTS_MAX; i++) {
        uint32_t type = (uint32_t)COIL_TYPE_ARGUMENT(fields[i].code);

        if (COIL_TYPE_OPERATION(fields[i].code) == COIL_OP_BITFIELD)
            return refuse(native, s, "it has bit-fields", error);
        count += array_items(native->image, &type);
    }
    if (count > ELEMENTS_MAX)
        return refuse(native, s, "it is too large", error);
    *ret_count = (uint32_t)count;
    return 0;
}

/* Is what libffi thinks of the struct what the compiler thinks of it? */
static int check_layout(const struct coil_native *native, const struct coil_descriptor_struct *s, ffi_type *type,
                        struct coil_error *error)
{
    ffi_cif cif;

    /* Lays the struct out. */
    if (ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 0, type, NULL) != FFI_OK || type->size != s->size ||
        type->alignment != s->alignment)
        return refuse(native, s, "its layout is not the usual one of its fields (packed?)", error);
    return 0;
}

static int struct_type(struct coil_native *native, const struct coil_descriptor_struct *s, unsigned depth,
                       ffi_type **ret_type, struct coil_error *error)
{
    ffi_type *type;
    void *grown;
    uint32_t count = 0, made = 0;
    int r;

    for (uint32_t i = 0; i < native->struct_count; i++)
        if (native->structs[i].origin == s) {
            *ret_type = native->structs[i].type;
            return 0;
        }
    if (depth > DEPTH_MAX)
        return refuse(native, s, "it is nested too deep", error);
    if (native->struct_count == STRUCTS_MAX)
        return refuse(native, s, "there are too many structs in this signature", error);
    r = count_elements(native, s, &count, error);
    if (r < 0)
        return r;
    grown = realloc(native->structs, (native->struct_count + 1) * sizeof *native->structs);
    if (grown)
        native->structs = grown;
    type = grown ? calloc(1, sizeof *type + (count + 1) * sizeof(ffi_type *)) : NULL;
    if (!type)
        return coil_error_set(error, -ENOMEM, "no memory for the signature of a function pointer");
    native->structs[native->struct_count].origin = s;
    native->structs[native->struct_count++].type = type;
    type->type = FFI_TYPE_STRUCT;
    type->elements = (ffi_type **)(void *)(type + 1);
    for (uint32_t i = 0; r == 0 && i < s->field_count; i++)
        r = add_field(native, &coil_image_fields(native->image)[s->first_field + i], depth, type->elements, &made,
                      error);
    if (r == 0)
        r = check_layout(native, s, type, error);
    *ret_type = type;
    return r;
}

/* What libffi calls a type of the image; arrays are pointers. */
static int type_of(struct coil_native *native, uint32_t type, unsigned depth, ffi_type **ret_type,
                   struct coil_error *error)
{
    const struct coil_descriptor *image = native->image;
    uint32_t resolved = coil_image_resolve(image, type);
    coil_type_code code = coil_image_types(image)[resolved];
    int64_t primitive = COIL_TYPE_ARGUMENT(code);

    switch (COIL_TYPE_OPERATION(code)) {
    case COIL_OP_STRUCT_UNION:
        return struct_type(native, &coil_image_structs(image)[COIL_TYPE_ARGUMENT(code)], depth, ret_type, error);
    case COIL_OP_ENUM:
        primitive = (int64_t)coil_image_enums(image)[COIL_TYPE_ARGUMENT(code)].primitive;
        /* fall through */
    case COIL_OP_PRIMITIVE:
        *ret_type = primitive_type(primitive);
        if (!*ret_type)
            *ret_type =
                integer_type(coil_image_integer_size(image, resolved), coil_image_integer_is_signed(image, resolved));
        if (!*ret_type)
            return coil_error_set(error, -ENOTSUP, "a type that cannot be passed through a function pointer");
        return 0;
    default:
        *ret_type = &ffi_type_pointer;
        return 0;
    }
}

/* ---- signatures ---- */

struct coil_native *coil_native_free(struct coil_native *native)
{
    if (!native)
        return NULL;
    for (uint32_t i = 0; i < native->struct_count; i++)
        free(native->structs[i].type);
    free(native->structs);
    free(native->types);
    free(native->own_signature);
    free(native->own_parameters);
    free(native);
    return NULL;
}

static void native_freep(struct coil_native **native)
{
    *native = coil_native_free(*native);
}

/* Does a value of the type, or nothing, lie in one integer register? */
static bool is_word(const ffi_type *type, bool *ret_signed)
{
    *ret_signed = type->type == FFI_TYPE_SINT8 || type->type == FFI_TYPE_SINT16 || type->type == FFI_TYPE_SINT32;
    switch (type->type) {
    case FFI_TYPE_SINT8:
    case FFI_TYPE_UINT8:
    case FFI_TYPE_SINT16:
    case FFI_TYPE_UINT16:
    case FFI_TYPE_SINT32:
    case FFI_TYPE_UINT32:
    case FFI_TYPE_SINT64:
    case FFI_TYPE_UINT64:
    case FFI_TYPE_POINTER:
        return true;
    default:
        return false;
    }
}

/* The 64-bit ABIs of Linux agree: integers and pointers are widened, each lies in a register, unused ones do no harm. */
static bool direct_prepare(struct coil_native *native, const ffi_type *result)
{
#if defined(__LP64__) && defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ &&                       \
    (defined(__x86_64__) || defined(__aarch64__))
    uint32_t count = native->signature->parameter_count;
    bool is_signed;

    if (count > DIRECT_MAX || (result->type != FFI_TYPE_VOID && !is_word(result, &is_signed)))
        return false;
    for (uint32_t i = 0; i < count; i++) {
        if (!is_word(native->types[i], &is_signed) || native->types[i]->size != native->parameters[i].size)
            return false;
        native->direct[i] = (struct direct_argument){ native->parameters[i].offset,
                                                      64 - 8 * (unsigned)native->types[i]->size, is_signed };
    }
    return result->type == FFI_TYPE_VOID || result->size == native->signature->result_size;
#else
    (void)native;
    (void)result;
    return false;
#endif
}

int coil_native_new(const struct coil_descriptor *image, const struct coil_descriptor_function *signature,
                    struct coil_native **ret_native, struct coil_error *error)
{
    COIL_CLEANUP(native_freep) struct coil_native *native = calloc(1, sizeof *native);
    uint32_t count = signature->parameter_count;
    ffi_type *result = NULL;
    int r = 0;

    if (native)
        native->types = calloc(count + 1, sizeof(ffi_type *));
    if (!native || !native->types)
        return coil_error_set(error, -ENOMEM, "no memory for the signature of a function pointer");
    native->image = image;
    native->signature = signature;
    native->parameters = coil_image_values(image) + signature->first_value;
    for (uint32_t i = 0; r == 0 && i < count; i++)
        r = type_of(native, native->parameters[i].type, 0, &native->types[i], error);
    if (r == 0)
        r = type_of(native, signature->result.type, 0, &result, error);
    if (r < 0)
        return r;
    if (ffi_prep_cif(&native->cif, FFI_DEFAULT_ABI, count, result, native->types) != FFI_OK)
        return coil_error_set(error, -ENOTSUP, "libffi does not understand the signature of a function pointer");
    native->is_direct = direct_prepare(native, result);
    *ret_native = coil_steal_memory(&native);
    return 0;
}

const struct coil_descriptor_function *coil_native_signature(const struct coil_native *native)
{
    return native->signature;
}

const struct coil_descriptor_value *coil_native_parameters(const struct coil_native *native)
{
    return native->parameters;
}

/* ---- signatures that no descriptor has ---- */

/* The items that have not been read yet. */
struct items {
    const struct coil_native_item *next;
    uint32_t left;
};

static int item_type(struct coil_native *native, struct items *items, unsigned depth, ffi_type **ret_type,
                     struct coil_error *error);

static int refuse_item(const char *why, struct coil_error *error)
{
    return coil_error_set(error, -ENOTSUP, "a type that cannot be passed through a function pointer: %s", why);
}

static ffi_type *floating_type(uint32_t size, bool is_complex)
{
    if (size == (is_complex ? 2 : 1) * sizeof(float))
        return primitive_type(is_complex ? COIL_PRIM_FLOATCOMPLEX : COIL_PRIM_FLOAT);
    if (size == (is_complex ? 2 : 1) * sizeof(double))
        return primitive_type(is_complex ? COIL_PRIM_DOUBLECOMPLEX : COIL_PRIM_DOUBLE);
    return size == sizeof(long double) && !is_complex ? &ffi_type_longdouble : NULL;
}

/* A struct with its fields, of which arrays are as many as they have items. */
static int item_struct(struct coil_native *native, const struct coil_native_item *item, struct items *items,
                       unsigned depth, ffi_type **ret_type, struct coil_error *error)
{
    void *grown = realloc(native->structs, (native->struct_count + 1) * sizeof *native->structs);
    ffi_type *type = grown ? calloc(1, sizeof *type + (ELEMENTS_MAX + 1) * sizeof(ffi_type *)) : NULL;
    uint32_t made = 0, at = native->struct_count;
    ffi_cif cif;
    int r = 0;

    if (grown)
        native->structs = grown;
    if (!type)
        return coil_error_set(error, -ENOMEM, "no memory for the signature of a function pointer");
    native->structs[native->struct_count].origin = NULL;
    native->structs[native->struct_count++].type = type;
    type->type = FFI_TYPE_STRUCT;
    type->elements = (ffi_type **)(void *)(type + 1);
    for (uint32_t i = 0; r == 0 && i < item->fields; i++) {
        uint32_t repeat = items->left ? items->next->repeat : 0;
        ffi_type *element = NULL;

        if (repeat > ELEMENTS_MAX - made)
            return refuse_item("it is too large", error);
        r = item_type(native, items, depth + 1, &element, error);
        for (uint32_t n = 0; r == 0 && n < repeat; n++)
            type->elements[made++] = element;
    }
    if (r == 0 && (ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 0, type, NULL) != FFI_OK || type->size != item->size ||
                   type->alignment != item->alignment))
        return refuse_item("its layout is not the usual one of its fields", error);
    if (r == 0 && (grown = realloc(type, sizeof *type + (made + 1) * sizeof(ffi_type *)))) {
        type = native->structs[at].type = grown;
        type->elements = (ffi_type **)(void *)(type + 1);
    }
    *ret_type = type;
    return r;
}

static int item_type(struct coil_native *native, struct items *items, unsigned depth, ffi_type **ret_type,
                     struct coil_error *error)
{
    const struct coil_native_item *item = items->next;

    if (!items->left)
        return refuse_item("it has fewer fields than it says", error);
    items->next++;
    items->left--;
    switch (item->kind) {
    case COIL_NATIVE_VOID:
        *ret_type = &ffi_type_void;
        return 0;
    case COIL_NATIVE_SIGNED:
    case COIL_NATIVE_UNSIGNED:
        *ret_type = integer_type(item->size, item->kind == COIL_NATIVE_SIGNED);
        break;
    case COIL_NATIVE_FLOAT:
    case COIL_NATIVE_COMPLEX:
        *ret_type = floating_type(item->size, item->kind == COIL_NATIVE_COMPLEX);
        break;
    case COIL_NATIVE_POINTER:
        *ret_type = &ffi_type_pointer;
        break;
    case COIL_NATIVE_STRUCT:
        if (depth > DEPTH_MAX || native->struct_count == STRUCTS_MAX)
            return refuse_item("it is nested too deep", error);
        return item_struct(native, item, items, depth, ret_type, error);
    }
    return *ret_type ? 0 : refuse_item("it has an unusual size", error);
}

/* Its own row, and places in a frame for its values. */
static int plain_describe(struct coil_native *native, uint32_t parameters, const uint32_t *sizes, uint32_t result_size)
{
    uint32_t offset = 0;

    native->own_signature = calloc(1, sizeof *native->own_signature);
    native->own_parameters = calloc(parameters + 1, sizeof *native->own_parameters);
    if (!native->own_signature || !native->own_parameters)
        return -ENOMEM;
    for (uint32_t i = 0; i < parameters; i++) {
        native->own_parameters[i].offset = offset;
        native->own_parameters[i].size = sizes[i];
        offset += (sizes[i] + 15u) & ~15u;
    }
    native->own_signature->parameter_count = parameters;
    native->own_signature->call_size = offset;
    native->own_signature->result_size = result_size;
    native->signature = native->own_signature;
    native->parameters = native->own_parameters;
    return 0;
}

int coil_native_new_plain(const struct coil_native_item *items, uint32_t count, struct coil_native **ret_native,
                          struct coil_error *error)
{
    COIL_CLEANUP(native_freep) struct coil_native *native = calloc(1, sizeof *native);
    COIL_CLEANUP(coil_memory_free) uint32_t *sizes = calloc(count + 1, sizeof *sizes);
    struct items left = { items, count };
    ffi_type *result = NULL;
    uint32_t parameters = 0;
    int r;

    if (native)
        native->types = calloc(count + 1, sizeof(ffi_type *));
    if (!native || !native->types || !sizes)
        return coil_error_set(error, -ENOMEM, "no memory for the signature of a function pointer");
    r = item_type(native, &left, 0, &result, error);
    while (r == 0 && left.left) {
        sizes[parameters] = left.next->size;
        r = item_type(native, &left, 0, &native->types[parameters++], error);
    }
    if (r < 0)
        return r;
    if (plain_describe(native, parameters, sizes, items->size) < 0)
        return coil_error_set(error, -ENOMEM, "no memory for the signature of a function pointer");
    if (ffi_prep_cif(&native->cif, FFI_DEFAULT_ABI, parameters, result, native->types) != FFI_OK)
        return coil_error_set(error, -ENOTSUP, "libffi does not understand the signature of a function pointer");
    *ret_native = coil_steal_memory(&native);
    return 0;
}

/* ---- calls ---- */

/* libffi widens small integers as results, and writes at least a register. */
union result_local {
    ffi_arg word;
    max_align_t all;
    unsigned char bytes[64];
};

static void call_target(ffi_cif *cif, uint64_t target, void **arguments, void *result, uint32_t result_size)
{
    union result_local local = { 0 };

    if (result_size > sizeof local) {
        ffi_call(cif, FFI_FN((uintptr_t)target), result, arguments);
        return;
    }
    ffi_call(cif, FFI_FN((uintptr_t)target), &local, arguments);
    if (result_size)
        memcpy(result, &local, result_size);
}

/* Room for pointers to `count` arguments: `local`, or a new block in *ret_owned. */
static void **arguments_new(uint32_t count, void **local, void **ret_owned)
{
    *ret_owned = NULL;
    if (count <= ARGUMENTS_LOCAL)
        return local;
    *ret_owned = calloc(count, sizeof *local);
    return *ret_owned;
}

static void arguments_of_frame(const struct coil_native *native, const void *call, void **arguments)
{
    for (uint32_t i = 0; i < native->signature->parameter_count; i++)
        arguments[i] = (char *)(uintptr_t)call + native->parameters[i].offset;
}

/* Up to eight bytes of a frame, as a register holds them. */
static uint64_t load_word(const struct direct_argument *argument, const void *call)
{
    const unsigned char *at = (const unsigned char *)call + argument->offset;
    uint64_t word = 0;

    switch (argument->shift) {
    case 0:
        memcpy(&word, at, 8);
        return word;
    case 32:
        memcpy(&word, at, 4);
        break;
    case 48:
        memcpy(&word, at, 2);
        break;
    default:
        memcpy(&word, at, 1);
        break;
    }
    word <<= argument->shift;
    return argument->is_signed ? (uint64_t)((int64_t)word >> argument->shift) : word >> argument->shift;
}

static void store_word(uint64_t word, void *result, uint32_t size)
{
    if (size == 4)
        memcpy(result, &word, 4);
    else if (size)
        memcpy(result, &word, size);
}

static void call_direct(const struct coil_native *native, uint64_t target, const void *call, void *result)
{
    typedef uint64_t function(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t);
    uint64_t words[DIRECT_MAX] = { 0 };

    for (uint32_t i = 0; i < native->signature->parameter_count; i++)
        words[i] = load_word(&native->direct[i], call);
    store_word(((function *)(uintptr_t)target)(words[0], words[1], words[2], words[3], words[4], words[5]), result,
               native->signature->result_size);
}

int coil_native_call(const struct coil_native *native, uint64_t target, const void *call, void *result,
                     struct coil_error *error)
{
    void *local[ARGUMENTS_LOCAL];
    COIL_CLEANUP(coil_memory_free) void *owned = NULL;
    void **arguments;

    if (native->is_direct) {
        call_direct(native, target, call, result);
        return 0;
    }
    arguments = arguments_new(native->signature->parameter_count, local, &owned);
    if (!arguments)
        return coil_error_set(error, -ENOMEM, "no memory for the arguments");
    arguments_of_frame(native, call, arguments);
    call_target((ffi_cif *)(uintptr_t)&native->cif, target, arguments, result, native->signature->result_size);
    return 0;
}

/* Types that arguments behind `...` have, after C's promotions. */
static ffi_type *variadic_type(uint32_t primitive)
{
    switch (primitive) {
    case COIL_PRIM_COUNT:
        return &ffi_type_pointer;
    case COIL_PRIM_INT:
        return &ffi_type_sint;
    case COIL_PRIM_UINT:
        return &ffi_type_uint;
    case COIL_PRIM_LONG:
    case COIL_PRIM_LONGLONG:
    case COIL_PRIM_INT64:
        return &ffi_type_sint64;
    case COIL_PRIM_ULONG:
    case COIL_PRIM_ULONGLONG:
    case COIL_PRIM_UINT64:
        return &ffi_type_uint64;
    case COIL_PRIM_DOUBLE:
        return &ffi_type_double;
    case COIL_PRIM_LONGDOUBLE:
        return &ffi_type_longdouble;
    default:
        return NULL;
    }
}

int coil_native_call_variadic(const struct coil_native *native, uint64_t target, const void *call, uint32_t count,
                              const uint32_t *types, const void *values, void *result, struct coil_error *error)
{
    uint32_t fixed = native->signature->parameter_count, all = fixed + count;
    COIL_CLEANUP(coil_memory_free) ffi_type **all_types = calloc((size_t)all + 1, sizeof *all_types);
    COIL_CLEANUP(coil_memory_free) void **arguments = calloc((size_t)all + 1, sizeof *arguments);
    ffi_cif cif;

    if (!all_types || !arguments)
        return coil_error_set(error, -ENOMEM, "no memory for the arguments");
    memcpy(all_types, native->types, fixed * sizeof *all_types);
    arguments_of_frame(native, call, arguments);
    for (uint32_t i = 0; i < count; i++) {
        all_types[fixed + i] = variadic_type(types[i]);
        arguments[fixed + i] = (char *)(uintptr_t)values + (size_t)i * 16;
        if (!all_types[fixed + i])
            return coil_error_set(error, -EINVAL, "a variadic argument of an unknown type (%u)", types[i]);
    }
    if (ffi_prep_cif_var(&cif, FFI_DEFAULT_ABI, fixed, all, native->cif.rtype, all_types) != FFI_OK)
        return coil_error_set(error, -EINVAL, "libffi does not understand these variadic arguments");
    call_target(&cif, target, arguments, result, native->signature->result_size);
    return 0;
}

/* ---- closures ---- */

/* Widens an integer in a result frame to the register that libffi expects. */
static void return_result(unsigned type, const void *result, uint32_t result_size, void *target)
{
    int64_t is_signed = 0;
    uint64_t word = 0;

    switch (type) {
    case FFI_TYPE_VOID:
        return;
    case FFI_TYPE_INT:
    case FFI_TYPE_SINT8:
    case FFI_TYPE_SINT16:
    case FFI_TYPE_SINT32:
        is_signed = 1;
        break;
    case FFI_TYPE_UINT8:
    case FFI_TYPE_UINT16:
    case FFI_TYPE_UINT32:
        break;
    default:
        memcpy(target, result, result_size);
        return;
    }
    memcpy(&word, result, result_size);
    if (is_signed && word >> (result_size * 8 - 1))
        word |= ~UINT64_C(0) << (result_size * 8);
    *(ffi_arg *)target = (ffi_arg)word;
}

static void closure_main(ffi_cif *cif, void *target, void **arguments, void *data)
{
    alignas(16) unsigned char local[FRAME_LOCAL];
    const struct coil_closure *closure = data;
    const struct coil_descriptor_function *signature = closure->native->signature;
    const struct coil_descriptor_value *parameters = closure->native->parameters;
    size_t result_at = (signature->call_size + 15u) & ~15u, size = result_at + signature->result_size;
    uint32_t result_size = signature->result_size; /* the closure, and all that belongs to it, may go while it runs */
    unsigned result_type = cif->rtype->type;
    unsigned char *frame = local;
    int saved = errno;

    if (size > sizeof local)
        frame = aligned_alloc(16, (size + 15) & ~(size_t)15);
    if (frame) {
        memset(frame, 0, size);
        for (uint32_t i = 0; i < signature->parameter_count; i++)
            memcpy(frame + parameters[i].offset, arguments[i], parameters[i].size);
        errno = saved;
        closure->run(closure->data, frame, frame + result_at);
        saved = errno;
        return_result(result_type, frame + result_at, result_size, target);
    } else {
        memset(target, 0, cif->rtype->size > sizeof(ffi_arg) ? cif->rtype->size : sizeof(ffi_arg));
        errno = saved;
        closure->run(closure->data, NULL, NULL);
        saved = errno;
    }
    if (frame != local)
        free(frame);
    errno = saved;
}

int coil_closure_new(const struct coil_native *native, coil_closure_fn *run, void *data,
                     struct coil_closure **ret_closure, uint64_t *ret_code, struct coil_error *error)
{
    COIL_CLEANUP(coil_memory_free) struct coil_closure *closure = calloc(1, sizeof *closure);
    void *code = NULL;

    if (closure)
        closure->closure = ffi_closure_alloc(sizeof *closure->closure, &code);
    if (!closure || !closure->closure)
        return coil_error_set(error, -ENOMEM, "no memory for a function that can be called through a pointer");
    closure->native = native;
    closure->run = run;
    closure->data = data;
    if (ffi_prep_closure_loc(closure->closure, (ffi_cif *)(uintptr_t)&native->cif, closure_main, closure, code) !=
        FFI_OK) {
        ffi_closure_free(closure->closure);
        return coil_error_set(error, -ENOMEM, "libffi cannot make a function for this signature");
    }
    *ret_code = (uint64_t)(uintptr_t)code;
    *ret_closure = coil_steal_memory(&closure);
    return 0;
}

struct coil_closure *coil_closure_free(struct coil_closure *closure)
{
    if (closure)
        ffi_closure_free(closure->closure);
    free(closure);
    return NULL;
}
