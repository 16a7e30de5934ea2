/*
 * Python functions as C functions of this very process.
 *
 * Purpose: the backend writes the code of its callbacks into memory that is writable and executable, which systemd can
 * forbid a service (MemoryDenyWriteExecute=).  libffi needs no such memory: its trampolines lie in a file.  So what leads
 * from C to Python within this process is made here, of any type that a callback can have, whether the module's
 * descriptor has it or not.
 *
 * What it does is the backend's doing all the same: the type is the backend's, and so are the conversions of each value
 * and their messages.  Calls run like those of programs (dispatch.c), but nothing that they give leaves the process.
 *
 * Called by callback.c, with the GIL; the functions themselves by any thread, without it.
 */
#include "daemon/host/object.h"

#include "daemon/host/local_function.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/host/convert.h"
#include "daemon/host/dispatch.h"
#include "proto/cleanup.h"
#include "proto/native.h"

#define ITEMS_MAX 4096u

struct coil_local_function {
    struct coil_local_callee callee;
    struct coil_native *native;
    struct coil_closure *closure;
    uint64_t code;
    struct coil_converter result;
    struct coil_converter *parameters;
    uint32_t count;
    char *error; /* the result after an exception */
};

static void local_function_freep(struct coil_local_function **function)
{
    *function = coil_local_function_free(*function);
}

struct coil_local_function *coil_local_function_free(struct coil_local_function *function)
{
    if (!function)
        return NULL;
    (void)coil_closure_free(function->closure);
    (void)coil_native_free(function->native);
    for (uint32_t i = 0; function->parameters && i < function->count; i++)
        coil_converter_deinit(&function->parameters[i]);
    coil_converter_deinit(&function->result);
    PyMem_Free(function->parameters);
    PyMem_Free(function->error);
    PyMem_Free(function);
    return NULL;
}

void coil_local_function_clear(struct coil_local_function *function)
{
    if (function)
        function->callee.callable = function->callee.error = function->callee.onerror = NULL;
}

uint64_t coil_local_function_code(const struct coil_local_function *function)
{
    return function->code;
}

/* ---- its type, as libffi wants to know it ---- */

/* What is being described, and for whom. */
struct description {
    PyObject *ffi;
    PyObject *ctype; /* of the function, for messages */
    struct coil_native_item *items; /* owned */
    uint32_t count;
    uint32_t room;
};

static void description_deinit(struct description *d)
{
    free(d->items);
}

static int item_of(struct description *d, PyObject *ctype, uint32_t repeat);

static int refuse(const struct description *d)
{
    COIL_OBJECT name = PyObject_GetAttrString(d->ctype, "cname");

    if (name)
        PyErr_Format(PyExc_NotImplementedError,
                     "%S: callback with unsupported argument or return type or with '...'", name);
    return -1;
}

/* A word that the type says of itself; borrowed from `*ret_owner`.  NULL with an exception. */
static const char *word_of(PyObject *ctype, const char *attribute, PyObject **ret_owner)
{
    *ret_owner = PyObject_GetAttrString(ctype, attribute);
    return *ret_owner ? PyUnicode_AsUTF8(*ret_owner) : NULL;
}

/* ffi.sizeof() or ffi.alignof().  -1 with an exception. */
static int64_t measure(const struct description *d, const char *method, PyObject *ctype)
{
    COIL_OBJECT number = PyObject_CallMethod(d->ffi, method, "O", ctype);
    long long value = number ? PyLong_AsLongLong(number) : -1;

    if (value > UINT32_MAX) {
        PyErr_SetString(PyExc_OverflowError, "a type is too large to be passed to a callback");
        return -1;
    }
    return value;
}

/* 1, 0, or -1 with an exception. */
static int is_negative(const struct description *d, PyObject *ctype)
{
    COIL_OBJECT minus_one = PyLong_FromLong(-1);
    COIL_OBJECT value = minus_one ? PyObject_CallMethod(d->ffi, "cast", "OO", ctype, minus_one) : NULL;
    COIL_OBJECT number = value ? PyNumber_Long(value) : NULL;
    COIL_OBJECT zero = PyLong_FromLong(0);

    return number && zero ? PyObject_RichCompareBool(number, zero, Py_LT) : -1;
}

static int primitive_kind(const struct description *d, PyObject *ctype, enum coil_native_kind *ret_kind)
{
    static const struct {
        const char *name;
        enum coil_native_kind kind;
    } others[] = {
        { "float", COIL_NATIVE_FLOAT },
        { "double", COIL_NATIVE_FLOAT },
        { "long double", COIL_NATIVE_FLOAT },
        { "float _Complex", COIL_NATIVE_COMPLEX },
        { "double _Complex", COIL_NATIVE_COMPLEX },
        { "long double _Complex", COIL_NATIVE_COMPLEX },
        { "_cffi_float_complex_t", COIL_NATIVE_COMPLEX },
        { "_cffi_double_complex_t", COIL_NATIVE_COMPLEX },
    };
    COIL_OBJECT owner = NULL;
    const char *name = word_of(ctype, "cname", &owner);
    int negative;

    if (!name)
        return -1;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (strcmp(name, others[i].name) == 0) {
            *ret_kind = others[i].kind;
            return 0;
        }
    }
    negative = is_negative(d, ctype);
    *ret_kind = negative > 0 ? COIL_NATIVE_SIGNED : COIL_NATIVE_UNSIGNED;
    return negative < 0 ? -1 : 0;
}

static int add(struct description *d, enum coil_native_kind kind, PyObject *ctype, uint32_t repeat)
{
    int64_t size = kind == COIL_NATIVE_VOID ? 0 : measure(d, "sizeof", ctype);
    int64_t alignment = kind == COIL_NATIVE_STRUCT ? measure(d, "alignof", ctype) : 0;

    if (size < 0 || alignment < 0)
        return -1;
    if (d->count == ITEMS_MAX)
        return refuse(d);
    if (d->count == d->room) {
        void *grown = realloc(d->items, (d->room * 2u + 8u) * sizeof *d->items);

        if (!grown)
            return PyErr_NoMemory(), -1;
        d->items = grown;
        d->room = d->room * 2u + 8u;
    }
    d->items[d->count++] = (struct coil_native_item){
        .kind = kind, .size = (uint32_t)size, .alignment = (uint32_t)alignment, .repeat = repeat
    };
    return 0;
}

/* One field: arrays are so many of what they are made of. */
static int field_of(struct description *d, PyObject *field)
{
    COIL_OBJECT bits = PyObject_GetAttrString(field, "bitsize");
    COIL_OBJECT ctype = bits ? PyObject_GetAttrString(field, "type") : NULL;
    uint64_t repeat = 1;

    if (!ctype)
        return -1;
    if (PyLong_AsLong(bits) >= 0)
        return refuse(d);
    for (;;) {
        COIL_OBJECT owner = NULL;
        COIL_OBJECT length = NULL;
        COIL_OBJECT item = NULL;
        const char *kind = word_of(ctype, "kind", &owner);

        if (!kind)
            return -1;
        if (strcmp(kind, "array") != 0)
            return item_of(d, ctype, (uint32_t)repeat);
        length = PyObject_GetAttrString(ctype, "length");
        item = length ? PyObject_GetAttrString(ctype, "item") : NULL;
        if (!item)
            return -1;
        if (length == Py_None || PyLong_AsUnsignedLongLong(length) > ITEMS_MAX)
            return PyErr_Clear(), refuse(d);
        repeat *= PyLong_AsUnsignedLongLong(length);
        if (repeat > ITEMS_MAX)
            return refuse(d);
        Py_SETREF(ctype, coil_object_steal(&item));
    }
}

static int struct_of(struct description *d, PyObject *ctype, uint32_t repeat)
{
    COIL_OBJECT fields = PyObject_GetAttrString(ctype, "fields");
    COIL_OBJECT list = NULL;
    uint32_t at = d->count;

    if (!fields)
        return -1;
    list = fields == Py_None ? NULL : PySequence_List(fields);
    if (!list || PyList_GET_SIZE(list) == 0)
        return fields == Py_None || list ? refuse(d) : -1;
    if (add(d, COIL_NATIVE_STRUCT, ctype, repeat) < 0)
        return -1;
    d->items[at].fields = (uint32_t)PyList_GET_SIZE(list);
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(list); i++) {
        COIL_OBJECT field = PySequence_GetItem(PyList_GET_ITEM(list, i), 1); /* behind its name */

        if (!field || field_of(d, field) < 0)
            return -1;
    }
    return 0;
}

/* Adds a type to the description, with what it consists of.  -1 with an exception. */
static int item_of(struct description *d, PyObject *ctype, uint32_t repeat)
{
    COIL_OBJECT owner = NULL;
    const char *kind = word_of(ctype, "kind", &owner);
    enum coil_native_kind primitive;
    int r;

    if (!kind || Py_EnterRecursiveCall(" in the type of a callback"))
        return -1;
    if (strcmp(kind, "void") == 0)
        r = add(d, COIL_NATIVE_VOID, ctype, repeat);
    else if (strcmp(kind, "primitive") == 0 || strcmp(kind, "enum") == 0)
        r = primitive_kind(d, ctype, &primitive) < 0 ? -1 : add(d, primitive, ctype, repeat);
    else if (strcmp(kind, "struct") == 0)
        r = struct_of(d, ctype, repeat);
    else if (strcmp(kind, "union") == 0)
        r = refuse(d);
    else
        r = add(d, COIL_NATIVE_POINTER, ctype, repeat);
    Py_LeaveRecursiveCall();
    return r;
}

/* Everything that is to be known about a function pointer's type. */
static int describe(struct coil_local_function *f, PyObject *ffi, PyObject *ctype, PyObject *result,
                    PyObject *parameters)
{
    COIL_CLEANUP(description_deinit) struct description d = { .ffi = ffi, .ctype = ctype };
    struct coil_error error;
    int r;

    if (item_of(&d, result, 1) < 0)
        return -1;
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(parameters); i++)
        if (item_of(&d, PyTuple_GET_ITEM(parameters, i), 1) < 0)
            return -1;
    r = coil_native_new_plain(d.items, d.count, &f->native, &error);
    if (r == -ENOMEM)
        PyErr_NoMemory();
    return r == 0 ? 0 : r == -ENOMEM ? -1 : refuse(&d);
}

static int choose_converters(struct coil_local_function *f, PyObject *ffi, PyObject *result, PyObject *parameters)
{
    const struct coil_descriptor_function *signature = coil_native_signature(f->native);
    const struct coil_descriptor_value *places = coil_native_parameters(f->native);

    f->parameters = PyMem_Calloc(signature->parameter_count + 1u, sizeof *f->parameters);
    if (!f->parameters)
        return PyErr_NoMemory(), -1;
    for (; f->count < signature->parameter_count; f->count++)
        if (coil_converter_init_plain(&f->parameters[f->count], ffi, PyTuple_GET_ITEM(parameters, f->count),
                                      places[f->count].offset, places[f->count].size) < 0)
            return -1;
    return coil_converter_init_plain(&f->result, ffi, result, 0, signature->result_size);
}

/* ---- calls ---- */

/* Whatever happens in it: nothing of the function is used afterwards, which may have gone with its owner. */
static void run(void *data, void *call, void *result)
{
    struct coil_local_function *f = data;
    int error_number = errno;
    PyGILState_STATE state = PyGILState_Ensure();
    COIL_OBJECT owner = Py_NewRef(f->callee.owner);
    COIL_OBJECT callable = Py_XNewRef(f->callee.callable);
    COIL_OBJECT onerror = Py_XNewRef(f->callee.onerror);

    if (call && callable) {
        const struct coil_callee callee = { .descriptor = coil_native_signature(f->native),
                                            .parameters = f->parameters,
                                            .stride = sizeof *f->parameters,
                                            .result = &f->result,
                                            .identity = owner,
                                            .callable = callable,
                                            .onerror = !onerror || onerror == Py_None ? NULL : onerror,
                                            .error = f->error };

        (void)coil_dispatch_local(&callee, call, result, &error_number);
    }
    Py_CLEAR(onerror);
    Py_CLEAR(callable);
    Py_CLEAR(owner);
    PyGILState_Release(state);
    errno = error_number;
}

/* In CFFI's order, so that the same mistake is said first. */
static int check_callee(const struct coil_local_callee *callee)
{
    if (!PyCallable_Check(callee->callable)) {
        PyErr_Format(PyExc_TypeError, "expected a callable object, not %.200s", Py_TYPE(callee->callable)->tp_name);
        return -1;
    }
    if (callee->onerror != Py_None && !PyCallable_Check(callee->onerror)) {
        PyErr_Format(PyExc_TypeError, "expected a callable object for 'onerror', not %.200s",
                     Py_TYPE(callee->onerror)->tp_name);
        return -1;
    }
    return 0;
}

static int set_error(struct coil_local_function *f)
{
    f->error = PyMem_Calloc(1, f->result.size + 1);
    if (!f->error)
        return PyErr_NoMemory(), -1;
    return f->callee.error == Py_None ? 0 : coil_converter_to_c(&f->result, f->callee.error, f->error);
}

struct coil_local_function *coil_local_function_new(PyObject *ffi, PyObject *ctype,
                                                    const struct coil_local_callee *callee)
{
    COIL_OBJECT result = PyObject_GetAttrString(ctype, "result");
    COIL_OBJECT parameters = result ? PyObject_GetAttrString(ctype, "args") : NULL;
    COIL_OBJECT variadic = parameters ? PyObject_GetAttrString(ctype, "ellipsis") : NULL;
    COIL_CLEANUP(local_function_freep) struct coil_local_function *f = NULL;
    struct coil_local_function *made;
    struct coil_error error;

    if (!variadic || check_callee(callee) < 0)
        return NULL;
    if (variadic == Py_True)
        return refuse(&(struct description){ .ctype = ctype }), NULL;
    f = PyMem_Calloc(1, sizeof *f);
    if (!f)
        return PyErr_NoMemory(), NULL;
    f->callee = *callee;
    if (describe(f, ffi, ctype, result, parameters) < 0 || choose_converters(f, ffi, result, parameters) < 0 ||
        set_error(f) < 0)
        return NULL;
    if (coil_closure_new(f->native, run, f, &f->closure, &f->code, &error) < 0)
        return PyErr_Format(PyExc_MemoryError, "ffi.callback(): %s", error.text), NULL;
    made = f;
    f = NULL;
    return made;
}
