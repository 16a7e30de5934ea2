/*
 * coil.Session.
 *
 * A session stands for a program, and may be kept for longer than it lives.  `with session:` makes the program the
 * current one for the code inside.  What is current is a context variable, so that it is right in coroutines, and in
 * functions that are run in other threads with a copied context, too; its value is a chain of tuples (session,
 * how many calls were under way on the thread, the value before).
 *
 * With the GIL.
 */
#include "daemon/host/object.h"

#include "daemon/host/session_type.h"

#include <structmember.h>

#include "daemon/host/programs.h"
#include "daemon/host/start.h"
#include "daemon/host/thread.h"

struct session {
    PyObject_HEAD struct coil_host_program *program; /* counted */
};

static PyTypeObject *session_type;
static PyTypeObject *peer_type;
static PyObject *current; /* the context variable; NULL before the first `with` */

static struct session *session_of(PyObject *self)
{
    return (struct session *)self;
}

/* ---- what is current ---- */

/* The chain; Py_None if it is empty.  A new reference. */
static PyObject *chain_get(void)
{
    PyObject *chain = NULL;

    if (!current)
        return Py_NewRef(Py_None);
    if (PyContextVar_Get(current, Py_None, &chain) < 0)
        return NULL;
    return chain;
}

static int chain_set(PyObject *chain)
{
    COIL_OBJECT token = NULL;

    if (!current)
        current = PyContextVar_New("coil.session", NULL);
    token = current ? PyContextVar_Set(current, chain) : NULL;
    return token ? 0 : -1;
}

static size_t calls_under_way(void)
{
    const struct coil_host_thread *thread = coil_thread_current();

    return thread ? thread->calls : 0;
}

struct coil_host_program *coil_session_entered(void)
{
    COIL_OBJECT chain = NULL;

    if (!current)
        return NULL;
    chain = chain_get();
    if (!chain || chain == Py_None) {
        PyErr_Clear();
        return NULL;
    }
    if (calls_under_way() > PyLong_AsSize_t(PyTuple_GET_ITEM(chain, 1)))
        return NULL;
    return session_of(PyTuple_GET_ITEM(chain, 0))->program; /* the context keeps the chain */
}

static PyObject *session_enter(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    COIL_OBJECT before = chain_get();
    COIL_OBJECT calls = PyLong_FromSize_t(calls_under_way());
    COIL_OBJECT chain = before && calls ? PyTuple_Pack(3, self, calls, before) : NULL;

    if (!chain || chain_set(chain) < 0)
        return NULL;
    return Py_NewRef(self);
}

static PyObject *session_exit(PyObject *self, PyObject *Py_UNUSED(arguments))
{
    COIL_OBJECT chain = chain_get();

    if (!chain)
        return NULL;
    if (chain == Py_None || PyTuple_GET_ITEM(chain, 0) != self)
        return PyErr_Format(PyExc_RuntimeError, "this session is not the one that was made current last");
    if (chain_set(PyTuple_GET_ITEM(chain, 2)) < 0)
        return NULL;
    Py_RETURN_NONE;
}

/* ---- the program ---- */

static void peer_of(PyObject *self, struct coil_host_peer *ret_peer)
{
    coil_start_callbacks()->program_peer(session_of(self)->program, ret_peer);
}

PyObject *coil_session_peer(struct coil_host_program *program)
{
    COIL_OBJECT peer = PyStructSequence_New(peer_type);
    struct coil_host_peer facts;

    if (!peer)
        return NULL;
    coil_start_callbacks()->program_peer(program, &facts);
    PyStructSequence_SetItem(peer, 0, PyLong_FromUnsignedLongLong(facts.pid));
    PyStructSequence_SetItem(peer, 1, PyLong_FromUnsignedLongLong(facts.uid));
    PyStructSequence_SetItem(peer, 2, PyLong_FromUnsignedLongLong(facts.gid));
    for (Py_ssize_t i = 0; i < 3; i++)
        if (!PyStructSequence_GetItem(peer, i))
            return NULL;
    return coil_object_steal(&peer);
}

static PyObject *session_peer(PyObject *self, void *Py_UNUSED(closure))
{
    return coil_session_peer(session_of(self)->program);
}

static PyObject *session_gone(PyObject *self, void *Py_UNUSED(closure))
{
    struct coil_host_peer peer;

    peer_of(self, &peer);
    return PyBool_FromLong(peer.is_gone);
}

static PyObject *session_on_close(PyObject *self, PyObject *function)
{
    if (!PyCallable_Check(function))
        return PyErr_Format(PyExc_TypeError, "on_close() takes a function, not %.100s", Py_TYPE(function)->tp_name);
    if (coil_programs_on_close(session_of(self)->program, function) < 0)
        return NULL;
    return Py_NewRef(function);
}

static PyObject *session_repr(PyObject *self)
{
    struct coil_host_peer peer;

    peer_of(self, &peer);
    return PyUnicode_FromFormat("<coil.Session of process %llu%s>", (unsigned long long)peer.pid,
                                peer.is_gone ? ", which has ended" : "");
}

static Py_hash_t session_hash(PyObject *self)
{
    return _Py_HashPointer(session_of(self)->program);
}

static PyObject *session_compare(PyObject *self, PyObject *other, int operation)
{
    bool equal;

    if ((operation != Py_EQ && operation != Py_NE) || !Py_IS_TYPE(other, session_type))
        Py_RETURN_NOTIMPLEMENTED;
    equal = session_of(self)->program == session_of(other)->program;
    return PyBool_FromLong(equal == (operation == Py_EQ));
}

static void session_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);

    coil_start_callbacks()->program_unref(session_of(self)->program);
    PyObject_Free(self);
    Py_DECREF(type);
}

static PyMethodDef session_methods[] = {
    { "__enter__", session_enter, METH_NOARGS, "Make this program the current one: lib is the program's inside." },
    { "__exit__", session_exit, METH_VARARGS, "Make the program current that was so before." },
    { "on_close", session_on_close, METH_O,
      "on_close(f)\n\nCall f() once when the program has ended, whichever way, on a thread of the worker; functions "
      "that "
      "were given last are called first. What f prints goes to the daemon's log. Returns f. Where Python runs in the "
      "program's own process, nothing is called." },
    { NULL, NULL, 0, NULL },
};

static PyGetSetDef session_attributes[] = {
    { "peer", session_peer, NULL, "Who the program is, as the kernel knows it: (pid, uid, gid).", NULL },
    { "gone", session_gone, NULL, "Whether the program has ended.", NULL },
    { NULL, NULL, NULL, NULL, NULL },
};

static PyType_Slot session_slots[] = {
    { Py_tp_doc, "A program that calls Python. coil.current() returns it." },
    { Py_tp_methods, session_methods },
    { Py_tp_getset, session_attributes },
    { Py_tp_repr, session_repr },
    { Py_tp_hash, session_hash },
    { Py_tp_richcompare, session_compare },
    { Py_tp_dealloc, session_dealloc },
    { 0, NULL },
};

static PyType_Spec session_spec = {
    .name = "coil.Session",
    .basicsize = sizeof(struct session),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = session_slots,
};

static PyStructSequence_Field peer_fields[] = {
    { "pid", "process number" },
    { "uid", "user" },
    { "gid", "group" },
    { NULL, NULL },
};

static PyStructSequence_Desc peer_description = {
    .name = "coil.Peer",
    .doc = "Who a program is.",
    .fields = peer_fields,
    .n_in_sequence = 3,
};

int coil_session_type_prepare(PyObject *module)
{
    if (!session_type)
        session_type = (PyTypeObject *)PyType_FromSpec(&session_spec);
    if (!peer_type)
        peer_type = PyStructSequence_NewType(&peer_description);
    if (!session_type || !peer_type)
        return -1;
    if (PyModule_AddObjectRef(module, "Session", (PyObject *)session_type) < 0)
        return -1;
    return PyModule_AddObjectRef(module, "Peer", (PyObject *)peer_type);
}

PyObject *coil_session_new(struct coil_host_program *program)
{
    struct session *session = PyObject_New(struct session, session_type);

    if (!session)
        return NULL;
    session->program = coil_start_callbacks()->program_ref(program);
    return (PyObject *)session;
}
