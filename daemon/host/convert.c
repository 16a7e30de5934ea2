/*
 * Converters: the functions that a frame's values pass through, chosen once, when
 * the module is opened.
 *
 * Integers, bool, double, float and pointers are most of what programs pass, and
 * have paths of their own.  Everything else, and every Python object that is not
 * exactly what a fast path expects, goes through _cffi_backend's own conversion,
 * so results and error messages are CFFI's.
 *
 * Frames may lie at any address of a ring, so values are copied to and from
 * aligned locals.  A struct by value becomes Python's own copy: the frame is
 * somebody else's memory and is gone after the call.
 *
 * Called by module.c and local_function.c (choice) and dispatch.c (use), with the GIL.
 */
#include "daemon/host/object.h"

#include "daemon/host/convert.h"

#include <string.h>

#include "daemon/host/backend.h"
#include "daemon/host/callback.h"
#include "daemon/host/context.h"
#include "proto/image.h"

#define SCALAR_MAX                                                                                                     \
    32                   /* bytes of the largest value that is neither struct nor union: long double _Complex          \
                          */
#define RESULT_LOCAL 256 /* bytes of a result that is converted on the stack */

static int generic_to_c(const struct coil_converter *converter, PyObject *object, char *target)
{
    _Alignas(max_align_t) char local[RESULT_LOCAL];
    char *value = local;
    int result;

    if (converter->size > sizeof local) {
        value = PyMem_Calloc(1, converter->size);
        if (!value) {
            (void)PyErr_NoMemory();
            return -1;
        }
    } else {
        memset(local, 0, converter->size);
    }
    result = coil_backend_to_c(value, converter->ctype, object);
    if (result >= 0)
        memcpy(target, value, converter->size);
    if (value != local)
        PyMem_Free(value);
    return result < 0 ? -1 : 0;
}

static PyObject *generic_from_c(const struct coil_converter *converter, const char *source)
{
    _Alignas(max_align_t) char value[SCALAR_MAX];

    memcpy(value, source, converter->size);
    return coil_backend_from_c(value, converter->ctype);
}

static PyObject *void_from_c(const struct coil_converter *Py_UNUSED(converter), const char *Py_UNUSED(source))
{
    Py_RETURN_NONE;
}

static int void_to_c(const struct coil_converter *Py_UNUSED(converter), PyObject *object, char *Py_UNUSED(target))
{
    if (object == Py_None)
        return 0;
    PyErr_SetString(PyExc_TypeError, "callback with the return type 'void' must return None");
    return -1;
}

/* Integers of each size and sign. */
#define INTEGER(name, type, make)                                                                                      \
    static PyObject *name##_from_c(const struct coil_converter *Py_UNUSED(converter), const char *source)              \
    {                                                                                                                  \
        type value;                                                                                                    \
                                                                                                                       \
        memcpy(&value, source, sizeof value);                                                                          \
        return make(value);                                                                                            \
    }                                                                                                                  \
    static int name##_to_c(const struct coil_converter *converter, PyObject *object, char *target)                     \
    {                                                                                                                  \
        int overflow = 1;                                                                                              \
        long long wide = PyLong_CheckExact(object) ? PyLong_AsLongLongAndOverflow(object, &overflow) : 0;              \
        type value = (type)wide;                                                                                       \
                                                                                                                       \
        if (overflow || (long long)value != wide || ((type)-1 > 0 && wide < 0))                                        \
            return generic_to_c(converter, object, target);                                                            \
        memcpy(target, &value, sizeof value);                                                                          \
        return 0;                                                                                                      \
    }

INTEGER(int8, int8_t, PyLong_FromLong)
INTEGER(int16, int16_t, PyLong_FromLong)
INTEGER(int32, int32_t, PyLong_FromLong)
INTEGER(int64, int64_t, PyLong_FromLongLong)
INTEGER(uint8, uint8_t, PyLong_FromLong)
INTEGER(uint16, uint16_t, PyLong_FromLong)
INTEGER(uint32, uint32_t, PyLong_FromLongLong)
INTEGER(uint64, uint64_t, PyLong_FromUnsignedLongLong)

static PyObject *bool_from_c(const struct coil_converter *converter, const char *source)
{
    unsigned char value;

    memcpy(&value, source, sizeof value);
    if (value > 1)
        return generic_from_c(converter, source);
    return PyBool_FromLong(value);
}

static int bool_to_c(const struct coil_converter *converter, PyObject *object, char *target)
{
    if (object != Py_True && object != Py_False)
        return generic_to_c(converter, object, target);
    *target = object == Py_True;
    return 0;
}

static PyObject *char_from_c(const struct coil_converter *Py_UNUSED(converter), const char *source)
{
    return coil_backend_from_char(*source);
}

static PyObject *double_from_c(const struct coil_converter *Py_UNUSED(converter), const char *source)
{
    double value;

    memcpy(&value, source, sizeof value);
    return PyFloat_FromDouble(value);
}

static int double_to_c(const struct coil_converter *converter, PyObject *object, char *target)
{
    double value;

    if (!PyFloat_CheckExact(object))
        return generic_to_c(converter, object, target);
    value = PyFloat_AS_DOUBLE(object);
    memcpy(target, &value, sizeof value);
    return 0;
}

static PyObject *float_from_c(const struct coil_converter *Py_UNUSED(converter), const char *source)
{
    float value;

    memcpy(&value, source, sizeof value);
    return PyFloat_FromDouble((double)value);
}

static int float_to_c(const struct coil_converter *converter, PyObject *object, char *target)
{
    float value;

    if (!PyFloat_CheckExact(object))
        return generic_to_c(converter, object, target);
    value = (float)PyFloat_AS_DOUBLE(object);
    memcpy(target, &value, sizeof value);
    return 0;
}

static PyObject *pointer_from_c(const struct coil_converter *converter, const char *source)
{
    void *value;

    memcpy(&value, source, sizeof value);
    return coil_backend_from_pointer(value, converter->ctype);
}

/* As pointer_from_c(). */
static PyObject *function_from_c(const struct coil_converter *converter, const char *source)
{
    struct coil_converted *last = converter->last;
    uint64_t address;

    memcpy(&address, source, sizeof address);
    if (!last->object || last->address != address) {
        PyObject *object = pointer_from_c(converter, source);

        if (!object)
            return NULL;
        last->address = address;
        Py_XSETREF(last->object, object);
    }
    return Py_NewRef(last->object);
}

/* A copy that Python owns: what ffi.new() makes, and of it the struct itself, which keeps the memory alive.
 */
static PyObject *struct_from_c(const struct coil_converter *converter, const char *source)
{
    COIL_OBJECT pointer = PyObject_CallOneArg(converter->allocate, converter->pointer_ctype);
    COIL_OBJECT zero = PyLong_FromLong(0);
    void *memory = pointer ? coil_backend_to_pointer(pointer, converter->pointer_ctype) : NULL;

    if (!memory || !zero)
        return NULL;
    memcpy(memory, source, converter->size);
    return PyObject_GetItem(pointer, zero);
}

/* Where a function pointer crosses, its signature is said. */
static int function_to_c(const struct coil_converter *converter, PyObject *object, char *target)
{
    struct coil_error error;
    uint64_t value;

    if (generic_to_c(converter, object, (char *)&value) < 0)
        return -1;
    if (coil_callback_cross(converter->image, converter->place, NULL, value, &error) < 0) {
        PyErr_SetString(PyExc_ValueError, error.text);
        return -1;
    }
    memcpy(target, &value, sizeof value);
    return 0;
}

static void integer_choose(struct coil_converter *converter, bool is_signed)
{
    switch (converter->size) {
    case 1:
        converter->from_c = is_signed ? int8_from_c : uint8_from_c;
        converter->to_c = is_signed ? int8_to_c : uint8_to_c;
        break;
    case 2:
        converter->from_c = is_signed ? int16_from_c : uint16_from_c;
        converter->to_c = is_signed ? int16_to_c : uint16_to_c;
        break;
    case 4:
        converter->from_c = is_signed ? int32_from_c : uint32_from_c;
        converter->to_c = is_signed ? int32_to_c : uint32_to_c;
        break;
    case 8:
        converter->from_c = is_signed ? int64_from_c : uint64_from_c;
        converter->to_c = is_signed ? int64_to_c : uint64_to_c;
        break;
    default:
        break; /* the generic functions that are already there */
    }
}

static void primitive_choose(struct coil_converter *converter, int64_t primitive)
{
    switch (primitive) {
    case COIL_PRIM_VOID:
        converter->from_c = void_from_c;
        converter->to_c = void_to_c;
        break;
    case COIL_PRIM_BOOL:
        converter->from_c = bool_from_c;
        converter->to_c = bool_to_c;
        break;
    case COIL_PRIM_CHAR:
        converter->from_c = char_from_c;
        break;
    case COIL_PRIM_DOUBLE:
        converter->from_c = double_from_c;
        converter->to_c = double_to_c;
        break;
    case COIL_PRIM_FLOAT:
        converter->from_c = float_from_c;
        converter->to_c = float_to_c;
        break;
    case COIL_PRIM_LONGDOUBLE:
    case COIL_PRIM_WCHAR:
    case COIL_PRIM_FLOATCOMPLEX:
    case COIL_PRIM_DOUBLECOMPLEX:
    case COIL_PRIM_CHAR16:
    case COIL_PRIM_CHAR32:
        break;
    case COIL_PRIM_SCHAR:
    case COIL_PRIM_SHORT:
    case COIL_PRIM_INT:
    case COIL_PRIM_LONG:
    case COIL_PRIM_LONGLONG:
    case COIL_PRIM_INT8:
    case COIL_PRIM_INT16:
    case COIL_PRIM_INT32:
    case COIL_PRIM_INT64:
    case COIL_PRIM_INTPTR:
    case COIL_PRIM_PTRDIFF:
    case COIL_PRIM_SSIZE:
    case COIL_PRIM_INT_LEAST8:
    case COIL_PRIM_INT_LEAST16:
    case COIL_PRIM_INT_LEAST32:
    case COIL_PRIM_INT_LEAST64:
    case COIL_PRIM_INT_FAST8:
    case COIL_PRIM_INT_FAST16:
    case COIL_PRIM_INT_FAST32:
    case COIL_PRIM_INT_FAST64:
    case COIL_PRIM_INTMAX:
        integer_choose(converter, true);
        break;
    default:
        integer_choose(converter, false);
        break;
    }
}

static int struct_choose(struct coil_converter *converter, PyObject *ffi, const char *type_name)
{
    char pointer_name[COIL_CONTEXT_TYPE_NAME_SIZE + 2];

    (void)snprintf(pointer_name, sizeof pointer_name, "%s *", type_name);
    converter->pointer_ctype = PyObject_CallMethod(ffi, "typeof", "s", pointer_name);
    converter->allocate = PyObject_GetAttrString(ffi, "new");
    converter->from_c = struct_from_c;
    return converter->pointer_ctype && converter->allocate ? 0 : -1;
}

/* A frame's room for a value must be the type's own size: the backend writes that many bytes. -1 with an
 * exception. */
static int size_check(const struct coil_converter *converter, PyObject *ffi)
{
    COIL_OBJECT size = NULL;

    if (converter->to_c == void_to_c)
        return 0;
    if (converter->from_c != struct_from_c && converter->size > SCALAR_MAX) {
        PyErr_Format(PyExc_SystemError, "coil: a value of %zu bytes in a frame is neither struct nor union",
                     converter->size);
        return -1;
    }
    size = PyObject_CallMethod(ffi, "sizeof", "O", converter->ctype);
    if (!size)
        return -1;
    if (PyLong_AsSize_t(size) == converter->size)
        return 0;
    if (!PyErr_Occurred())
        PyErr_Format(PyExc_SystemError, "coil: a frame gives %zu bytes to %R, which has %S: run coil-stubgen again",
                     converter->size, converter->ctype, size);
    return -1;
}

int coil_converter_init(struct coil_converter *converter, PyObject *ffi, const struct coil_descriptor *image,
                        const struct coil_descriptor_value *value)
{
    coil_type_code code = coil_image_types(image)[coil_image_resolve(image, value->type)];
    char type_name[COIL_CONTEXT_TYPE_NAME_SIZE];

    coil_context_type_name(value->type, type_name);
    *converter = (struct coil_converter){
        .from_c = generic_from_c,
        .to_c = generic_to_c,
        .offset = value->offset,
        .size = (size_t)value->size,
        .ctype = PyObject_CallMethod(ffi, "typeof", "s", type_name),
    };
    if (!converter->ctype)
        return -1;
    switch (COIL_TYPE_OPERATION(code)) {
    case COIL_OP_PRIMITIVE:
        primitive_choose(converter, COIL_TYPE_ARGUMENT(code));
        break;
    case COIL_OP_ENUM:
        primitive_choose(converter, (int64_t)coil_image_enums(image)[COIL_TYPE_ARGUMENT(code)].primitive);
        break;
    case COIL_OP_POINTER:
        converter->from_c = pointer_from_c;
        if (value->crossing == COIL_CROSS_FUNCTION) {
            converter->to_c = function_to_c;
            converter->image = image;
            converter->place = value;
            converter->last = PyMem_Calloc(1, sizeof *converter->last);
            converter->from_c = converter->last ? function_from_c : pointer_from_c;
        }
        break;
    case COIL_OP_STRUCT_UNION:
        if (struct_choose(converter, ffi, type_name) < 0)
            return -1;
        break;
    default:
        break;
    }
    return size_check(converter, ffi);
}

int coil_converter_init_plain(struct coil_converter *converter, PyObject *ffi, PyObject *ctype, uint32_t offset,
                              size_t size)
{
    COIL_OBJECT kind = PyObject_GetAttrString(ctype, "kind");
    COIL_OBJECT name = NULL;
    const char *word = kind ? PyUnicode_AsUTF8(kind) : NULL;

    *converter = (struct coil_converter){ .from_c = generic_from_c,
                                          .to_c = generic_to_c,
                                          .offset = offset,
                                          .size = size,
                                          .ctype = Py_NewRef(ctype) };
    if (!word)
        return -1;
    if (strcmp(word, "void") == 0) {
        converter->from_c = void_from_c;
        converter->to_c = void_to_c;
    } else if (strcmp(word, "struct") == 0) {
        name = PyObject_CallMethod(ffi, "getctype", "Os", ctype, "*");
        converter->pointer_ctype = name ? PyObject_CallMethod(ffi, "typeof", "O", name) : NULL;
        converter->allocate = PyObject_GetAttrString(ffi, "new");
        converter->from_c = struct_from_c;
        if (!converter->pointer_ctype || !converter->allocate)
            return -1;
    }
    return size_check(converter, ffi);
}

void coil_converter_deinit(struct coil_converter *converter)
{
    Py_CLEAR(converter->ctype);
    Py_CLEAR(converter->pointer_ctype);
    Py_CLEAR(converter->allocate);
}
