/*
 * ffi.new() and ffi.new_allocator().
 *
 * What Python makes with ffi.new() a C program may get a pointer to, so it must lie in
 * memory that the program has, too.  In another process that is the heap.  The backend makes
 * cdata over memory of others' with its own ffi.new_allocator(), and everything that CFFI's ffi.new()
 * can do comes with that; so `ffi.new` is such an allocator, with a pair of C functions for
 * the memory.  In one process it is the backend's.
 *
 * An allocator that a user gives is the user's affair: its memory is wherever it is.
 *
 * With the GIL.
 */
#include "daemon/host/object.h"

#include "daemon/host/new.h"

#include "daemon/host/backend.h"
#include "daemon/host/keep.h"
#include "daemon/host/layout.h"
#include "daemon/host/start.h"
#include "daemon/host/stray.h"

static PyObject *void_pointer; /* the type; of whichever module asked first */

static PyObject *allocate(void *(*from)(size_t), PyObject *size)
{
    size_t bytes = PyLong_AsSize_t(size);
    void *memory;

    if (bytes == (size_t)-1 && PyErr_Occurred())
        return NULL;
    memory = from(bytes);
    if (!memory)
        return PyErr_Format(PyExc_MemoryError,
                            "ffi.new(): no room for %zu bytes in the memory that programs share with this Python",
                            bytes);
    return coil_backend_from_pointer(memory, void_pointer);
}

static PyObject *allocate_zeroed(PyObject *Py_UNUSED(self), PyObject *size)
{
    return allocate(coil_start_callbacks()->heap_allocate_zeroed, size);
}

static PyObject *allocate_uncleared(PyObject *Py_UNUSED(self), PyObject *size)
{
    return allocate(coil_start_callbacks()->heap_allocate, size);
}

static PyObject *release(PyObject *Py_UNUSED(self), PyObject *cdata)
{
    void *memory = coil_backend_to_pointer(cdata, void_pointer);

    if (!memory && PyErr_Occurred())
        return NULL;
    coil_keep_free(memory);
    Py_RETURN_NONE;
}

static PyMethodDef allocate_zeroed_definition = { "allocate", allocate_zeroed, METH_O, NULL };
static PyMethodDef allocate_uncleared_definition = { "allocate", allocate_uncleared, METH_O, NULL };
static PyMethodDef release_definition = { "release", release, METH_O, NULL };

/* An allocator of the backend's that takes its memory from the heap.  Clearing is ours: we know what is clear already.
 */
static PyObject *heap_allocator(PyObject *backend_ffi, bool clear)
{
    COIL_OBJECT allocate_function = NULL;
    COIL_OBJECT release_function = NULL;
    COIL_OBJECT method = NULL;

    if (!void_pointer)
        void_pointer = PyObject_CallMethod(backend_ffi, "typeof", "s", "void *");
    allocate_function = PyCFunction_New(clear ? &allocate_zeroed_definition : &allocate_uncleared_definition, NULL);
    release_function = PyCFunction_New(&release_definition, NULL);
    method = PyObject_GetAttrString(backend_ffi, "new_allocator");
    if (!void_pointer || !allocate_function || !release_function || !method)
        return NULL;
    return PyObject_CallFunctionObjArgs(method, allocate_function, release_function, Py_False, NULL);
}

/* ---- with programs of several users ---- */

/* Calls the allocator, and says for whom the object is and where its pointers lie.  `self`: the allocator, the backend's
 * ffi. */
static PyObject *allocate_described(PyObject *self, PyObject *arguments, PyObject *options)
{
    COIL_OBJECT cdata = PyObject_Call(PyTuple_GET_ITEM(self, 0), arguments, options);
    COIL_OBJECT ctype = cdata ? PyObject_CallMethod(PyTuple_GET_ITEM(self, 1), "typeof", "O", cdata) : NULL;
    struct coil_host_layout layout;
    void *memory;

    if (!ctype || coil_layout_of(PyTuple_GET_ITEM(self, 1), ctype, &layout) < 0)
        return NULL;
    memory = coil_backend_to_pointer(cdata, void_pointer);
    if (!memory && PyErr_Occurred())
        return NULL;
    coil_start_callbacks()->heap_describe(memory, coil_stray_program(), &layout);
    return coil_object_steal(&cdata);
}

static PyMethodDef allocate_described_definition = { "new", (PyCFunction)(void (*)(void))allocate_described,
                                                     METH_VARARGS | METH_KEYWORDS, NULL };

/* Where objects have owners, an allocator that says so; else the one given, which is taken. */
static PyObject *with_owners(PyObject *backend_ffi, PyObject *allocator)
{
    COIL_OBJECT inner = allocator;
    COIL_OBJECT self = NULL;

    if (!inner || !coil_start_is_system())
        return coil_object_steal(&inner);
    self = PyTuple_Pack(2, inner, backend_ffi);
    return self ? PyCFunction_New(&allocate_described_definition, self) : NULL;
}

PyObject *coil_new(PyObject *backend_ffi)
{
    return coil_start_callbacks()->heap_allocate ? with_owners(backend_ffi, heap_allocator(backend_ffi, true))
                                                 : PyObject_GetAttrString(backend_ffi, "new");
}

PyObject *coil_new_allocator(PyObject *backend_ffi, PyObject *arguments, PyObject *options)
{
    static char *keywords[] = { "alloc", "free", "should_clear_after_alloc", NULL };
    PyObject *alloc = Py_None, *free = Py_None;
    COIL_OBJECT method = NULL;
    int clear = 1;

    if (!PyArg_ParseTupleAndKeywords(arguments, options, "|OOi:new_allocator", keywords, &alloc, &free, &clear))
        return NULL;
    if (alloc == Py_None && free == Py_None && coil_start_callbacks()->heap_allocate)
        return with_owners(backend_ffi, heap_allocator(backend_ffi, clear));
    method = PyObject_GetAttrString(backend_ffi, "new_allocator");
    return method ? PyObject_Call(method, arguments, options) : NULL;
}
