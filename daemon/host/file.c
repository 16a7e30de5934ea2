/*
 * Python file objects as arguments of C functions that take a FILE *.
 *
 * In the program's own process _cffi_backend makes the FILE, as always.  Otherwise the program makes one of
 * the worker's open file and closes it at the end of the call; the file object remembers it for that long.
 *
 * sys.stdout and sys.stderr of a call have no file behind them: they are the program's own stdout and stderr, in both
 * modes.
 *
 * With the GIL.
 */
#include "daemon/host/object.h"

#include "daemon/host/file.h"

#include <stdio.h>
#include <string.h>

#include "daemon/host/start.h"
#include "daemon/host/text.h"
#include "daemon/host/thread.h"
#include "proto/ring.h"

#define REMEMBERED "__coil_FILE" /* attribute: (number of the call, address) */

static PyObject *io_base; /* io.IOBase */

static bool is_other_process(void)
{
    return coil_start_callbacks()->is_shared != NULL;
}

int coil_file_is_lent(PyObject *object)
{
    if (!io_base) {
        COIL_OBJECT io = PyImport_ImportModule("io");

        io_base = io ? PyObject_GetAttrString(io, "IOBase") : NULL;
        if (!io_base)
            return -1;
    }
    if (!is_other_process() && !coil_text_stream(object))
        return 0;
    return PyObject_IsInstance(object, io_base);
}

/* The number of the call that is being handled; 0: none that a FILE could be remembered for. */
static uint64_t call_number(const struct coil_program_place *place)
{
    const struct coil_host_thread *thread = coil_thread_current();

    return thread && thread->calls && place->caller == thread->caller ? thread->number : 0;
}

/* What the file object remembers of this very call; NULL, without an exception: nothing. */
static void *remembered(PyObject *file, uint64_t number)
{
    COIL_OBJECT entry = number ? PyObject_GetAttrString(file, REMEMBERED) : NULL;
    unsigned long long of = 0, address = 0;

    if (entry && PyTuple_Check(entry) && !PyArg_ParseTuple(entry, "KK", &of, &address))
        of = 0;
    PyErr_Clear();
    return of == number && number ? (void *)(uintptr_t)address : NULL;
}

static void remember(PyObject *file, uint64_t number, void *address)
{
    COIL_OBJECT entry = number ? Py_BuildValue("(KK)", (unsigned long long)number,
                                               (unsigned long long)(uintptr_t)address)
                               : NULL;

    if (entry)
        (void)PyObject_SetAttrString(file, REMEMBERED, entry);
    PyErr_Clear(); /* not every object lets itself be written on: it is asked for again then */
}

/* How C is to open it, as the file's own mode says: enum coil_file_mode.  -1 with an exception. */
static int mode_of(PyObject *file)
{
    COIL_OBJECT mode = PyObject_GetAttrString(file, "mode");
    const char *text = mode ? PyUnicode_AsUTF8(mode) : NULL;
    int kind;

    if (!text)
        return -1;
    kind = strchr(text, 'r') ? COIL_FILE_READ : strchr(text, 'a') ? COIL_FILE_APPEND : COIL_FILE_WRITE;
    return kind + (strchr(text, '+') ? 1 : 0);
}

/* Which fd, and how: what COIL_ASK_FILE takes. */
static int describe(PyObject *file, int32_t *ret_fd, uint32_t *ret_mode)
{
    int stream = coil_text_stream(file), mode = COIL_FILE_WRITE;

    *ret_fd = stream == COIL_HOST_STDOUT ? COIL_FILE_STDOUT : COIL_FILE_STDERR;
    if (!stream) {
        *ret_fd = PyObject_AsFileDescriptor(file);
        mode = *ret_fd < 0 ? -1 : mode_of(file);
    }
    *ret_mode = (uint32_t)mode;
    return mode < 0 ? -1 : 0;
}

static int ask(const struct coil_program_place *place, int32_t fd, uint32_t mode, void **ret_file)
{
    char payload[sizeof fd + sizeof mode];
    uint64_t address;
    struct coil_host_ask request = { .kind = COIL_ASK_FILE,
                                     .payload = payload,
                                     .payload_size = sizeof payload,
                                     .answer = &address,
                                     .answer_size = sizeof address };

    memcpy(payload, &fd, sizeof fd);
    memcpy(payload + sizeof fd, &mode, sizeof mode);
    if (coil_program_ask(place, &request, "a file for a C function") < 0)
        return -1;
    *ret_file = (void *)(uintptr_t)address;
    return 0;
}

int coil_file_lend(const struct coil_program_place *place, PyObject *file, void **ret_file)
{
    COIL_OBJECT flushed = PyObject_CallMethod(file, "flush", NULL);
    uint64_t number = call_number(place);
    uint32_t mode;
    int32_t fd;

    if (!flushed)
        return -1;
    *ret_file = remembered(file, number);
    if (*ret_file)
        return 0;
    if (describe(file, &fd, &mode) < 0)
        return -1;
    if (!is_other_process()) {
        *ret_file = fd == COIL_FILE_STDOUT ? stdout : stderr;
        return 0;
    }
    if (ask(place, fd, mode, ret_file) < 0)
        return -1;
    remember(file, number, *ret_file);
    return 0;
}
