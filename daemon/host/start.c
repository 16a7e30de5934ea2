/*
 * Starting the interpreter as CFFI's embedding does: without signal handlers,
 * without argv, with `site` and the PYTHON* environment, and never finalised.
 *
 * `config->python` stands in for the program's name, from which CPython derives
 * everything: a virtual environment's interpreter has its pyvenv.cfg beside it.
 * The program's locale is set up as Py_InitializeEx() does it, but its
 * environment is left alone (no locale coercion), since it belongs to the
 * program.
 *
 * Called by the worker's start-up, and by the first call of any module in a
 * program, which several threads may make at once.
 */
#include "daemon/host/object.h"

#include "daemon/host/start.h"

#include <pthread.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "daemon/host/backend.h"
#include "daemon/host/coil_module.h"
#include "daemon/host/imports.h"
#include "daemon/host/text.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* taken without the GIL */
static bool started;
static bool ours; /* the interpreter was started here, not by the process itself */
static int64_t began_ns;
static struct coil_host_callbacks callbacks;
static bool is_system;

int64_t coil_start_began_ns(void)
{
    return began_ns;
}

bool coil_start_is_system(void)
{
    return is_system;
}

const struct coil_host_callbacks *coil_start_callbacks(void)
{
    return &callbacks;
}

static int status_error(PyStatus status, struct coil_error *error)
{
    return coil_error_set(error, -ENOEXEC, "Python %d.%d could not be started: %s%s%s", PY_MAJOR_VERSION,
                          PY_MINOR_VERSION, status.func ? status.func : "", status.func ? ": " : "",
                          status.err_msg ? status.err_msg : "it asked to exit");
}

static PyStatus config_fill(PyConfig *config, const char *python)
{
    PyStatus status;

    config->install_signal_handlers = 0;
    config->parse_argv = 0;
    config->configure_c_stdio = 0;
    if (!python)
        return PyStatus_Ok();
    status = PyConfig_SetBytesString(config, &config->program_name, python);
    if (!PyStatus_Exception(status))
        status = PyConfig_SetBytesString(config, &config->executable, python);
    return status;
}

static int interpreter_start(const char *python, struct coil_error *error)
{
    PyPreConfig before;
    PyConfig config;
    PyStatus status;

    if (python && access(python, X_OK) < 0)
        return coil_error_set(error, -ENOENT,
                              "the Python interpreter '%s' cannot be used: %m: check COIL_PYTHON, or PATH", python);
    PyPreConfig_InitPythonConfig(&before);
    before.parse_argv = 0;
    before.coerce_c_locale = 0;
    status = Py_PreInitialize(&before);
    if (PyStatus_Exception(status))
        return status_error(status, error);
    PyConfig_InitPythonConfig(&config);
    status = config_fill(&config, python);
    if (!PyStatus_Exception(status))
        status = Py_InitializeFromConfig(&config);
    PyConfig_Clear(&config);
    if (PyStatus_Exception(status))
        return status_error(status, error);
    return 0;
}

/*
 * A virtual environment of another Python is found just as well, but none of its
 * packages would be: better to say so than to let imports fail one by one.
 */
static int environment_check(struct coil_error *error)
{
    PyObject *prefix = PySys_GetObject("prefix");
    PyObject *base = PySys_GetObject("base_prefix");
    const char *folder = prefix ? PyUnicode_AsUTF8(prefix) : NULL;
    char packages[4096];

    if (!folder || !base || PyObject_RichCompareBool(prefix, base, Py_EQ) != 0) {
        PyErr_Clear();
        return 0;
    }
    (void)snprintf(packages, sizeof packages, "%s/lib/python%d.%d", folder, PY_MAJOR_VERSION, PY_MINOR_VERSION);
    if (access(packages, F_OK) == 0)
        return 0;
    return coil_error_set(
        error, -ELIBBAD,
        "the virtual environment '%.500s' was made for another Python than %d.%d, which coil was built "
        "for: name one made with Python %d.%d in COIL_PYTHON",
        folder, PY_MAJOR_VERSION, PY_MINOR_VERSION, PY_MAJOR_VERSION, PY_MINOR_VERSION);
}

/* Text goes to the embedder; a program that runs Python itself keeps its own streams. */
static int text_redirect(struct coil_error *error)
{
    if (!callbacks.write || coil_text_install(&callbacks) == 0)
        return 0;
    PyErr_Clear();
    return coil_error_set(error, -ENOMEM, "sys.stdout and sys.stderr could not be replaced");
}

static int module_offer(struct coil_error *error)
{
    if (coil_import_offer() == 0)
        return 0;
    PyErr_Clear();
    return coil_error_set(error, -ENOMEM, "the module 'coil' could not be made");
}

/* An embedder that wants to know of imports is told of those that are still to come. */
static int imports_watch(struct coil_error *error)
{
    if (!callbacks.imported || coil_imports_watch() == 0)
        return 0;
    PyErr_Clear();
    return coil_error_set(error, -ENOMEM, "sys.meta_path could not be extended");
}

/*
 * Whichever module imports `signal` first has SIGINT handled by Python, if nobody handles it, although the signals are
 * the program's.  So it is imported here, and SIGINT stays what it is.
 */
static int signals_keep(struct coil_error *error)
{
    struct sigaction action;
    COIL_OBJECT module = NULL;

    (void)sigaction(SIGINT, NULL, &action);
    module = PyImport_ImportModule("_signal");
    (void)sigaction(SIGINT, &action, NULL);
    if (module)
        return 0;
    PyErr_Clear();
    return coil_error_set(error, -ENOMEM, "Python's signals could not be set up");
}

/* What comes after the interpreter; with the GIL. */
static int surroundings_prepare(struct coil_error *error)
{
    int result = ours ? environment_check(error) : 0;

    if (result == 0 && ours)
        result = signals_keep(error);
    if (result == 0)
        result = coil_backend_load(error);
    if (result == 0)
        result = module_offer(error);
    if (result == 0 && ours)
        result = text_redirect(error);
    return result == 0 && ours ? imports_watch(error) : result;
}

/* With the lock, without the GIL.  A failed attempt leaves its interpreter to the next one. */
static int start_once(const struct coil_host_config *config, struct coil_error *error)
{
    PyGILState_STATE state;
    int result;

    if (config->callbacks)
        callbacks = *config->callbacks;
    is_system = config->is_system;
    if (!Py_IsInitialized()) {
        struct timespec now;

        (void)clock_gettime(CLOCK_REALTIME_COARSE, &now); /* the one that file systems use */
        began_ns = now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
        result = interpreter_start(config->python, error);
        if (result < 0)
            return result;
        ours = true;
        (void)PyEval_SaveThread();
    }
    state = PyGILState_Ensure();
    result = surroundings_prepare(error);
    PyGILState_Release(state);
    return result;
}

int coil_start(const struct coil_host_config *config, struct coil_error *error)
{
    /* Whoever waits for the lock must not hold the GIL, which the lock's owner needs. */
    PyThreadState *saved = Py_IsInitialized() && PyGILState_Check() ? PyEval_SaveThread() : NULL;
    int result = 0;

    (void)pthread_mutex_lock(&lock);
    if (!started)
        result = start_once(config, error);
    started = started || result == 0;
    (void)pthread_mutex_unlock(&lock);
    if (saved)
        PyEval_RestoreThread(saved);
    return result;
}

void coil_start_hold_up(void)
{
    (void)pthread_mutex_lock(&lock);
}

void coil_start_go_on(bool in_child)
{
    if (in_child)
        (void)pthread_mutex_init(&lock, NULL); /* another thread of the parent may have held it */
    else
        (void)pthread_mutex_unlock(&lock);
}
