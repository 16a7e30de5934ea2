/*
 * Where pointers lie in what ffi.new() makes.
 *
 * A daemon of several users lets a program change the numbers in objects that Python has made for it, and
 * nothing that Python follows (daemon/worker/mirror.c).  What is what, the type says: it is asked for by the names that
 * every Python code can use, and what was found is kept for each type.
 *
 * With the GIL.
 */
#include "daemon/host/object.h"

#include "daemon/host/layout.h"

#include <string.h>

#define WORD sizeof(void *)
#define BITS 64u

static PyObject *known; /* from types to layouts, as bytes */

/* What has been found so far. */
struct search {
    PyObject *backend_ffi;
    uint64_t pointers;
    bool is_unknown; /* there is one beyond the bits */
};

static bool is_kind(PyObject *ctype, const char *kind)
{
    COIL_OBJECT value = PyObject_GetAttrString(ctype, "kind");

    return value && PyUnicode_Check(value) && PyUnicode_CompareWithASCIIString(value, kind) == 0;
}

/* -1 with an exception. */
static Py_ssize_t size_of(const struct search *s, PyObject *ctype)
{
    COIL_OBJECT size = PyObject_CallMethod(s->backend_ffi, "sizeof", "O", ctype);

    return size ? PyLong_AsSsize_t(size) : -1;
}

static void mark(struct search *s, size_t begin, size_t end)
{
    for (size_t word = begin / WORD; word * WORD < end; word++) {
        if (word >= BITS)
            s->is_unknown = true;
        else
            s->pointers |= UINT64_C(1) << word;
    }
}

static int search(struct search *s, PyObject *ctype, size_t offset);

static int search_fields(struct search *s, PyObject *ctype, size_t offset)
{
    COIL_OBJECT fields = PyObject_GetAttrString(ctype, "fields");
    Py_ssize_t count = fields && PyList_Check(fields) ? PyList_GET_SIZE(fields) : 0;

    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *pair = PyList_GET_ITEM(fields, i);
        COIL_OBJECT type = PyObject_GetAttrString(PyTuple_GET_ITEM(pair, 1), "type");
        COIL_OBJECT at = PyObject_GetAttrString(PyTuple_GET_ITEM(pair, 1), "offset");

        if (!type || !at || search(s, type, offset + PyLong_AsSize_t(at)) < 0)
            return -1;
    }
    return fields ? 0 : -1;
}

/* Of a union nobody knows what is in it: all of it may be a pointer, if anything may. */
static int search_union(struct search *s, PyObject *ctype, size_t offset)
{
    struct search inner = { .backend_ffi = s->backend_ffi };
    Py_ssize_t size = size_of(s, ctype);

    if (size < 0 || search_fields(&inner, ctype, 0) < 0)
        return -1;
    if (inner.pointers || inner.is_unknown)
        mark(s, offset, offset + (size_t)size);
    return 0;
}

static int search_array(struct search *s, PyObject *ctype, size_t offset)
{
    struct search inner = { .backend_ffi = s->backend_ffi };
    COIL_OBJECT item = PyObject_GetAttrString(ctype, "item");
    COIL_OBJECT length = PyObject_GetAttrString(ctype, "length");
    Py_ssize_t size = item ? size_of(s, item) : -1, count = 0;

    if (size < 0 || !length || search(&inner, item, 0) < 0)
        return -1;
    if (!inner.pointers && !inner.is_unknown)
        return 0;
    if (length == Py_None)
        s->is_unknown = true;
    else
        count = PyLong_AsSsize_t(length);
    for (Py_ssize_t i = 0; i < count && !s->is_unknown; i++)
        if (search(s, item, offset + (size_t)(i * size)) < 0)
            return -1;
    return 0;
}

/* Adds the pointers of a value of this type.  -1 with an exception. */
static int search(struct search *s, PyObject *ctype, size_t offset)
{
    if (is_kind(ctype, "pointer") || is_kind(ctype, "function")) {
        mark(s, offset, offset + WORD);
        return 0;
    }
    if (is_kind(ctype, "struct"))
        return search_fields(s, ctype, offset);
    if (is_kind(ctype, "union"))
        return search_union(s, ctype, offset);
    if (is_kind(ctype, "array"))
        return search_array(s, ctype, offset);
    return PyErr_Occurred() ? -1 : 0;
}

static int layout_find(PyObject *backend_ffi, PyObject *ctype, struct coil_host_layout *ret_layout)
{
    COIL_OBJECT item = PyObject_GetAttrString(ctype, "item");
    struct search s = { .backend_ffi = backend_ffi };
    Py_ssize_t size;

    if (!item || search(&s, item, 0) < 0)
        return -1;
    *ret_layout = (struct coil_host_layout){ .pointers = s.is_unknown ? UINT64_MAX : s.pointers };
    if (s.is_unknown || !s.pointers)
        return 0;
    size = size_of(&s, item);
    if (size < 0)
        return -1;
    ret_layout->size = (uint32_t)size;
    ret_layout->repeats = is_kind(ctype, "array");
    return 0;
}

int coil_layout_of(PyObject *backend_ffi, PyObject *ctype, struct coil_host_layout *ret_layout)
{
    COIL_OBJECT fresh = NULL;
    PyObject *found;

    if (!known && !(known = PyDict_New()))
        return -1;
    found = PyDict_GetItemWithError(known, ctype);
    if (found) {
        memcpy(ret_layout, PyBytes_AS_STRING(found), sizeof *ret_layout);
        return 0;
    }
    if (PyErr_Occurred() || layout_find(backend_ffi, ctype, ret_layout) < 0)
        return -1;
    fresh = PyBytes_FromStringAndSize((const char *)ret_layout, sizeof *ret_layout);
    return fresh ? PyDict_SetItem(known, ctype, fresh) : -1;
}
