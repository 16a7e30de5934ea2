/*
 * The Python module `coil`: what CFFI has no word for.
 *
 * `import coil` finds it through a finder at the end of sys.meta_path, so a file named coil.py, or a package, that
 * the user has is found before it, as if this module did not exist; and nobody pays for it who does not import it.
 *
 * With the GIL.
 */
#include "daemon/host/object.h"

#include "daemon/host/coil_module.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/host/backend.h"
#include "daemon/host/interrupt.h"
#include "daemon/host/module.h"
#include "daemon/host/program.h"
#include "daemon/host/session_type.h"
#include "daemon/host/start.h"
#include "proto/cleanup.h"
#include "proto/ring.h"
#include "proto/version.h"

static PyObject *coil_module; /* made at its first import */

/* ---- functions ---- */

static PyObject *on_open(PyObject *Py_UNUSED(self), PyObject *function)
{
    struct coil_host_module *module = coil_module_opening();

    if (!PyCallable_Check(function))
        return PyErr_Format(PyExc_TypeError, "coil.on_open() takes a function, not %.100s", Py_TYPE(function)->tp_name);
    if (!module)
        return PyErr_Format(PyExc_RuntimeError,
                            "coil.on_open() is for init code: no module is being initialised on this thread");
    if (!module->on_open)
        module->on_open = PyList_New(0);
    if (!module->on_open || PyList_Append(module->on_open, function) < 0)
        return NULL;
    return Py_NewRef(function);
}

/* Whoever takes a session may use it on other threads, which the program answers on a thread of its own. */
static PyObject *current(PyObject *Py_UNUSED(self), PyObject *Py_UNUSED(ignored))
{
    struct coil_host_ask ask = { .kind = COIL_ASK_SERVICE };
    struct coil_program_place place;

    if (coil_program_current("coil.current()", &place) < 0 || coil_program_ask(&place, &ask, "coil.current()") < 0)
        return NULL;
    return coil_session_new(place.program);
}

static PyObject *peer(PyObject *Py_UNUSED(self), PyObject *Py_UNUSED(ignored))
{
    struct coil_program_place place;

    return coil_program_current("coil.peer()", &place) < 0 ? NULL : coil_session_peer(place.program);
}

static PyObject *cwd(PyObject *Py_UNUSED(self), PyObject *Py_UNUSED(ignored))
{
    char path[COIL_PAYLOAD_MAX]; /* has to fit into a record */
    struct coil_host_ask ask = { .kind = COIL_ASK_CWD, .answer = path, .answer_size = sizeof path };
    struct coil_program_place place;

    if (coil_program_current("coil.cwd()", &place) < 0 || coil_program_ask(&place, &ask, "coil.cwd()") < 0)
        return NULL;
    return PyUnicode_DecodeFSDefaultAndSize(path, (Py_ssize_t)strnlen(path, ask.answer_size));
}

/* Adds "NAME=value"; what is no such thing is left out, as os.environ does it. */
static int environment_add(PyObject *dict, const char *entry)
{
    const char *equals = *entry ? strchr(entry + 1, '=') : NULL;
    COIL_OBJECT name = NULL;
    COIL_OBJECT value = NULL;

    if (!equals)
        return 0;
    name = PyUnicode_DecodeFSDefaultAndSize(entry, equals - entry);
    value = PyUnicode_DecodeFSDefault(equals + 1);
    if (!name || !value)
        return -1;
    return PyDict_Contains(dict, name) ? 0 : PyDict_SetItem(dict, name, value);
}

/* `size` bytes of texts, each with its NUL, that nobody else writes. */
static PyObject *environment_new(const char *texts, size_t size)
{
    COIL_OBJECT dict = PyDict_New();

    for (const char *at = texts; dict && at < texts + size; at += strlen(at) + 1)
        if (environment_add(dict, at) < 0)
            return NULL;
    return coil_object_steal(&dict);
}

/* The program may write what it has answered while it is read here, so a copy is read. */
static PyObject *environ_of_program(PyObject *Py_UNUSED(self), PyObject *Py_UNUSED(ignored))
{
    const struct coil_host_callbacks *callbacks = coil_start_callbacks();
    COIL_CLEANUP(coil_memory_free) char *copy = NULL;
    uint64_t answer[2]; /* address, size */
    struct coil_host_ask ask = { .kind = COIL_ASK_ENVIRON, .answer = answer, .answer_size = sizeof answer };
    struct coil_program_place place;

    if (coil_program_current("coil.environ()", &place) < 0 || coil_program_ask(&place, &ask, "coil.environ()") < 0)
        return NULL;
    if (answer[1] == 0)
        return PyDict_New();
    if (callbacks->is_shared && !callbacks->is_shared(place.program, answer[0], answer[1]))
        return PyErr_Format(PyExc_RuntimeError, "coil.environ(): the program's answer makes no sense");
    copy = malloc(answer[1] + 1);
    if (!copy)
        return PyErr_NoMemory();
    memcpy(copy, (const void *)(uintptr_t)answer[0], answer[1]);
    copy[answer[1]] = '\0';
    return environment_new(copy, answer[1]);
}

static PyMethodDef functions[] = {
    { "on_open", on_open, METH_O,
      "@coil.on_open\n\nCall the function once for every program that opens the module whose init code this is, the "
      "one "
      "whose call has run the init code included. It is called without arguments, as in a call of that program: "
      "lib, coil.current() and coil.peer() are the program's. If it raises, the module cannot be used by that "
      "program." },
    { "current", current, METH_NOARGS,
      "current()\n\nThe program that is being served: a coil.Session, which may be kept, and used on any thread: "
      "`with session:` makes lib the program's there. RuntimeError outside of calls." },
    { "peer", peer, METH_NOARGS, "peer()\n\nWho the program that is being served is: (pid, uid, gid)." },
    { "environ", environ_of_program, METH_NOARGS,
      "environ()\n\nThe environment variables of the program that is being served, as they are now: a new dict." },
    { "cwd", cwd, METH_NOARGS, "cwd()\n\nThe folder in which the program that is being served is now." },
    { NULL, NULL, 0, NULL },
};

static PyModuleDef definition = {
    .m_base = PyModuleDef_HEAD_INIT,
    .m_name = "coil",
    .m_doc = "The programs that call Python through coil.\n\n"
             "Python code that C programs call with coil's stub libraries may run in a process of its own, for many\n"
             "programs at once. This module tells them apart.",
    .m_size = -1,
    .m_methods = functions,
};

static PyObject *module_new(void)
{
    COIL_OBJECT module = PyModule_Create(&definition);
    PyObject *client_gone = coil_program_client_gone();
    PyObject *deadline_exceeded = coil_interrupt_exception();

    if (!module || !client_gone || !deadline_exceeded || coil_session_type_prepare(module) < 0 ||
        PyModule_AddObjectRef(module, "ClientGone", client_gone) < 0 ||
        PyModule_AddObjectRef(module, "DeadlineExceeded", deadline_exceeded) < 0 ||
        PyModule_AddStringConstant(module, "__version__", COIL_VERSION) < 0)
        return NULL;
    return coil_object_steal(&module);
}

/* ---- how it is found ---- */

static PyObject *finder_find_spec(PyObject *self, PyObject *arguments)
{
    PyObject *name, *path = NULL, *target = NULL;
    COIL_OBJECT machinery = NULL;

    if (!PyArg_ParseTuple(arguments, "O|OO", &name, &path, &target))
        return NULL;
    if (!PyUnicode_Check(name) || PyUnicode_CompareWithASCIIString(name, "coil") != 0)
        Py_RETURN_NONE;
    machinery = PyImport_ImportModule("_frozen_importlib");
    return machinery ? PyObject_CallMethod(machinery, "ModuleSpec", "OO", name, self) : NULL;
}

static PyObject *finder_create_module(PyObject *Py_UNUSED(self), PyObject *Py_UNUSED(spec))
{
    if (!coil_module)
        coil_module = module_new();
    return Py_XNewRef(coil_module);
}

static PyObject *finder_exec_module(PyObject *Py_UNUSED(self), PyObject *Py_UNUSED(module))
{
    Py_RETURN_NONE;
}

static PyMethodDef finder_methods[] = {
    { "find_spec", finder_find_spec, METH_VARARGS, "Finds the module coil." },
    { "create_module", finder_create_module, METH_O, "Makes it." },
    { "exec_module", finder_exec_module, METH_O, "It is ready." },
    { NULL, NULL, 0, NULL },
};

static PyType_Slot finder_slots[] = {
    { Py_tp_doc, "Finds the module coil, which is part of the host of this Python." },
    { Py_tp_methods, finder_methods },
    { 0, NULL },
};

static PyType_Spec finder_spec = {
    .name = "coil.Finder",
    .basicsize = sizeof(PyObject),
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = finder_slots,
};

int coil_import_offer(void)
{
    PyObject *finders = PySys_GetObject("meta_path");
    COIL_OBJECT type = PyType_FromSpec(&finder_spec);
    COIL_OBJECT finder = type ? PyObject_CallNoArgs(type) : NULL;

    if (!finder)
        return -1;
    if (!finders || !PyList_Check(finders)) {
        PyErr_SetString(PyExc_RuntimeError, "sys.meta_path is no list");
        return -1;
    }
    return PyList_Append(finders, finder);
}
