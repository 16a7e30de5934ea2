/*
 * ffi.callback(), and Python's functions as function pointers of programs.
 *
 * In one process, a function pointer is the address of the backend's callback, and nothing of this is needed.  Where
 * programs are other processes, each function gets a slot (proto/slots.h), which is the same address in all of
 * them: here it leads to a C function (local_function.c), there to a closure that sends a frame, which arrives at
 * coil_callback_call().  The backend makes code in memory that is writable and executable; in a process that may not have
 * such memory, what it cannot make is a C function of that kind, too, at its own address.
 *
 * A frame needs to be described, and a type like `int(*)(const char *, int)` does not say how long what is.  The place
 * at which the pointer crosses to a program says it: a parameter, a field.  Until it has crossed one, it counts as
 * crossing where its module has this type, if it is described in one way only.
 *
 * What ffi.callback() returns is a cdata that holds the address, with a holder that frees the slot when the
 * cdata dies.  The holder takes part in Python's search for cycles.
 *
 * With the GIL, except for coil_callback_resolve().
 */
#include "daemon/host/object.h"

#include "daemon/host/callback.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "daemon/host/backend.h"
#include "daemon/host/dispatch.h"
#include "daemon/host/local_function.h"
#include "daemon/host/owner.h"
#include "daemon/host/pointer.h"
#include "daemon/host/program.h"
#include "daemon/host/signature.h"
#include "daemon/host/start.h"
#include "daemon/host/thread.h"
#include "proto/ring.h"
#include "proto/slots.h"

#define REQUEST "coil.callback" /* name of the capsule with the module */

struct holder {
    PyObject_HEAD PyObject *callable;
    PyObject *onerror; /* None: none */
    PyObject *error;   /* None: none */
    PyObject *ctype;
    struct coil_local_function *local; /* where calls from within this process get to; owned */
    uint32_t slot;                   /* 0: freed, or there are no slots */
    bool is_certain;                 /* it has crossed a place with its signature */
    struct coil_host_module *module; /* of `signature`; NULL: it is not known */
    unsigned signature;
    struct coil_host_program *program; /* that alone may call it; counted; NULL: all may */
    char *error_value; /* the result frame after an exception; NULL before the signature is known */
};

/* What a slot is.  Written with the GIL; of functions once and for all, before anybody has the address. */
struct slot {
    uint32_t number;       /* 0: nothing */
    struct holder *holder; /* borrowed; NULL: a function of `module` */
    struct coil_host_module *module;
    uint32_t function;
    struct coil_closure *closure;
    uint64_t code;
};

static struct slot slots[COIL_SLOTS];
static uint64_t area; /* where slots are; 0: not known yet */
static PyTypeObject *holder_type;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards making closures */

static struct slot *slot_of(uint32_t number)
{
    struct slot *slot = &slots[coil_slot_number_index(number)];

    return number && slot->number == number ? slot : NULL;
}

/* A new slot, or several that follow each other. */
static int slot_new(unsigned count, uint64_t *ret_address, uint32_t *ret_slot, struct coil_error *error)
{
    int r = coil_start_callbacks()->slot_new(count, ret_address, ret_slot, error);

    if (r == 0)
        area = *ret_address - (uint64_t)coil_slot_number_index(*ret_slot) * COIL_SLOT_SIZE;
    return r;
}

/* ---- holders ---- */

static struct holder *holder_of(PyObject *self)
{
    return (struct holder *)self;
}

static int holder_traverse(PyObject *self, visitproc visit, void *arg)
{
    struct holder *h = holder_of(self);

    Py_VISIT(Py_TYPE(self));
    Py_VISIT(h->callable);
    Py_VISIT(h->onerror);
    Py_VISIT(h->error);
    return 0;
}

static int holder_clear(PyObject *self)
{
    struct holder *h = holder_of(self);

    Py_CLEAR(h->callable);
    Py_CLEAR(h->onerror);
    Py_CLEAR(h->error);
    coil_local_function_clear(h->local);
    return 0;
}

static void holder_free_slot(struct holder *h)
{
    uint32_t number = h->slot;

    if (!number)
        return;
    h->slot = 0;
    slots[coil_slot_number_index(number)] = (struct slot){ 0 };
    coil_start_callbacks()->slot_free(number);
}

/* The cdata has died: this is its destructor. */
static PyObject *holder_call(PyObject *self, PyObject *Py_UNUSED(arguments), PyObject *Py_UNUSED(options))
{
    holder_free_slot(holder_of(self));
    Py_RETURN_NONE;
}

static void holder_dealloc(PyObject *self)
{
    struct holder *h = holder_of(self);
    PyTypeObject *type = Py_TYPE(self);

    PyObject_GC_UnTrack(self);
    holder_free_slot(h);
    (void)holder_clear(self);
    h->local = coil_local_function_free(h->local);
    Py_CLEAR(h->ctype);
    PyMem_Free(h->error_value);
    coil_owner_put(h->program);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyType_Slot holder_slots[] = {
    { Py_tp_traverse, holder_traverse },
    { Py_tp_clear, holder_clear },
    { Py_tp_dealloc, holder_dealloc },
    { Py_tp_call, holder_call },
    { 0, NULL },
};

static PyType_Spec holder_spec = {
    .name = "coil.Callback",
    .basicsize = sizeof(struct holder),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = holder_slots,
};

/* Gives it a slot that leads to its C function. */
static int holder_take_slot(struct holder *h, uint64_t *ret_address)
{
    struct coil_error failure;

    if (slot_new(1, ret_address, &h->slot, &failure) < 0) {
        PyErr_Format(PyExc_MemoryError, "ffi.callback(): %s", failure.text);
        return -1;
    }
    h->program = coil_owner_get();
    if (h->program)
        coil_start_callbacks()->slot_own(h->slot, h->program);
    slots[coil_slot_number_index(h->slot)] = (struct slot){ .number = h->slot, .holder = h };
    coil_start_callbacks()->slot_lead(h->slot, coil_local_function_code(h->local));
    return 0;
}

/* With a C function, to which a slot leads where there are slots. */
static PyObject *holder_new(PyObject *ffi, PyObject *ctype, PyObject *callable, PyObject *error, PyObject *onerror,
                            uint64_t *ret_address)
{
    COIL_OBJECT self = NULL;
    struct holder *h;

    if (!holder_type)
        holder_type = (PyTypeObject *)PyType_FromSpec(&holder_spec);
    self = holder_type ? holder_type->tp_alloc(holder_type, 0) : NULL;
    if (!self)
        return NULL;
    h = holder_of(self);
    h->callable = Py_NewRef(callable);
    h->onerror = Py_NewRef(onerror);
    h->error = Py_NewRef(error);
    h->ctype = Py_NewRef(ctype);
    h->local = coil_local_function_new(
        ffi, ctype, &(struct coil_local_callee){ .owner = self, .callable = callable, .error = error, .onerror = onerror });
    if (!h->local)
        return NULL;
    *ret_address = coil_local_function_code(h->local);
    return coil_start_callbacks()->slot_new && holder_take_slot(h, ret_address) < 0 ? NULL : coil_object_steal(&self);
}

/* ---- signatures ---- */

/* Do two programs say the same?  0: none. */
static bool expressions_equal(const struct coil_descriptor *image, uint32_t a, uint32_t b)
{
    const struct coil_descriptor_expression *x = coil_image_expressions(image) + a - 1;
    const struct coil_descriptor_expression *y = coil_image_expressions(image) + b - 1;

    if (a == b || !a || !b || a == COIL_COUNT_TO_NULL || b == COIL_COUNT_TO_NULL)
        return a == b;
    for (; x->operation == y->operation && x->operand == y->operand; x++, y++)
        if (x->operation == COIL_EXPRESSION_END)
            return true;
    return false;
}

static bool values_equal(const struct coil_descriptor *image, const struct coil_descriptor_value *a,
                         const struct coil_descriptor_value *b)
{
    return a->crossing == b->crossing && a->extent == b->extent && a->shape == b->shape &&
           a->signature == b->signature && expressions_equal(image, a->count, b->count) &&
           expressions_equal(image, a->length, b->length);
}

/* Two signatures of the same type: do the same things cross in the same way? */
static bool rows_equal(const struct coil_descriptor *image, unsigned a, unsigned b)
{
    const struct coil_descriptor_function *x = &coil_image_signatures(image)[a], *y = &coil_image_signatures(image)[b];

    if (!values_equal(image, &x->result, &y->result))
        return false;
    for (uint32_t i = 0; i < x->parameter_count; i++)
        if (!values_equal(image, &coil_image_values(image)[x->first_value + i],
                          &coil_image_values(image)[y->first_value + i]))
            return false;
    return true;
}

/* Enters the type of a function pointer's signature: its number, or None if another one says something else. */
static int type_enter(PyObject *types, const struct coil_host_module *module, unsigned signature)
{
    COIL_OBJECT ctype = coil_signature_ctype(module, signature);
    PyObject *found = ctype ? PyDict_GetItemWithError(types, ctype) : NULL;
    COIL_OBJECT number = NULL;

    if (!ctype || PyErr_Occurred())
        return -1;
    if (found == Py_None || (found && rows_equal(module->image, (unsigned)PyLong_AsUnsignedLong(found), signature)))
        return 0;
    number = found ? Py_NewRef(Py_None) : PyLong_FromUnsignedLong(signature);
    return number ? PyDict_SetItem(types, ctype, number) : -1;
}

/* The one signature that the module has for a type.  1: *ret_signature; 0: none, or several; -1 with an exception. */
static int signature_find(struct coil_host_module *module, PyObject *ctype, unsigned *ret_signature)
{
    const struct coil_descriptor_function *rows = coil_image_signatures(module->image);
    PyObject *found;

    if (!module->callback_types) {
        COIL_OBJECT types = PyDict_New();

        if (!types)
            return -1;
        for (uint32_t i = 0; i < module->image->signatures.count; i++)
            if (!*coil_image_text(module->image, rows[i].name) && type_enter(types, module, i) < 0)
                return -1;
        module->callback_types = coil_object_steal(&types);
    }
    found = PyDict_GetItemWithError(module->callback_types, ctype);
    if (!found || found == Py_None)
        return PyErr_Occurred() ? -1 : 0;
    *ret_signature = (unsigned)PyLong_AsUnsignedLong(found);
    return 1;
}

/* Gives the function a signature of its type, and tells programs.  -1 with an exception. */
static int holder_describe(struct holder *h, struct coil_host_module *module, unsigned signature)
{
    const struct coil_signature *s = coil_signature_get(module, signature);
    void *error = s ? PyMem_Calloc(1, s->descriptor->result_size + 1u) : NULL;

    if (!s)
        return -1;
    if (!error)
        return PyErr_NoMemory(), -1;
    if (h->error != Py_None && (coil_converter_to_c(&s->result, h->error, error) < 0 ||
                                (s->giver.gives && coil_stray_check_error(&s->giver, error) < 0))) {
        PyMem_Free(error);
        return -1;
    }
    PyMem_Free(h->error_value);
    h->error_value = error;
    h->module = module;
    h->signature = signature;
    coil_start_callbacks()->slot_describe(h->slot, module, false, signature);
    return 0;
}

/* Is the signature one of the function's type? */
static int holder_fits(const struct holder *h, const struct coil_host_module *module, unsigned signature)
{
    COIL_OBJECT ctype = coil_signature_ctype(module, signature);

    return ctype ? ctype == h->ctype : -1;
}

/* The pointer leads to no function that programs know. */
static int refuse(const struct coil_descriptor *image, const struct coil_descriptor_value *place, const char *why,
                  struct coil_error *error)
{
    const char *name = coil_image_text(image, place->name);

    return coil_error_set(error, -EFAULT, "%s%s%s %s", *name ? "'" : "", *name ? name : "the result", *name ? "'" : "",
                          why);
}

int coil_callback_cross(const struct coil_descriptor *image, const struct coil_descriptor_value *place,
                        struct coil_host_program *program, uint64_t address, struct coil_error *error)
{
    const struct coil_host_callbacks *callbacks = coil_start_callbacks();
    uint32_t index = area ? coil_slot_index(area, address) : 0;
    unsigned signature = place->signature - 1;
    struct holder *h = slots[index].holder;
    struct coil_host_module *module;

    if (!address || !callbacks->slot_new)
        return 0;
    if (index && !slots[index].number)
        return refuse(image, place,
                      "is a function pointer whose function Python has dropped: keep what ffi.callback() returned for "
                      "as long as C may call it",
                      error);
    if (h && !coil_owner_allows(h->program, program))
        return refuse(image, place, "is a function that Python has made for another program: make one for each of them",
                      error);
    if (!index && !callbacks->is_shared(program, address, 0))
        return refuse(image, place,
                      "is a C function in Python's process, which the program cannot call: make one with "
                      "ffi.callback()",
                      error);
    if (!h || h->is_certain)
        return 0;
    module = coil_module_of_image(image);
    if (!module || holder_fits(h, module, signature) <= 0 ||
        ((h->module != module || h->signature != signature) && holder_describe(h, module, signature) < 0))
        PyErr_Clear(); /* it was cast to another type: it stays what it is */
    else
        h->is_certain = true;
    return 0;
}

/* ---- ffi.callback() ---- */

/*
 * What the backend calls when the function has raised: `self` is the tuple (callable, onerror).  So what is reported
 * is the same, whoever has called.
 */
static PyObject *failed(PyObject *self, PyObject *arguments)
{
    PyObject *callable = PyTuple_GET_ITEM(self, 0), *onerror = PyTuple_GET_ITEM(self, 1);
    PyObject *type, *exception, *traceback;
    COIL_OBJECT second = NULL;

    if (!PyArg_UnpackTuple(arguments, "onerror", 3, 3, &type, &exception, &traceback))
        return NULL;
    if (traceback != Py_None && PyException_SetTraceback(exception, traceback) < 0)
        return NULL;
    if (onerror != Py_None) {
        PyObject *answer = PyObject_Call(onerror, arguments, NULL);

        if (answer)
            return answer;
        second = coil_compat_exception_take();
    }
    coil_dispatch_report(exception, callable, second, traceback == Py_None);
    Py_RETURN_NONE;
}

static PyMethodDef failed_definition = { "onerror", failed, METH_VARARGS, NULL };

/* The backend's own callback, where programs and Python are one process. */
static PyObject *backend_new(const struct coil_host_module *module, PyObject *type, PyObject *callable, PyObject *error,
                             PyObject *onerror)
{
    COIL_OBJECT request = PyTuple_Pack(2, callable, onerror);
    COIL_OBJECT handler = request ? PyCFunction_New(&failed_definition, request) : NULL;

    if (!handler)
        return NULL;
    if (onerror != Py_None && !PyCallable_Check(onerror))
        return PyErr_Format(PyExc_TypeError, "expected a callable object for 'onerror', not %.200s",
                            Py_TYPE(onerror)->tp_name);
    return PyObject_CallMethod(module->backend_ffi, "callback", "OOOO", type, callable, error, handler);
}

/*
 * The type of pointer that a callback has which is declared as `type`: a name or a type, of a function or of a pointer to
 * one.  The backend's own callback() knows: the decorator that it makes without a function carries it.
 */
static PyObject *callback_type(const struct coil_host_module *module, PyObject *type)
{
    COIL_OBJECT decorator = PyObject_CallMethod(module->backend_ffi, "callback", "O", type);
    COIL_OBJECT request = decorator ? PyObject_GetAttrString(decorator, "__self__") : NULL;
    COIL_OBJECT ctype = request ? PySequence_GetItem(request, 0) : NULL;
    COIL_OBJECT kind = ctype ? PyObject_GetAttrString(ctype, "kind") : NULL;
    COIL_OBJECT name = NULL;

    if (!kind)
        return NULL;
    if (PyUnicode_CompareWithASCIIString(kind, "function") == 0)
        return coil_object_steal(&ctype);
    name = PyObject_GetAttrString(ctype, "cname");
    return name ? PyErr_Format(PyExc_TypeError, "expected a function ctype, got '%S'", name) : NULL;
}

/* Made here, from end to end. */
static PyObject *own_new(struct coil_host_module *module, PyObject *type, PyObject *callable, PyObject *error,
                         PyObject *onerror)
{
    COIL_OBJECT ctype = callback_type(module, type);
    COIL_OBJECT holder = NULL;
    COIL_OBJECT number = NULL;
    COIL_OBJECT pointer = NULL;
    unsigned signature = 0;
    uint64_t address;
    int found = 0;

    holder = ctype ? holder_new(module->backend_ffi, ctype, callable, error, onerror, &address) : NULL;
    if (!holder)
        return NULL;
    if (holder_of(holder)->slot)
        found = signature_find(module, ctype, &signature);
    if (found < 0 || (found && holder_describe(holder_of(holder), module, signature) < 0))
        return NULL;
    number = PyLong_FromUnsignedLongLong(address);
    pointer = number ? PyObject_CallMethod(module->backend_ffi, "cast", "OO", ctype, number) : NULL;
    return pointer ? PyObject_CallMethod(module->backend_ffi, "gc", "OO", pointer, holder) : NULL;
}

static PyObject *callback_new(struct coil_host_module *module, PyObject *type, PyObject *callable, PyObject *error,
                              PyObject *onerror)
{
    PyObject *backend;

    if (coil_start_callbacks()->slot_new)
        return own_new(module, type, callable, error, onerror);
    backend = backend_new(module, type, callable, error, onerror);
    if (backend || !PyErr_ExceptionMatches(PyExc_MemoryError))
        return backend;
    PyErr_Clear(); /* it has no memory that is writable and executable */
    return own_new(module, type, callable, error, onerror);
}

/* The decorator: `self` is the tuple (module, type, error, onerror). */
static PyObject *decorate(PyObject *self, PyObject *callable)
{
    struct coil_host_module *module = PyCapsule_GetPointer(PyTuple_GET_ITEM(self, 0), REQUEST);

    return module ? callback_new(module, PyTuple_GET_ITEM(self, 1), callable, PyTuple_GET_ITEM(self, 2),
                                 PyTuple_GET_ITEM(self, 3))
                  : NULL;
}

static PyMethodDef decorator_definition = { "callback_decorator", decorate, METH_O, NULL };

PyObject *coil_callback_make(struct coil_host_module *module, PyObject *arguments, PyObject *options)
{
    static char *keywords[] = { "cdecl", "python_callable", "error", "onerror", NULL };
    PyObject *type, *callable = Py_None, *error = Py_None, *onerror = Py_None;
    COIL_OBJECT capsule = NULL;
    COIL_OBJECT request = NULL;

    if (!PyArg_ParseTupleAndKeywords(arguments, options, "O|OOO:callback", keywords, &type, &callable, &error,
                                     &onerror))
        return NULL;
    if (callable != Py_None)
        return callback_new(module, type, callable, error, onerror);
    capsule = PyCapsule_New(module, REQUEST, NULL);
    request = capsule ? PyTuple_Pack(4, capsule, type, error, onerror) : NULL;
    return request ? PyCFunction_New(&decorator_definition, request) : NULL;
}

/* ---- functions of the module ---- */

void coil_callback_functions(struct coil_host_module *module)
{
    uint32_t count = module->image->functions.count, number;
    struct coil_error error;

    if (!coil_start_callbacks()->slot_new || module->first_slot || !count ||
        slot_new(count, &module->functions_address, &number, &error) < 0)
        return; /* lib.NAME will say so */
    module->first_slot = number;
    for (uint32_t i = 0; i < count; i++) {
        slots[coil_slot_number_index(number) + i] =
            (struct slot){ .number = number + i, .module = module, .function = i };
        coil_start_callbacks()->slot_describe(number + i, module, true, i);
    }
}

/* Where the function is: its slot, or in the same process the stub's own. */
static int function_address(struct coil_host_module *module, unsigned function, uint64_t *ret_address)
{
    const char *name = module->functions[function].name;
    struct coil_host_ask ask = { .kind = COIL_ASK_FUNCTION,
                                 .module = module,
                                 .number = function,
                                 .answer = ret_address,
                                 .answer_size = sizeof *ret_address };
    const struct coil_program_place place = { 0 }; /* this process, in a call or not */
    char what[96];

    if (coil_start_callbacks()->slot_new) {
        *ret_address = module->functions_address + (uint64_t)function * COIL_SLOT_SIZE;
        if (!module->first_slot)
            PyErr_Format(PyExc_MemoryError,
                         "lib.%s: there are %d function pointers to Python functions already, and there can be no "
                         "more",
                         name, COIL_SLOTS - 1);
        return module->first_slot ? 0 : -1;
    }
    (void)snprintf(what, sizeof what, "lib.%.80s", name);
    return coil_program_ask(&place, &ask, what);
}

PyObject *coil_callback_function(struct coil_host_module *module, unsigned function)
{
    COIL_OBJECT ctype = coil_signature_pointer_ctype(module, module->functions[function].descriptor);
    uint64_t address;

    if (!ctype || function_address(module, function, &address) < 0)
        return NULL;
    return coil_backend_from_pointer((void *)(uintptr_t)address, ctype);
}

/* ---- calls ---- */

int coil_callback_call(struct coil_host_thread *thread, uint32_t number, struct coil_host_module *module,
                       unsigned signature, const void *call, void *result, int *inout_errno)
{
    struct slot *slot = slot_of(number);
    struct holder *h = slot ? slot->holder : NULL;
    COIL_OBJECT kept = Py_XNewRef((PyObject *)h);
    const struct coil_signature *s = h ? coil_signature_get(module, signature) : NULL;
    struct coil_callee callee;

    if (s && (h->module != module || h->signature != signature) &&
        (holder_fits(h, module, signature) <= 0 || (!h->module && holder_describe(h, module, signature) < 0)))
        s = NULL;
    if (!s) {
        PyErr_Clear();
        return COIL_HOST_NO_FUNCTION;
    }
    callee = (struct coil_callee){ .descriptor = s->descriptor,
                                   .parameters = &s->arguments->converter,
                                   .stride = sizeof *s->arguments,
                                   .result = &s->result,
                                   .giver = &s->giver,
                                   .identity = h,
                                   .callable = h->callable,
                                   .onerror = h->onerror == Py_None ? NULL : h->onerror,
                                   .error = h->error_value };
    return coil_dispatch_run(thread, &callee, call, result, inout_errno);
}

/* A function of the module is called from within this process: lib.NAME(...), or C code that has it from Python. */
static void run_function(void *data, void *call, void *result)
{
    const struct slot *slot = data;
    int error_number = errno;
    PyGILState_STATE state = PyGILState_Ensure();

    if (call)
        (void)coil_dispatch_nested(slot->module, slot->function, call, result, &error_number);
    PyGILState_Release(state);
    errno = error_number;
}

int coil_callback_resolve(uint32_t number, uint64_t *ret_code, struct coil_error *error)
{
    struct slot *slot = slot_of(number);
    const struct coil_native *native = NULL;
    int r = 0;

    if (!slot || slot->holder)
        return coil_error_set(error, -EFAULT,
                              "Python has dropped the function: keep what ffi.callback() returned for as long as it "
                              "may be called");
    (void)pthread_mutex_lock(&lock);
    if (!slot->closure) {
        r = coil_pointer_native(slot->module, slot->module->functions[slot->function].descriptor, &native, error);
        if (r == 0)
            r = coil_closure_new(native, run_function, slot, &slot->closure, &slot->code, error);
    }
    if (r == 0) {
        *ret_code = slot->code;
        coil_start_callbacks()->slot_lead(number, slot->code);
    }
    (void)pthread_mutex_unlock(&lock);
    return r;
}
