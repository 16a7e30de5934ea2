/*
 * lib.f: a C function of the program, as Python sees it.
 *
 * The object is a built-in function, as CFFI's is, one per C function.  Calling it converts the arguments into the call
 * frame that the stub library has for this function, has the program run it, and converts the result; it says what
 * CFFI's generated wrappers say when arguments are missing or wrong.
 *
 * With the GIL, which the embedder gives up while the C function runs.
 */
#include "daemon/host/object.h"

#include "daemon/host/lib_function.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/host/lib_variadic.h"
#include "daemon/host/program.h"
#include "daemon/host/signature.h"
#include "daemon/host/start.h"
#include "proto/ring.h"

#define FRAME_LOCAL 256 /* bytes of a frame that is built on the stack */
#define RESULT_LOCAL 64

/* The `self` of the built-in function; it lives as long as that. */
struct function {
    PyObject_HEAD struct coil_host_module *module;
    unsigned index; /* in the descriptor's table of signatures */
    const struct coil_signature *signature;
    PyMethodDef definition;
    char *doc;     /* owned */
    char what[96]; /* "lib.f()", for messages */
};

static PyTypeObject *function_type;

static void memory_free(void *pointer)
{
    PyMem_Free(*(void **)pointer);
}

/* A result that points to Python's own memory, of which the program had a copy. */
static void result_to_own(const struct coil_signature *signature, const struct coil_outgoing *outgoing, char *result)
{
    uint64_t address;

    if (!outgoing->range_count || signature->result.size != sizeof address)
        return;
    memcpy(&address, result, sizeof address);
    address = coil_outgoing_own(outgoing, address);
    memcpy(result, &address, sizeof address);
}

/* Has the program run the function, on frames that are there. */
static PyObject *function_run(const struct function *f, PyObject *const *arguments, char *frame, char *result)
{
    const struct coil_signature *signature = f->signature;
    COIL_CLEANUP(coil_outgoing_deinit) struct coil_outgoing outgoing = { 0 };
    struct coil_host_ask ask = { .kind = COIL_ASK_RUN,
                                 .module = f->module,
                                 .number = f->index,
                                 .payload = frame,
                                 .payload_size = signature->descriptor->call_size,
                                 .answer = result,
                                 .answer_size = signature->descriptor->result_size };
    struct coil_program_place place;
    int r;

    if (coil_program_current(f->what, &place) < 0 ||
        coil_signature_pack(f->module, signature, &place, arguments, frame, &outgoing) < 0)
        return NULL;
    r = coil_program_ask(&place, &ask, f->what);
    coil_outgoing_back(&outgoing, frame);
    if (r < 0)
        return NULL;
    result_to_own(signature, &outgoing, result);
    return signature->result.from_c(&signature->result, result);
}

/* In another process a pointer of which nothing is said leads nowhere. */
static int result_check(const struct function *f)
{
    if (!coil_start_callbacks()->is_shared || f->signature->descriptor->result.crossing != COIL_CROSS_UNSAID)
        return 0;
    PyErr_Format(PyExc_ValueError,
                 "%s: its declaration does not say what the pointer it returns leads to: write [string], "
                 "[counted_by(n)], [sized_by(n)] or [opaque] at its result",
                 f->what);
    return -1;
}

static PyObject *function_call(const struct function *f, PyObject *const *arguments)
{
    const struct coil_descriptor_function *row = f->signature->descriptor;
    _Alignas(max_align_t) char frame[FRAME_LOCAL];
    _Alignas(max_align_t) char result[RESULT_LOCAL];
    COIL_CLEANUP(memory_free) char *large = NULL;
    size_t frame_size = (row->call_size + 15u) & ~(size_t)15u;

    if (result_check(f) < 0)
        return NULL;
    if (row->call_size <= sizeof frame && row->result_size <= sizeof result) {
        memset(frame, 0, row->call_size);
        return function_run(f, arguments, frame, result);
    }
    large = PyMem_Calloc(1, frame_size + row->result_size);
    return large ? function_run(f, arguments, large, large + frame_size) : PyErr_NoMemory();
}

/* ---- how Python calls it ---- */

static struct function *function_of(PyObject *self)
{
    return (struct function *)self;
}

static PyObject *call_without(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    return function_call(function_of(self), NULL);
}

static PyObject *call_one(PyObject *self, PyObject *argument)
{
    return function_call(function_of(self), &argument);
}

static PyObject *call_several(PyObject *self, PyObject *const *arguments, Py_ssize_t count, PyObject *names)
{
    const struct function *f = function_of(self);
    Py_ssize_t expected = f->signature->descriptor->parameter_count;

    if (names && PyTuple_GET_SIZE(names))
        return PyErr_Format(PyExc_TypeError, "%s() takes no keyword arguments", f->signature->name);
    if (count != expected)
        return PyErr_Format(PyExc_TypeError, "%s expected %zd arguments, got %zd", f->signature->name, expected, count);
    return function_call(f, arguments);
}

static PyObject *call_variadic(PyObject *self, PyObject *const *arguments, Py_ssize_t count, PyObject *names)
{
    const struct function *f = function_of(self);

    if (names && PyTuple_GET_SIZE(names))
        return PyErr_Format(PyExc_TypeError, "a cdata function cannot be called with keyword arguments");
    if (result_check(f) < 0)
        return NULL;
    return coil_lib_variadic_call(f->module, f->index, f->signature, f->what, arguments, count);
}

static void method_choose(struct function *f)
{
    f->definition.ml_name = f->signature->name;
    f->definition.ml_doc = f->doc;
    if (f->signature->descriptor->flags & COIL_FUNCTION_VARIADIC) {
        f->definition.ml_meth = (PyCFunction)(void (*)(void))call_variadic;
        f->definition.ml_flags = METH_FASTCALL | METH_KEYWORDS;
        return;
    }
    switch (f->signature->descriptor->parameter_count) {
    case 0:
        f->definition.ml_meth = call_without;
        f->definition.ml_flags = METH_NOARGS;
        break;
    case 1:
        f->definition.ml_meth = call_one;
        f->definition.ml_flags = METH_O;
        break;
    default:
        f->definition.ml_meth = (PyCFunction)(void (*)(void))call_several;
        f->definition.ml_flags = METH_FASTCALL | METH_KEYWORDS;
        break;
    }
}

/* ---- making it ---- */

/* "int f(int);\n\nCFFI C function from NAME.lib", as CFFI has it: the type's name with the function's in its middle. */
static char *doc_new(struct coil_host_module *module, unsigned index, const char *name)
{
    static const char place[] = "(* #)";
    COIL_OBJECT ctype = coil_signature_ctype(module, index);
    COIL_OBJECT text = ctype ? PyObject_CallMethod(module->backend_ffi, "getctype", "Os", ctype, "#") : NULL;
    const char *whole = text ? PyUnicode_AsUTF8(text) : NULL;
    const char *at = whole ? strstr(whole, place) : NULL;
    size_t size;
    char *doc;

    if (!whole)
        return NULL;
    if (!at)
        at = whole + strlen(whole);
    size = strlen(whole) + strlen(name) + strlen(module->name) + 64;
    doc = malloc(size);
    if (!doc) {
        (void)PyErr_NoMemory();
        return NULL;
    }
    (void)snprintf(doc, size, "%.*s%s%s%s;\n\nCFFI C function from %s.lib", (int)(at - whole), whole,
                   at > whole && at[-1] == '*' ? "" : " ", name, *at ? at + strlen(place) : "", module->name);
    return doc;
}

static PyObject *function_repr(PyObject *self)
{
    return PyUnicode_FromFormat("<Lib object for '%s'>", function_of(self)->module->name);
}

static void function_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);

    free(function_of(self)->doc);
    PyObject_Free(self);
    Py_DECREF(type);
}

static PyType_Slot function_slots[] = {
    { Py_tp_repr, function_repr },
    { Py_tp_dealloc, function_dealloc },
    { 0, NULL },
};

/* The name is CFFI's, because it shows in repr() and in messages. */
static PyType_Spec function_spec = {
    .name = "_cffi_backend.Lib",
    .basicsize = sizeof(struct function),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = function_slots,
};

static struct function *function_new(struct coil_host_module *module, unsigned index)
{
    const struct coil_signature *signature = coil_signature_get(module, index);
    struct function *f;

    if (!function_type)
        function_type = (PyTypeObject *)PyType_FromSpec(&function_spec);
    if (!function_type || !signature)
        return NULL;
    f = PyObject_New(struct function, function_type);
    if (!f)
        return NULL;
    f->module = module;
    f->index = index;
    f->signature = signature;
    f->definition = (PyMethodDef){ NULL, NULL, 0, NULL };
    f->doc = doc_new(module, index, signature->name);
    (void)snprintf(f->what, sizeof f->what, "lib.%.80s()", signature->name);
    if (!f->doc) {
        Py_DECREF(f);
        return NULL;
    }
    method_choose(f);
    return f;
}

PyObject *coil_lib_function_new(struct coil_host_module *module, const struct coil_descriptor_global *global)
{
    COIL_OBJECT self = (PyObject *)function_new(module, global->entry);
    COIL_OBJECT name = self ? PyUnicode_FromString(module->name) : NULL;

    return name ? PyCFunction_NewEx(&function_of(self)->definition, self, name) : NULL;
}

bool coil_lib_function_check(PyObject *object, struct coil_host_module **ret_module, unsigned *ret_signature)
{
    PyObject *self = PyCFunction_Check(object) ? PyCFunction_GET_SELF(object) : NULL;

    if (!self || !function_type || !Py_IS_TYPE(self, function_type))
        return false;
    *ret_module = function_of(self)->module;
    *ret_signature = function_of(self)->index;
    return true;
}

PyObject *coil_lib_function_address(struct coil_host_module *module, const struct coil_descriptor_global *global)
{
    COIL_OBJECT ctype = coil_signature_ctype(module, global->entry);
    uint64_t address;
    struct coil_host_ask ask = { .kind = COIL_ASK_ADDRESS,
                                 .module = module,
                                 .number = global->entry,
                                 .answer = &address,
                                 .answer_size = sizeof address };
    struct coil_program_place place;
    char what[96];

    (void)snprintf(what, sizeof what, "addressof(lib, '%.60s')", coil_image_text(module->image, global->name));
    if (!ctype || coil_program_current(what, &place) < 0 || coil_program_ask(&place, &ask, what) < 0)
        return NULL;
    return coil_backend_from_pointer((void *)(uintptr_t)address, ctype);
}
