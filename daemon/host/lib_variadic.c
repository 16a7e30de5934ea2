/*
 * lib.f of a C function like printf().
 *
 * As with CFFI, arguments beyond the declared ones must be cdata, because nothing else says what C is to find there;
 * small integers become int and float becomes double, as C does it.  The declared arguments travel in the function's
 * frame, the others behind it with their types, and the program calls through libffi.
 *
 * Nothing is said of what pointers among them lead to.  They may lead anywhere but into Python's own memory; a string
 * there is copied.
 *
 * With the GIL, which the embedder gives up while the C function runs.
 */
#include "daemon/host/object.h"

#include "daemon/host/lib_variadic.h"

#include <string.h>

#include "daemon/host/backend.h"
#include "daemon/host/program.h"
#include "daemon/host/start.h"
#include "proto/ring.h"

#define VALUE_SIZE 16u
#define RESULT_LOCAL 64u

/* One call on its way. */
struct call {
    struct coil_host_module *module;
    const struct coil_signature *signature;
    const char *what;
    struct coil_host_program *program;
    struct coil_outgoing outgoing;
    uint32_t extra; /* arguments beyond the declared ones */
    char *frame;    /* aligned; owned */
    char *payload;  /* as COIL_ASK_VARIADIC says; owned */
    char *result;   /* owned */
};

static void call_deinit(struct call *call)
{
    coil_outgoing_deinit(&call->outgoing);
    PyMem_Free(call->frame);
    PyMem_Free(call->payload);
    PyMem_Free(call->result);
}

static size_t frame_room(const struct call *call)
{
    return (call->signature->descriptor->call_size + 7u) & ~(size_t)7;
}

static size_t payload_size(const struct call *call)
{
    return 4 + 4 * (size_t)call->extra + frame_room(call) + VALUE_SIZE * (size_t)call->extra;
}

/* ---- one argument beyond the declared ones ---- */

/* Stores it as a value of the type that is named. */
static int store_as(const struct call *call, PyObject *object, const char *type, char *value)
{
    COIL_OBJECT ctype = PyObject_CallMethod(call->module->backend_ffi, "typeof", "s", type);

    return ctype && coil_backend_to_c(value, ctype, object) >= 0 ? 0 : -1;
}

static int refuse(const struct call *call, Py_ssize_t number, const char *why)
{
    PyErr_Format(PyExc_TypeError, "%s: argument %zd passed in the variadic part %s", call->what, number + 1, why);
    return -1;
}

/* Numbers: *ret_type is how C passes them. */
static int store_number(struct call *call, PyObject *object, PyObject *ctype, Py_ssize_t number, uint32_t *ret_type,
                        char *value)
{
    COIL_OBJECT name = PyObject_GetAttrString(ctype, "cname");
    COIL_OBJECT size_object = PyObject_CallMethod(call->module->backend_ffi, "sizeof", "O", ctype);
    const char *text = name ? PyUnicode_AsUTF8(name) : NULL;
    size_t size = size_object ? PyLong_AsSize_t(size_object) : 0;

    if (!text || PyErr_Occurred())
        return -1;
    if (strcmp(text, "float") == 0 || strcmp(text, "double") == 0) {
        *ret_type = COIL_PRIM_DOUBLE;
        return store_as(call, object, "double", value);
    }
    if (strcmp(text, "long double") == 0) {
        *ret_type = COIL_PRIM_LONGDOUBLE;
        return coil_backend_to_c(value, ctype, object) < 0 ? -1 : 0;
    }
    if (strstr(text, "complex") || strstr(text, "_Complex"))
        return refuse(call, number, "cannot be a complex number");
    if (size < sizeof(int)) {
        *ret_type = COIL_PRIM_INT;
        return store_as(call, object, "int", value);
    }
    *ret_type = size == sizeof(int) ? COIL_PRIM_INT : COIL_PRIM_LONGLONG;
    return coil_backend_to_c(value, ctype, object) < 0 ? -1 : 0;
}

/* Does a pointer or an array lead to characters? */
static int leads_to_characters(PyObject *ctype)
{
    COIL_OBJECT item = PyObject_GetAttrString(ctype, "item");
    COIL_OBJECT name = item ? PyObject_GetAttrString(item, "cname") : NULL;
    const char *text = name ? PyUnicode_AsUTF8(name) : NULL;

    if (!text)
        return -1;
    return strcmp(text, "char") == 0 || strcmp(text, "signed char") == 0 || strcmp(text, "unsigned char") == 0;
}

/* Python's own memory: a string is copied for the call, anything else cannot cross. */
static int share(struct call *call, PyObject *ctype, Py_ssize_t number, char *value)
{
    const struct coil_host_callbacks *callbacks = coil_start_callbacks();
    uint64_t address;
    const char *text;
    int is_text;
    void *copy;

    memcpy(&address, value, sizeof address);
    if (!callbacks->is_shared || !address || callbacks->is_shared(call->program, address, 0))
        return 0;
    is_text = leads_to_characters(ctype);
    if (is_text < 0)
        return -1;
    if (!is_text)
        return refuse(call, number,
                      "leads to memory that only Python has, and nothing says how much is there: pass memory that "
                      "ffi.new() has made");
    text = (const char *)(uintptr_t)address;
    copy = coil_outgoing_allocate(&call->outgoing, strlen(text) + 1, true);
    if (!copy)
        return PyErr_NoMemory(), -1;
    memcpy(copy, text, strlen(text));
    memcpy(value, &copy, sizeof copy);
    return 0;
}

/* Pointers and arrays: the address. */
static int store_address(struct call *call, PyObject *object, PyObject *ctype, Py_ssize_t number, char *value)
{
    COIL_OBJECT any = PyObject_CallMethod(call->module->backend_ffi, "typeof", "s", "void *");
    void *address = NULL;

    if (!any || coil_backend_prepare_pointer(any, object, &address) < 0)
        return -1;
    memcpy(value, &address, sizeof address);
    return share(call, ctype, number, value);
}

static int store(struct call *call, PyObject *object, Py_ssize_t number, uint32_t *ret_type, char *value)
{
    COIL_OBJECT cdata = PyObject_GetAttrString(coil_backend_module(), "_CDataBase");
    int is_cdata = cdata ? PyObject_IsInstance(object, cdata) : -1;
    COIL_OBJECT ctype = is_cdata > 0 ? PyObject_CallMethod(call->module->backend_ffi, "typeof", "O", object) : NULL;
    COIL_OBJECT kind = ctype ? PyObject_GetAttrString(ctype, "kind") : NULL;
    const char *text = kind ? PyUnicode_AsUTF8(kind) : NULL;

    if (is_cdata == 0) {
        PyErr_Format(PyExc_TypeError,
                     "argument %zd passed in the variadic part needs to be a cdata object (got %.200s)", number + 1,
                     Py_TYPE(object)->tp_name);
        return -1;
    }
    if (!text)
        return -1;
    *ret_type = COIL_PRIM_COUNT;
    if (strcmp(text, "primitive") == 0 || strcmp(text, "enum") == 0)
        return store_number(call, object, ctype, number, ret_type, value);
    if (strcmp(text, "pointer") == 0 || strcmp(text, "array") == 0)
        return store_address(call, object, ctype, number, value);
    if (strcmp(text, "function") == 0)
        return coil_backend_to_c(value, ctype, object) < 0 ? -1 : 0;
    return refuse(call, number, "cannot be a struct or union: pass a pointer to it");
}

/* ---- the call ---- */

static int payload_fill(struct call *call, PyObject *const *extra, Py_ssize_t first)
{
    char *types = call->payload + 4, *frame = types + 4 * (size_t)call->extra;
    char *values = frame + frame_room(call);

    memcpy(call->payload, &call->extra, 4);
    memcpy(frame, call->frame, call->signature->descriptor->call_size);
    for (uint32_t i = 0; i < call->extra; i++) {
        _Alignas(max_align_t) char value[VALUE_SIZE] = { 0 };
        uint32_t type;

        if (store(call, extra[i], first + (Py_ssize_t)i, &type, value) < 0)
            return -1;
        memcpy(types + 4 * (size_t)i, &type, 4);
        memcpy(values + VALUE_SIZE * (size_t)i, value, VALUE_SIZE);
    }
    return 0;
}

static int check_count(const struct call *call, unsigned index, Py_ssize_t count)
{
    Py_ssize_t least = call->signature->descriptor->parameter_count;
    COIL_OBJECT ctype = NULL;
    COIL_OBJECT name = NULL;

    if (count < least) {
        ctype = coil_signature_ctype(call->module, index);
        name = ctype ? PyObject_GetAttrString(ctype, "cname") : NULL;
        if (name)
            PyErr_Format(PyExc_TypeError, "'%U' expects at least %zd arguments, got %zd", name, least, count);
        return -1;
    }
    if (payload_size(call) <= COIL_PAYLOAD_MAX - 8)
        return 0;
    PyErr_Format(PyExc_TypeError, "%s: %zd arguments are too many", call->what, count);
    return -1;
}

static PyObject *call_run(struct call *call, unsigned index, const struct coil_program_place *place)
{
    const struct coil_descriptor_function *row = call->signature->descriptor;
    struct coil_host_ask ask = { .kind = COIL_ASK_VARIADIC,
                                 .module = call->module,
                                 .number = index,
                                 .payload = call->payload,
                                 .payload_size = payload_size(call),
                                 .answer = call->result,
                                 .answer_size = row->result_size };
    int r = coil_program_ask(place, &ask, call->what);

    coil_outgoing_back(&call->outgoing, call->frame);
    return r < 0 ? NULL : call->signature->result.from_c(&call->signature->result, call->result);
}

PyObject *coil_lib_variadic_call(struct coil_host_module *module, unsigned index,
                                 const struct coil_signature *signature, const char *what, PyObject *const *arguments,
                                 Py_ssize_t count)
{
    uint32_t fixed = signature->descriptor->parameter_count;
    COIL_CLEANUP(call_deinit) struct call call = { .module = module, .signature = signature, .what = what };
    struct coil_program_place place;

    call.extra = count > (Py_ssize_t)fixed ? (uint32_t)count - fixed : 0;
    if (check_count(&call, index, count) < 0 || coil_program_current(what, &place) < 0)
        return NULL;
    call.program = place.program;
    call.frame = PyMem_Calloc(1, signature->descriptor->call_size + 1u);
    call.payload = PyMem_Calloc(1, payload_size(&call));
    call.result = PyMem_Calloc(1, signature->descriptor->result_size + 1u);
    if (!call.frame || !call.payload || !call.result)
        return PyErr_NoMemory();
    if (coil_signature_pack(module, signature, &place, arguments, call.frame, &call.outgoing) < 0 ||
        payload_fill(&call, arguments + fixed, fixed) < 0)
        return NULL;
    return call_run(&call, index, &place);
}
