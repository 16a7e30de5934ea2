/*
 * Handles: Python objects as `void *`.
 *
 * CFFI's handle is an address in Python's memory, and a wrong or stale one is a crash.  Here it is a
 * token: a number from a range of addresses where nothing is ever mapped, which
 * is looked up in a table.  Numbers are not used again, and begin at a random one, so that a handle of an earlier
 * worker, which the program may have kept, is not found.
 *
 * What ffi.new_handle() returns keeps the object alive, and the token ends with it, as with CFFI: it is a `void *` with
 * a destructor, and the destructor is the only owner of the object.  The garbage collector sees through it, so
 * `self.handle = ffi.new_handle(self)` is no leak.
 *
 * With the GIL.
 */
#include "daemon/host/object.h"

#include "daemon/host/handle.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/random.h>

#include "daemon/host/backend.h"
#include "daemon/host/owner.h"
#include "proto/window.h"

#define STEP 16u
#define TOKENS ((COIL_TOKENS_END - COIL_TOKENS_BEGIN) / STEP)
#define BUCKETS_FIRST 64u

/* The destructor of what new_handle() returned. */
struct handle {
    PyObject_HEAD uint64_t token;
    PyObject *object;    /* NULL: ended */
    struct coil_host_program *owner; /* counted; NULL: every program may use it */
    struct handle *next; /* in its bucket */
};

static PyTypeObject *handle_type;
static PyObject *void_pointer;
static struct handle **buckets; /* of the living, by token; the references belong to their cdata */
static size_t bucket_count;
static _Atomic size_t count; /* read without the GIL, too; relaxed: a number */
static uint64_t last_token; /* 0: none has been drawn */

static struct handle **bucket_of(uint64_t token)
{
    return &buckets[(token / STEP) & (bucket_count - 1)];
}

size_t coil_handle_count(void)
{
    return atomic_load_explicit(&count, memory_order_relaxed);
}

/* -1 with an exception. */
static int table_grow(void)
{
    size_t former = bucket_count;
    struct handle **table = buckets;

    buckets = PyMem_Calloc(former ? former * 2 : BUCKETS_FIRST, sizeof *buckets);
    if (!buckets) {
        buckets = table;
        (void)PyErr_NoMemory();
        return -1;
    }
    bucket_count = former ? former * 2 : BUCKETS_FIRST;
    for (size_t i = 0; i < former; i++)
        while (table[i]) {
            struct handle *handle = table[i];
            struct handle **bucket = bucket_of(handle->token);

            table[i] = handle->next;
            handle->next = *bucket;
            *bucket = handle;
        }
    PyMem_Free(table);
    return 0;
}

/* 0 with an exception. */
static uint64_t token_draw(void)
{
    uint64_t first;

    if (!last_token) {
        if (getrandom(&first, sizeof first, 0) != sizeof first) {
            (void)PyErr_SetFromErrno(PyExc_OSError);
            return 0;
        }
        last_token = COIL_TOKENS_BEGIN + first % TOKENS * STEP;
    }
    last_token += STEP;
    if (last_token >= COIL_TOKENS_END)
        last_token = COIL_TOKENS_BEGIN;
    return last_token;
}

/* The token means nothing any more; the object may go. */
static void handle_end(struct handle *handle)
{
    PyObject *object = handle->object;

    if (!object)
        return;
    for (struct handle **at = bucket_of(handle->token); *at; at = &(*at)->next)
        if (*at == handle) {
            *at = handle->next;
            (void)atomic_fetch_sub_explicit(&count, 1, memory_order_relaxed);
            break;
        }
    handle->object = NULL;
    coil_owner_put(handle->owner);
    handle->owner = NULL;
    Py_DECREF(object); /* last, since it may run any code */
}

static PyObject *handle_call(PyObject *self, PyObject *Py_UNUSED(arguments), PyObject *Py_UNUSED(options))
{
    handle_end((struct handle *)self);
    Py_RETURN_NONE;
}

static int handle_clear(PyObject *self)
{
    handle_end((struct handle *)self);
    return 0;
}

static int handle_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(((struct handle *)self)->object);
    return 0;
}

static void handle_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);

    PyObject_GC_UnTrack(self);
    handle_end((struct handle *)self);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyType_Slot handle_slots[] = {
    { Py_tp_call, handle_call },
    { Py_tp_traverse, handle_traverse },
    { Py_tp_clear, handle_clear },
    { Py_tp_dealloc, handle_dealloc },
    { 0, NULL },
};

static PyType_Spec handle_spec = {
    .name = "coil.Handle",
    .basicsize = sizeof(struct handle),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = handle_slots,
};

static int prepare(PyObject *backend_ffi)
{
    if (!handle_type)
        handle_type = (PyTypeObject *)PyType_FromSpec(&handle_spec);
    if (!void_pointer)
        void_pointer = PyObject_CallMethod(backend_ffi, "typeof", "s", "void *");
    return handle_type && void_pointer ? 0 : -1;
}

PyObject *coil_handle_new(PyObject *backend_ffi, PyObject *object)
{
    COIL_OBJECT owner = NULL;
    COIL_OBJECT cdata = NULL;
    struct handle *handle;
    uint64_t token;

    if (prepare(backend_ffi) < 0 || (coil_handle_count() >= bucket_count && table_grow() < 0))
        return NULL;
    token = token_draw();
    owner = token ? PyType_GenericAlloc(handle_type, 0) : NULL;
    cdata = owner ? coil_backend_from_pointer((void *)(uintptr_t)token, void_pointer) : NULL;
    if (!cdata)
        return NULL;
    handle = (struct handle *)owner;
    handle->token = token;
    handle->object = Py_NewRef(object);
    handle->owner = coil_owner_get();
    handle->next = *bucket_of(token);
    *bucket_of(token) = handle;
    (void)atomic_fetch_add_explicit(&count, 1, memory_order_relaxed);
    return PyObject_CallMethod(backend_ffi, "gc", "OO", cdata, owner);
}

PyObject *coil_handle_object(PyObject *backend_ffi, PyObject *cdata)
{
    struct handle *handle = NULL;
    uint64_t token;

    if (prepare(backend_ffi) < 0)
        return NULL;
    token = (uint64_t)(uintptr_t)coil_backend_to_pointer(cdata, void_pointer);
    if (!token) {
        if (!PyErr_Occurred())
            PyErr_SetString(PyExc_RuntimeError, "cannot use from_handle() on NULL pointer");
        return NULL;
    }
    if (token < COIL_TOKENS_BEGIN || token >= COIL_TOKENS_END)
        return PyErr_Format(PyExc_RuntimeError, "ffi.from_handle(): %p was not made by ffi.new_handle()",
                            (void *)(uintptr_t)token);
    if (buckets)
        for (handle = *bucket_of(token); handle && handle->token != token; handle = handle->next)
            ;
    if (!handle)
        return PyErr_Format(
            PyExc_RuntimeError,
            "ffi.from_handle(): the handle %p means nothing here: what ffi.new_handle() returned is gone "
            "(keep it as long as the handle is in use), or it was made by an earlier Python, or by "
            "another one",
            (void *)(uintptr_t)token);
    if (!coil_owner_allows(handle->owner, coil_start_is_system() ? coil_stray_program() : NULL))
        return PyErr_Format(PyExc_RuntimeError,
                            "ffi.from_handle(): the handle %p was made for another program: each has handles of its own",
                            (void *)(uintptr_t)token);
    return Py_NewRef(handle->object);
}
