/*
 * Text: what Python prints goes to the program that called, not to a descriptor
 * of this process.
 *
 * sys.stdout and sys.stderr are ordinary io.TextIOWrapper objects, so that all
 * that Python code does with them works; below them lies a small binary stream
 * of ours.  print() writes the text and the newline separately; so each thread
 * gathers a line before it hands it over, and no line is held longer than its
 * newline, a flush(), a switch to the other stream or the end of the call.
 * Text of threads that are in no call (Python's own threads) is gathered per
 * stream and handed over without a caller.
 *
 * The embedder's function may block in write(2) of a full pipe; the GIL is
 * released around it.  Buffers are touched with the GIL only, and are emptied
 * into a local copy first, so whoever writes meanwhile starts with an empty one.
 */
#include "daemon/host/object.h"

#include "daemon/host/text.h"

#include <string.h>

struct stream {
    enum coil_host_stream number;
};

static const struct coil_host_callbacks *sink;
static PyObject *stream_type; /* NULL: sys.stdout is not ours */
static Py_ssize_t stream_offset; /* of struct stream in the instances: behind what io's base class needs */
static struct coil_text_buffer orphans[2] = { { .stream = COIL_HOST_STDOUT }, { .stream = COIL_HOST_STDERR } };

static struct stream *stream_of(PyObject *self)
{
    return (struct stream *)((char *)self + stream_offset);
}

static void hand_over(struct coil_host_thread *thread, enum coil_host_stream stream, const char *text, size_t size)
{
    void *caller = thread ? thread->caller : NULL;

    Py_BEGIN_ALLOW_THREADS sink->write(caller, stream, text, size);
    Py_END_ALLOW_THREADS
}

static void buffer_flush(struct coil_host_thread *thread, struct coil_text_buffer *buffer)
{
    char bytes[COIL_TEXT_BUFFER_SIZE];
    size_t used = buffer->used;

    if (!used)
        return;
    memcpy(bytes, buffer->bytes, used);
    buffer->used = 0;
    hand_over(thread, buffer->stream, bytes, used);
}

static void buffer_append(struct coil_host_thread *thread, struct coil_text_buffer *buffer, const char *text,
                          size_t size)
{
    if (size > sizeof buffer->bytes - buffer->used) {
        /* Another thread may fill the orphans' buffer while this one hands its text over. */
        while (buffer->used)
            buffer_flush(thread, buffer);
    }
    if (size > sizeof buffer->bytes) {
        hand_over(thread, buffer->stream, text, size);
        return;
    }
    memcpy(buffer->bytes + buffer->used, text, size);
    buffer->used += size;
}

static void stream_put(enum coil_host_stream stream, const char *text, size_t size)
{
    struct coil_host_thread *thread = coil_thread_current();
    struct coil_text_buffer *buffer = thread ? &thread->text : &orphans[stream == COIL_HOST_STDERR];
    const char *newline = memrchr(text, '\n', size);
    size_t lines = newline ? (size_t)(newline - text) + 1 : 0;

    if (buffer->stream != stream) {
        buffer_flush(thread, buffer);
        buffer->stream = stream;
    }
    if (lines) {
        buffer_append(thread, buffer, text, lines);
        buffer_flush(thread, buffer);
    }
    if (size > lines)
        buffer_append(thread, buffer, text + lines, size - lines);
}

void coil_text_flush(struct coil_host_thread *thread)
{
    if (thread && thread->text.used)
        buffer_flush(thread, &thread->text);
}

static PyObject *stream_write(PyObject *self, PyObject *argument)
{
    Py_buffer view;

    if (PyObject_GetBuffer(argument, &view, PyBUF_SIMPLE) < 0)
        return NULL;
    if (view.len > 0)
        stream_put(stream_of(self)->number, view.buf, (size_t)view.len);
    PyBuffer_Release(&view);
    return PyLong_FromSsize_t(view.len);
}

static PyObject *stream_flush(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    struct coil_host_thread *thread = coil_thread_current();

    if (!thread)
        buffer_flush(NULL, &orphans[stream_of(self)->number == COIL_HOST_STDERR]);
    else if (thread->text.stream == stream_of(self)->number)
        coil_text_flush(thread);
    Py_RETURN_NONE;
}

static PyObject *stream_writable(PyObject *Py_UNUSED(self), PyObject *Py_UNUSED(ignored))
{
    Py_RETURN_TRUE;
}

static PyObject *stream_name(PyObject *self, void *Py_UNUSED(closure))
{
    return PyUnicode_FromString(stream_of(self)->number == COIL_HOST_STDOUT ? "<stdout>" : "<stderr>");
}

static PyObject *stream_mode(PyObject *Py_UNUSED(self), void *Py_UNUSED(closure))
{
    return PyUnicode_FromString("wb");
}

static PyMethodDef stream_methods[] = {
    { "write", stream_write, METH_O, "Write bytes to the calling program." },
    { "flush", stream_flush, METH_NOARGS, "Hand over an unfinished line." },
    { "writable", stream_writable, METH_NOARGS, "True." },
    { NULL, NULL, 0, NULL },
};

static PyGetSetDef stream_attributes[] = {
    { "name", stream_name, NULL, NULL, NULL },
    { "mode", stream_mode, NULL, NULL, NULL },
    { NULL, NULL, NULL, NULL, NULL },
};

/* The stream's type: derived from io's C base class, which brings closed, writelines, fileno, isatty and the
 * rest. */
static PyObject *stream_type_new(void)
{
    PyType_Slot slots[] = {
        { Py_tp_methods, stream_methods },
        { Py_tp_getset, stream_attributes },
        { 0, NULL },
    };
    PyType_Spec spec = { .name = "coil.ProgramStream", .flags = Py_TPFLAGS_DEFAULT, .slots = slots };
    COIL_OBJECT implementation = PyImport_ImportModule("_io");
    COIL_OBJECT io = PyImport_ImportModule("io");
    COIL_OBJECT base = implementation ? PyObject_GetAttrString(implementation, "_BufferedIOBase") : NULL;
    COIL_OBJECT interface = io ? PyObject_GetAttrString(io, "BufferedIOBase") : NULL;
    COIL_OBJECT bases = base ? PyTuple_Pack(1, base) : NULL;
    COIL_OBJECT type = NULL;
    COIL_OBJECT registered = NULL;

    if (!interface || !bases)
        return NULL;
    stream_offset = ((PyTypeObject *)base)->tp_basicsize;
    spec.basicsize = (int)(stream_offset + (Py_ssize_t)sizeof(struct stream));
    type = PyType_FromSpecWithBases(&spec, bases);
    registered = type ? PyObject_CallMethod(interface, "register", "O", type) : NULL;
    return registered ? coil_object_steal(&type) : NULL;
}

static int stream_install(PyObject *type, enum coil_host_stream number, const char *name, const char *original,
                          const char *errors)
{
    COIL_OBJECT io = PyImport_ImportModule("io");
    COIL_OBJECT wrapper_type = io ? PyObject_GetAttrString(io, "TextIOWrapper") : NULL;
    COIL_OBJECT raw = PyObject_CallNoArgs(type);
    COIL_OBJECT arguments = NULL;
    COIL_OBJECT options = Py_BuildValue("{s:s,s:s,s:s,s:O}", "encoding", "utf-8", "errors", errors, "newline", "\n",
                                        "write_through", Py_True);
    COIL_OBJECT text = NULL;
    COIL_OBJECT mode = PyUnicode_FromString("w");

    if (!wrapper_type || !raw || !options || !mode)
        return -1;
    stream_of(raw)->number = number;
    arguments = PyTuple_Pack(1, raw);
    text = arguments ? PyObject_Call(wrapper_type, arguments, options) : NULL;
    if (!text || PyObject_SetAttrString(text, "mode", mode) < 0 || PySys_SetObject(name, text) < 0 ||
        PySys_SetObject(original, text) < 0)
        return -1;
    return 0;
}

int coil_text_stream(PyObject *file)
{
    COIL_OBJECT buffer = stream_type ? PyObject_GetAttrString(file, "buffer") : NULL;
    PyObject *raw = buffer ? buffer : file;

    PyErr_Clear();
    return stream_type && Py_IS_TYPE(raw, (PyTypeObject *)stream_type) ? (int)stream_of(raw)->number : 0;
}

int coil_text_install(const struct coil_host_callbacks *callbacks)
{
    COIL_OBJECT type = stream_type_new();

    if (!type)
        return -1;
    sink = callbacks;
    stream_type = Py_NewRef(type);
    if (stream_install(type, COIL_HOST_STDOUT, "stdout", "__stdout__", "surrogateescape") < 0 ||
        stream_install(type, COIL_HOST_STDERR, "stderr", "__stderr__", "backslashreplace") < 0)
        return -1;
    return 0;
}
