/*
 * An interpreter that was started ahead of its program.
 *
 * Purpose: the program must not be able to tell it from one that starts now.  What an interpreter has when it has
 * started comes from its variables, and from files: those of the modules it has imported, pyvenv.cfg, and the *.pth files
 * in the folders of packages.  The variables are given to it, in C's environment and in Python's os.environ; which of them
 * may differ from those it was started with is the caller's affair.  If a file has changed since the start, or one has
 * come that would have been read, it says so and is not used.  Times of change (ctime) are compared, because installers set
 * times of modification as they like.
 *
 * What Python remembers of folders, in which it has found nothing, is forgotten.
 *
 * Called by the worker's link, before there are sessions, on the thread that has started Python.
 */
#include "daemon/host/object.h"

#include "daemon/host/adopt.h"

#include <errno.h>
#include <string.h>

#include "daemon/host/start.h"

/* adopt(variables, folder, began_ns): the file that has changed; None: it is done. */
static const char source[] =
    "import os, site, sys\n"
    "from _frozen_importlib_external import PathFinder\n"
    "\n"
    "def is_newer(path, began):\n"
    "    try:\n"
    "        return os.stat(path).st_ctime_ns >= began\n"
    "    except (OSError, TypeError, ValueError):\n"
    "        return False\n"
    "\n"
    "def read_files():\n"
    "    yield sys.executable\n"
    "    yield os.path.join(sys.prefix, 'pyvenv.cfg')\n"
    "    for module in list(sys.modules.values()):\n"
    "        yield getattr(module, '__dict__', {}).get('__file__')\n"
    "    for folder in site.getsitepackages() + [site.USER_SITE]:\n"
    "        if folder and os.path.isdir(folder):\n"
    "            yield folder\n"
    "            for name in os.listdir(folder):\n"
    "                if name.endswith('.pth'):\n"
    "                    yield os.path.join(folder, name)\n"
    "\n"
    "def forget_folders():\n"
    "    for path, finder in list(sys.path_importer_cache.items()):\n"
    "        if finder is None:\n"
    "            del sys.path_importer_cache[path]\n"
    "        elif hasattr(finder, 'invalidate_caches'):\n"
    "            finder.invalidate_caches()\n"
    "\n"
    "def adopt(variables, folder, began):\n"
    "    for path in read_files():\n"
    "        if path and is_newer(path, began):\n"
    "            return path\n"
    "    forget_folders()\n"
    "    for name in ('sitecustomize', 'usercustomize'):\n"
    "        if name not in sys.modules and PathFinder.find_spec(name):\n"
    "            return name\n"
    "    for name in set(os.environb) - set(variables) - {b'COIL_WORKER'}:\n"
    "        del os.environb[name]\n"
    "    for name, value in variables.items():\n"
    "        if os.environb.get(name) != value:\n"
    "            os.environb[name] = value\n"
    "    try:\n"
    "        os.chdir(folder or '/')\n"
    "    except OSError:\n"
    "        os.chdir('/')\n";

/* The function above. */
static PyObject *function_new(void)
{
    COIL_OBJECT globals = PyDict_New();
    COIL_OBJECT code = globals ? Py_CompileString(source, "<coil>", Py_file_input) : NULL;
    COIL_OBJECT done = NULL;

    if (!code || PyDict_SetItemString(globals, "__builtins__", PyEval_GetBuiltins()) < 0)
        return NULL;
    done = PyEval_EvalCode(code, globals, globals);
    return done ? Py_XNewRef(PyDict_GetItemString(globals, "adopt")) : NULL;
}

static PyObject *variables_new(const char *const *variables)
{
    COIL_OBJECT dict = PyDict_New();

    for (; dict && *variables; variables++) {
        const char *value = strchr(*variables, '=');
        COIL_OBJECT name = value ? PyBytes_FromStringAndSize(*variables, value - *variables) : NULL;
        COIL_OBJECT bytes = name ? PyBytes_FromString(value + 1) : NULL;

        if (value && (!bytes || !PyDict_SetDefault(dict, name, bytes))) /* the first of a name counts */
            return NULL;
    }
    return Py_XNewRef(dict);
}

/* With the GIL. */
static int adopt(const char *const *variables, const char *folder, struct coil_error *error)
{
    COIL_OBJECT function = function_new();
    COIL_OBJECT dict = function ? variables_new(variables) : NULL;
    COIL_OBJECT cwd = dict ? PyUnicode_DecodeFSDefault(folder) : NULL;
    COIL_OBJECT changed =
        cwd ? PyObject_CallFunction(function, "OOL", dict, cwd, (long long)coil_start_began_ns()) : NULL;
    const char *path;

    if (changed == Py_None)
        return 0;
    path = changed ? PyUnicode_AsUTF8(changed) : NULL;
    PyErr_Clear();
    if (changed)
        return coil_error_set(error, -ESTALE, "%.100s has changed since Python started", path ? path : "a file");
    return coil_error_set(error, -ENOMEM, "the program's variables could not be set");
}

int coil_adopt(const char *const *variables, const char *folder, struct coil_error *error)
{
    PyGILState_STATE state = PyGILState_Ensure();
    int result = adopt(variables, folder, error);

    PyGILState_Release(state);
    return result;
}
