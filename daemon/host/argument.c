/*
 * Arguments of C functions, converted as CFFI's generated wrappers do it.
 *
 * Results of Python functions and arguments of C functions differ in what CFFI accepts: a pointer argument may also be
 * a list, a tuple, bytes or a file, and the words for integers that do not fit name their size. The usual
 * cases (exact int and float) have paths of their own; the rest is left to the backend's own conversions, so
 * that what they accept and how they refuse is CFFI's.
 *
 * With the GIL.
 */
#include "daemon/host/object.h"

#include "daemon/host/argument.h"

#include <string.h>

#include "daemon/host/backend.h"
#include "proto/image.h"

/* What the backend converts as it does it for results: structs, enums, complex numbers. */
static int other_to_c(const struct coil_argument *argument, PyObject *object, char *target)
{
    return argument->converter.to_c(&argument->converter, object, target);
}

/* Integers of each size and sign; `convert` is the backend's for what is no plain int of that size. */
#define INTEGER(name, type, convert)                                                                                   \
    static int name##_to_c(const struct coil_argument *Py_UNUSED(argument), PyObject *object, char *target)            \
    {                                                                                                                  \
        int overflow = 1;                                                                                              \
        long long wide = PyLong_CheckExact(object) ? PyLong_AsLongLongAndOverflow(object, &overflow) : 0;              \
        type value = (type)wide;                                                                                       \
                                                                                                                       \
        if (overflow || (long long)value != wide || ((type)-1 > 0 && wide < 0)) {                                      \
            value = (type)convert(object);                                                                             \
            if (value == (type)-1 && PyErr_Occurred())                                                                 \
                return -1;                                                                                             \
        }                                                                                                              \
        memcpy(target, &value, sizeof value);                                                                          \
        return 0;                                                                                                      \
    }

INTEGER(int8, int8_t, coil_backend_to_int8)
INTEGER(uint8, uint8_t, coil_backend_to_uint8)
INTEGER(int16, int16_t, coil_backend_to_int16)
INTEGER(uint16, uint16_t, coil_backend_to_uint16)
INTEGER(int32, int32_t, coil_backend_to_int32)
INTEGER(uint32, uint32_t, coil_backend_to_uint32)
INTEGER(int64, int64_t, coil_backend_to_int64)
INTEGER(uint64, uint64_t, coil_backend_to_uint64)

/* Other scalars: what one function of the backend or of Python returns, -1 if it has raised. */
#define SCALAR(name, type, convert)                                                                                    \
    static int name##_to_c(const struct coil_argument *Py_UNUSED(argument), PyObject *object, char *target)            \
    {                                                                                                                  \
        type value = (type)convert(object);                                                                            \
                                                                                                                       \
        if (value == (type)-1 && PyErr_Occurred())                                                                     \
            return -1;                                                                                                 \
        memcpy(target, &value, sizeof value);                                                                          \
        return 0;                                                                                                      \
    }

SCALAR(bool, _Bool, coil_backend_to_bool)
SCALAR(char, char, coil_backend_to_char)
SCALAR(wchar, wchar_t, coil_backend_to_wchar)
SCALAR(float, float, PyFloat_AsDouble)
SCALAR(double, double, PyFloat_AsDouble)
SCALAR(long_double, long double, coil_backend_to_long_double)

static int function_pointer_to_c(const struct coil_argument *argument, PyObject *object, char *target)
{
    void *value = coil_backend_to_pointer(object, argument->converter.ctype);

    if (!value && PyErr_Occurred())
        return -1;
    memcpy(target, &value, sizeof value);
    return 0;
}

/* Pointers to data: the address that the object has, or memory made for what it says. */
static int data_pointer_to_c(const struct coil_argument *argument, PyObject *object, char *target,
                             struct coil_outgoing *outgoing)
{
    PyObject *ctype = argument->converter.ctype;
    void *value = NULL;
    Py_ssize_t size = coil_backend_prepare_pointer(ctype, object, &value);

    if (size < 0)
        return -1;
    if (size > 0) {
        value = coil_outgoing_allocate(outgoing, (size_t)size, argument->has_plain_items);
        if (!value) {
            (void)PyErr_NoMemory();
            return -1;
        }
        if (coil_backend_to_array(value, ctype, object) < 0)
            return -1;
    }
    if ((size == 0 ? PyBytes_Check(object) : !argument->has_plain_items) && argument->number < 64)
        outgoing->known_private |= UINT64_C(1) << argument->number;
    memcpy(target, &value, sizeof value);
    return 0;
}

static void integer_choose(struct coil_argument *argument, bool is_signed)
{
    switch (argument->converter.size) {
    case 1:
        argument->to_c = is_signed ? int8_to_c : uint8_to_c;
        break;
    case 2:
        argument->to_c = is_signed ? int16_to_c : uint16_to_c;
        break;
    case 4:
        argument->to_c = is_signed ? int32_to_c : uint32_to_c;
        break;
    default:
        argument->to_c = is_signed ? int64_to_c : uint64_to_c;
        break;
    }
}

static void primitive_choose(struct coil_argument *argument, const struct coil_descriptor *image, uint32_t type,
                             int64_t primitive)
{
    switch (primitive) {
    case COIL_PRIM_BOOL:
        argument->to_c = bool_to_c;
        break;
    case COIL_PRIM_CHAR:
        argument->to_c = char_to_c;
        break;
    case COIL_PRIM_WCHAR:
        argument->to_c = wchar_to_c;
        break;
    case COIL_PRIM_FLOAT:
        argument->to_c = float_to_c;
        break;
    case COIL_PRIM_DOUBLE:
        argument->to_c = double_to_c;
        break;
    case COIL_PRIM_LONGDOUBLE:
        argument->to_c = long_double_to_c;
        break;
    default:
        if (coil_image_integer_size(image, type))
            integer_choose(argument, coil_image_integer_is_signed(image, type));
        break;
    }
}

int coil_argument_init(struct coil_argument *argument, PyObject *ffi, const struct coil_descriptor *image,
                       const struct coil_descriptor_value *value, unsigned number)
{
    const coil_type_code *codes = coil_image_types(image);
    uint32_t type = coil_image_resolve(image, value->type);

    if (coil_converter_init(&argument->converter, ffi, image, value) < 0)
        return -1;
    argument->to_c = other_to_c;
    argument->number = number;
    argument->is_file = value->crossing == COIL_CROSS_FILE;
    if (COIL_TYPE_OPERATION(codes[type]) == COIL_OP_PRIMITIVE) {
        primitive_choose(argument, image, type, COIL_TYPE_ARGUMENT(codes[type]));
    } else if (COIL_TYPE_OPERATION(codes[type]) == COIL_OP_POINTER) {
        uint32_t item = coil_image_resolve(image, (uint32_t)COIL_TYPE_ARGUMENT(codes[type]));

        argument->has_plain_items =
            COIL_TYPE_OPERATION(codes[item]) == COIL_OP_PRIMITIVE || COIL_TYPE_OPERATION(codes[item]) == COIL_OP_ENUM;
        argument->is_data_pointer = COIL_TYPE_OPERATION(codes[item]) != COIL_OP_FUNCTION;
        argument->to_c = function_pointer_to_c;
    }
    return 0;
}

int coil_argument_to_c(const struct coil_argument *argument, PyObject *object, char *frame,
                       struct coil_outgoing *outgoing)
{
    char *target = frame + argument->converter.offset;

    return argument->is_data_pointer ? data_pointer_to_c(argument, object, target, outgoing)
                                     : argument->to_c(argument, object, target);
}
