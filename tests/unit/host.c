/*
 * The host, in this process: modules open, errors are reported, text arrives,
 * threads keep their state.  Conversions: host_values.c.
 */
#include "tests/unit/host_embedder.h"

/* ---- ffi and lib ---- */

static const struct function_row surface_rows[] = {{"cb", T_INT, {T_INT}}, {"pt", T_POINT, {T_POINT}}};

static const char surface_code[] =
    "import sys, _cffi_backend\n"
    "from pkg.sub.surface import ffi, lib\n"
    "import pkg.sub.surface as module\n"
    "import pkg.sub\n"
    "assert pkg.sub.surface.ffi is ffi\n"
    "from pkg.sub.surface.lib import SIZE\n"
    "assert sys.modules['pkg.sub.surface.lib'] is lib and SIZE == 7\n"
    "def raises(kind, text, f, *a, **k):\n"
    "    try:\n"
    "        f(*a, **k)\n"
    "    except kind as e:\n"
    "        assert text in str(e), str(e)\n"
    "    else:\n"
    "        raise AssertionError('no ' + kind.__name__)\n"
    "def elsewhere(f, *a):\n" /* on a thread that runs no init code */
    "    import threading\n"
    "    found = []\n"
    "    def run():\n"
    "        try:\n"
    "            f(*a)\n"
    "        except RuntimeError as e:\n"
    "            found.append(e)\n"
    "    t = threading.Thread(target=run)\n"
    "    t.start()\n"
    "    t.join()\n"
    "    raise found[0]\n"
    "assert isinstance(ffi, _cffi_backend.FFI) and 'def_extern' in dir(ffi)\n"
    "assert (lib.BIG, lib.HUGE_ONE, lib.COLOR_RED, lib.COLOR_BLUE, lib.PI, lib.SIZE) == (-1, 2**64-1, -1, 5, "
    "3.5, 7)\n"
    "assert float(lib.LONG_PI) == 3.25 and ffi.typeof(lib.LONG_PI) is ffi.typeof('long double')\n"
    "assert dir(lib) == ['BIG', 'COLOR_BLUE', 'COLOR_RED', 'HUGE_ONE', 'LONG_PI', 'PI', 'SIZE', "
    "'c_function', 'c_variable'], dir(lib)\n"
    "assert lib.__name__ == 'pkg.sub.surface.lib' and repr(lib) == \"<Lib object for 'pkg.sub.surface'>\"\n"
    "assert ffi.sizeof('int[SIZE]') == 28 and ffi.sizeof('triple') == 12\n"
    "assert ffi.typeof('enum color').relements == {'COLOR_RED': -1, 'COLOR_BLUE': 5}\n"
    "assert ffi.list_types() == (['number', 'triple'], ['point'], []), ffi.list_types()\n"
    "assert ffi.integer_const('SIZE') == 7\n"
    "p = ffi.new('struct point *', {'x': 3, 'tag': b'q'})\n"
    "assert p.x == 3 and ffi.addressof(p, 'weight') == ffi.cast('char *', p) + ffi.offsetof('struct point', "
    "'weight')\n"
    "assert isinstance(p, ffi.CData) and ffi.NULL == ffi.cast('void *', 0)\n"
    "assert ffi.string(ffi.new('char[]', b'hi')) == b'hi' and bytes(ffi.buffer(p))[:1] == b'\\3'\n"
    "h = ffi.new_handle(p)\n"
    "assert ffi.from_handle(h) is p\n"
    "ffi.errno = 17\n"
    "assert ffi.errno == 17\n"
    "assert 'c_variable' not in lib.__all__ and 'c_function' in lib.__all__\n"
    "assert lib.c_function is lib.c_function and lib.c_function.__name__ == 'c_function'\n"
    "raises(RuntimeError, 'lib.c_function(): no program is being served here', elsewhere, lib.c_function)\n"
    "raises(RuntimeError, 'lib.c_variable: no program is being served here', elsewhere, lambda: lib.c_variable)\n"
    "raises(RuntimeError, 'lib.c_variable: no program is being served here', elsewhere, setattr, lib, "
    "'c_variable', 1)\n"
    "raises(AttributeError, \"cannot write to function or constant 'c_function'\", setattr, lib, 'c_function', 1)\n"
    "raises(AttributeError, \"cffi library 'pkg.sub.surface' has no function, constant or global variable "
    "named 'zork'\", lambda: lib.zork)\n"
    "raises(AttributeError, 'named', ffi.addressof, lib, 'zork')\n"
    "raises(AttributeError, \"cannot take the address of the constant 'SIZE'\", ffi.addressof, lib, 'SIZE')\n"
    "raises(AttributeError, \"cannot write to function or constant 'SIZE'\", setattr, lib, 'SIZE', 1)\n"
    "raises(AttributeError, 'deleted', delattr, lib, 'SIZE')\n"
    "raises(AttributeError, \"has no attribute 'foo'\", lambda: ffi.foo)\n"
    "raises(AttributeError, '', setattr, ffi, 'foo', 1)\n"
    "raises(AttributeError, '', setattr, ffi, 'def_extern', 1)\n"
    "f = lambda a: a\n"
    "raises(ffi.error, \"ffi.def_extern('nope'): no 'extern \\\"Python\\\"' function with this name\", "
    "ffi.def_extern(name='nope'), f)\n"
    "raises(ffi.error, 'c_function', ffi.def_extern('c_function'), f)\n"
    "raises(TypeError, 'expected a callable object, not int', ffi.def_extern('cb'), 5)\n"
    "raises(AttributeError, '__name__', ffi.def_extern(), 5)\n"
    "raises(TypeError, \"expected a callable object for 'onerror', not int\", ffi.def_extern('cb', "
    "onerror=5), f)\n"
    "raises(TypeError, 'integer', ffi.def_extern('cb', error='x'), f)\n"
    "raises(TypeError, 'keyword', ffi.def_extern, bad=1)\n"
    "raises(OverflowError, '', ffi.def_extern('cb', error=2**40), f)\n"
    "assert ffi.def_extern('cb', -3)(f) is f\n"
    "assert ffi.def_extern('pt', error={'x': 5})(f) is f\n";

static void test_surface(void **state)
{
    struct coil_host_module *module;
    int value = 0;

    (void)state;
    text_clear();
    error_value_calls = 0;
    module = module_open("pkg.sub.surface", surface_code, surface_rows, 2, 0);
    assert_int_equal(error_value_calls, 2);
    assert_int_equal(last_error_value, -3);
    api->enter(main_thread);
    api->error_value_get(module, 0, &value);
    api->leave(main_thread);
    assert_int_equal(value, -3);
    /* The same image is the same module, the same name with other code is not. */
    assert_ptr_equal(module_open("pkg.sub.surface", surface_code, surface_rows, 2, 0), module);
    (void)module_open("pkg.sub.surface", "", surface_rows, 2, -EEXIST);
}

/* ---- failures ---- */

static const struct function_row failure_rows[] = {
    {"f", T_INT, {T_INT}},  {"v", T_VOID, {0}}, {"b", T_BOOL, {T_BOOL}},
    {"nobody", T_INT, {0}}, {"e", T_INT, {0}},
};

static const char failure_code[] =
    "import sys\n"
    "from failing import ffi\n"
    "def onerror(kind, value, traceback):\n"
    "    print('ONERROR', kind.__name__, traceback is None)\n"
    "    return None if kind is KeyError else 77 if kind is not ValueError else 'bad'\n"
    "@ffi.def_extern(error=-5)\n"
    "def f(n):\n"
    "    if n == 0:\n"
    "        return 1 // n\n"
    "    if n == 1:\n"
    "        return 'text'\n"
    "    if n == 2:\n"
    "        sys.exit(3)\n"
    "    if n == 3:\n"
    "        raise KeyboardInterrupt\n"
    "    if n == 4:\n"
    "        ffi.def_extern('f', error=-6, onerror=onerror)(f)\n"
    "        return 1 // 0\n"
    "    if n == 5:\n"
    "        raise KeyError('k')\n"
    "    if n == 6:\n"
    "        raise ValueError('v')\n"
    "    if n == 7:\n"
    "        return 2 ** 70\n"
    "    if n == 8:\n"
    "        sys.stderr = None\n"
    "        ffi.def_extern('f')(f)\n"
    "        raise OSError\n"
    "    if n == 9:\n"
    "        raise OSError\n"
    "    if n == 10:\n"
    "        sys.stderr = sys.__stderr__\n"
    "        sys.unraisablehook = lambda u: print('HOOK', u.exc_type.__name__, u.err_msg)\n"
    "        raise OSError('o')\n"
    "    if n == 11:\n"
    "        sys.unraisablehook = sys.__unraisablehook__\n"
    "    return n\n"
    "@ffi.def_extern()\n"
    "def v():\n"
    "    return 5\n"
    "@ffi.def_extern()\n"
    "def b(x):\n"
    "    return x\n"
    "@ffi.def_extern()\n"
    "def e():\n"
    "    n = ffi.errno\n"
    "    ffi.errno = n + 1\n"
    "    return n\n";

static int failing_call(struct coil_host_module *module, int n, int *ret_value)
{
    char frame[SLOT];

    text_clear();
    PUT(frame, 0, int, n);
    return module_call(module, 0, frame, ret_value);
}

static void test_failures(void **state)
{
    struct coil_host_module *module = module_open("failing", failure_code, failure_rows, 5, 0);
    char frame[SLOT];
    unsigned char flag = 1;
    int value = 1;
    int number = 40;

    (void)state;
    assert_int_equal(failing_call(module, 0, &value), COIL_HOST_RAISED);
    assert_int_equal(value, -5);
    assert_text_has("E:From callback <function f at 0x");
    assert_text_has("    return 1 // n\n");
    assert_text_has("File \"<init code for 'failing'>\", line 9, in f\n");
    assert_text_has("ZeroDivisionError: ");
    assert_int_equal(failing_call(module, 1, &value), COIL_HOST_RAISED);
    assert_int_equal(value, -5);
    assert_text_has(", trying to convert the result back to C:\n");
    assert_text_has("TypeError: an integer is required\n");
    assert_int_equal(failing_call(module, 2, &value), COIL_HOST_RAISED);
    assert_text_has("SystemExit: 3\n");
    assert_int_equal(failing_call(module, 3, &value), COIL_HOST_RAISED);
    assert_text_has("KeyboardInterrupt\n");
    /* The running call keeps what it started with. */
    assert_int_equal(failing_call(module, 4, &value), COIL_HOST_RAISED);
    assert_int_equal(value, -5);
    assert_text_has("ZeroDivisionError: ");
    assert_int_equal(failing_call(module, 0, &value), COIL_HOST_RAISED);
    assert_int_equal(value, 77);
    assert_string_equal(main_text.bytes, "O:ONERROR ZeroDivisionError False\n");
    assert_int_equal(failing_call(module, 5, &value), COIL_HOST_RAISED);
    assert_int_equal(value, -6);
    assert_int_equal(failing_call(module, 7, &value), COIL_HOST_RAISED);
    assert_int_equal(value, 77);
    assert_string_equal(main_text.bytes, "O:ONERROR OverflowError True\n");
    assert_int_equal(failing_call(module, 6, &value), COIL_HOST_RAISED);
    assert_int_equal(value, -6);
    assert_text_has("ValueError: v\n");
    assert_text_has("During the call to 'onerror', another exception occurred:\n");
    assert_text_has("TypeError: an integer is required\n");
    assert_int_equal(failing_call(module, 8, &value), COIL_HOST_RAISED);
    assert_int_equal(failing_call(module, 9, &value), COIL_HOST_RAISED);
    assert_int_equal(value, 0);
    assert_string_equal(main_text.bytes, "");
    assert_int_equal(failing_call(module, 10, &value), COIL_HOST_RAISED);
    assert_text_has("O:HOOK OSError Exception ignored from callback <function f at 0x");
    assert_int_equal(failing_call(module, 11, &value), COIL_HOST_RETURNED);
    assert_int_equal(value, 11);

    text_clear();
    assert_int_equal(module_call(module, 1, NULL, NULL), COIL_HOST_RAISED);
    assert_text_has("TypeError: callback with the return type 'void' must return None\n");
    /* A _Bool that is neither. */
    text_clear();
    PUT(frame, 0, unsigned char, 2);
    assert_int_equal(module_call(module, 2, frame, &flag), COIL_HOST_RAISED);
    assert_int_equal(flag, 0);
    assert_text_has("ValueError: got a _Bool of value 2, expected 0 or 1\n");
    text_clear();
    assert_int_equal(module_call(module, 3, NULL, &value), COIL_HOST_NOT_ATTACHED);
    assert_int_equal(value, 0);
    assert_text_has("E:coil: function failing.nobody() called, but no Python code was attached");

    api->enter(main_thread);
    errno = 3;
    assert_int_equal(api->call(main_thread, module, 4, NULL, &value, &number), COIL_HOST_RETURNED);
    api->leave(main_thread);
    assert_int_equal(value, 40);
    assert_int_equal(number, 41);
}

static void test_init_failures(void **state)
{
    static const char code[] = "import sys\n"
                               "from starts import ffi\n"
                               "@ffi.def_extern()\n"
                               "def f(n): return 1\n"
                               "sys.count = getattr(sys, 'count', 0) + 1\n"
                               "if sys.count < 3:\n"
                               "    raise RuntimeError('not yet: %d' % sys.count)\n";
    struct coil_host_module *module;

    (void)state;
    for (int i = 1; i < 3; i++) {
        text_clear();
        (void)module_open("starts", code, failure_rows, 1, -ENOEXEC);
        assert_text_has("E:Python module 'starts' could not be initialised:\n");
        assert_text_has("    raise RuntimeError('not yet: %d' % sys.count)\n");
        assert_text_has(i == 1 ? "RuntimeError: not yet: 1\n" : "RuntimeError: not yet: 2\n");
        assert_text_has("sys.path: [");
        assert_text_has("_cffi_backend: ");
        (void)module_open("prober",
                          "import sys\nassert not [n for n in sys.modules if n in ('starts', 'starts.lib')]\n"
                          "raise SystemExit(4)\n",
                          failure_rows, 1, -ENOEXEC);
        assert_text_has("SystemExit: 4\n");
    }
    module = module_open("starts", code, failure_rows, 1, 0);
    assert_non_null(module);
    /* A real package stays what it is; made-up parents go away with the module. */
    (void)module_open(
        "xml.starts",
        "from xml.starts import ffi\nimport xml.starts as m\nimport xml.dom\nassert m.ffi is ffi\n",
        failure_rows, 1, 0);
    (void)module_open("made.up.starts", "import made.up.starts\nraise ValueError\n", failure_rows, 1,
                      -ENOEXEC);
    (void)module_open("prober", "import sys\nassert not [n for n in sys.modules if n.startswith('made')]\n",
                      failure_rows, 1, 0);
    text_clear();
    (void)module_open("syntax", "def f(:\n", failure_rows, 1, -ENOEXEC);
    assert_text_has("SyntaxError: ");
    assert_text_has("def f(:");
}

/* ---- text ---- */

static const struct function_row text_rows[] = {{"f", T_VOID, {T_INT}}, {"join", T_VOID, {0}}};

static const char text_code[] =
    "import io, sys, threading\n"
    "from texts import ffi\n"
    "@ffi.def_extern()\n"
    "def f(n):\n"
    "    if n == 0:\n"
    "        print('a', 1, end='')\n"
    "        print('b', file=sys.stderr)\n"
    "        print('c\\nd', end='')\n"
    "    if n == 1:\n"
    "        sys.stdout.write('\\udc80\\u20ac')\n"
    "        sys.stdout.flush()\n"
    "        sys.stdout.buffer.write(b'raw\\n')\n"
    "        sys.stderr.write('\\udc80\\n')\n"
    "    if n == 2:\n"
    "        try:\n"
    "            sys.stdout.fileno()\n"
    "        except io.UnsupportedOperation:\n"
    "            print(sys.stdout.isatty(), sys.stdout.encoding, sys.stdout.errors, sys.stderr.errors, "
    "sys.stdout.name,\n"
    "                  isinstance(sys.stdout.buffer, io.BufferedIOBase), sys.stdout.mode)\n"
    "    if n == 3:\n"
    "        print('x' * 10000, end='')\n"
    "    if n == 4:\n"
    "        import contextlib\n"
    "        with contextlib.redirect_stdout(io.StringIO()) as s:\n"
    "            print('hidden')\n"
    "        print('seen', s.getvalue(), end='')\n"
    "    if n == 5:\n"
    "        global t\n"
    "        t = threading.Thread(target=print, args=('from a thread',))\n"
    "        t.start()\n"
    "        t.join()\n";

static void text_call(struct coil_host_module *module, int n)
{
    char frame[SLOT];

    text_clear();
    PUT(frame, 0, int, n);
    CALL(module, 0, frame, NULL);
}

static void test_text(void **state)
{
    struct coil_host_module *module = module_open("texts", text_code, text_rows, 2, 0);

    (void)state;
    text_call(module, 0);
    assert_string_equal(main_text.bytes, "O:a 1E:b\nO:c\nO:d");
    text_call(module, 1);
    assert_string_equal(main_text.bytes, "O:\x80\xe2\x82\xac"
                                         "O:raw\nE:\\udc80\n");
    text_call(module, 2);
    assert_string_equal(main_text.bytes, "O:False utf-8 surrogateescape backslashreplace <stdout> True w\n");
    text_call(module, 3);
    assert_int_equal(main_text.used, 10002);
    text_call(module, 4);
    assert_string_equal(main_text.bytes, "O:seen hidden\n");
    orphans.used = 0;
    text_call(module, 5);
    assert_string_equal(main_text.bytes, "");
    assert_string_equal(orphans.bytes, "O:from a thread\n");
}

/* ---- threads ---- */

static const struct function_row thread_rows[] = {
    {"count", T_INT, {0}},
    {"call_back", T_INT, {T_VOID_P, T_INT}},
    {"slow", T_INT, {0}},
};

static const char thread_code[] =
    "import ctypes, sys, threading, time\n"
    "from threads import ffi\n"
    "sys.runs = getattr(sys, 'runs', 0) + 1\n"
    "time.sleep(0.05)\n"
    "local = threading.local()\n"
    "@ffi.def_extern()\n"
    "def count():\n"
    "    local.n = getattr(local, 'n', 0) + 1\n"
    "    time.sleep(0.001)\n"
    "    assert sys.runs == 1\n"
    "    return local.n\n"
    "@ffi.def_extern()\n"
    "def call_back(address, n):\n"
    "    f = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)(int(ffi.cast('intptr_t', address)))\n"
    "    g = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)(lambda n: f(n) + 1)\n"
    "    return g(n)\n";

static struct coil_host_module *threads_module;

static void *thread_main(void *argument)
{
    COIL_CLEANUP(coil_memory_free)
    struct coil_descriptor *image = image_new("threads", thread_code, thread_rows, 3);
    struct coil_host_thread *thread;
    struct coil_host_module *module = NULL;
    struct coil_error error;
    uint8_t hash[16];
    int value = 0;
    int number = 0;

    coil_descriptor_hash(image, hash);
    for (int life = 0; life < 2; life++) {
        thread = api->thread_attach(argument);
        for (int i = 1; i <= 20; i++) {
            api->enter(thread);
            if (api->module_open(image, hash, &module, &error) < 0 ||
                api->call(thread, module, 0, NULL, &value, &number) != COIL_HOST_RETURNED || value != i)
                return "wrong";
            api->leave(thread);
        }
        api->thread_detach(thread);
    }
    threads_module = module;
    return NULL;
}

static void test_threads(void **state)
{
    pthread_t threads[20];
    static struct text texts[20];

    (void)state;
    for (int i = 0; i < 20; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, thread_main, &texts[i]), 0);
    for (int i = 0; i < 20; i++) {
        void *result;

        assert_int_equal(pthread_join(threads[i], &result), 0);
        assert_null(result);
        assert_string_equal(texts[i].bytes, "");
    }
}

/* The program's function that Python calls through ctypes, without the GIL, and that calls Python again. */
static int program_function(int n)
{
    char frame[SLOT * 2];
    int value = 0;

    if (n == 0)
        return 0;
    PUT(frame, 0, void *, (void *)(uintptr_t)program_function);
    PUT(frame, 1, int, n - 1);
    if (module_call(threads_module, 1, frame, &value) != COIL_HOST_RETURNED)
        return -1000;
    return value;
}

static void test_nesting(void **state)
{
    (void)state;
    text_clear();
    assert_int_equal(program_function(40), 40);
    api->enter(main_thread);
    assert_int_equal(program_function(3), 3);
    api->leave(main_thread);
    assert_string_equal(main_text.bytes, "");
}

/* Init code that calls its own function, through the host. */
static struct coil_descriptor *recursive_image;

static int recursive_function(int n)
{
    struct coil_host_module *module = NULL;
    struct coil_error error;
    uint8_t hash[16];
    char frame[SLOT];
    int value = 0;
    int number = 0;

    coil_descriptor_hash(recursive_image, hash);
    PUT(frame, 0, int, n);
    api->enter(main_thread);
    if (api->module_open(recursive_image, hash, &module, &error) < 0 ||
        api->call(main_thread, module, 0, frame, &value, &number) != COIL_HOST_RETURNED)
        value = -1000;
    api->leave(main_thread);
    return value;
}

static void test_recursion(void **state)
{
    char code[1024];

    (void)state;
    text_clear();
    (void)snprintf(code, sizeof code,
                   "import ctypes, sys\n"
                   "from again import ffi\n"
                   "@ffi.def_extern()\n"
                   "def f(n): return n + 1\n"
                   "assert ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)(%ju)(4) == 5\n"
                   "print('done')\n",
                   (uintmax_t)(uintptr_t)recursive_function);
    recursive_image = image_new("again", code, failure_rows, 1);
    (void)module_open("again", code, failure_rows, 1, 0);
    assert_string_equal(main_text.bytes, "O:done\n");
    free(recursive_image);
}

static void test_import(void **state)
{
    COIL_CLEANUP(coil_memory_free) struct coil_descriptor *image = NULL;
    static const char code[] = "import sys\nfrom imported import ffi, lib\nsys.seen = lib.SIZE\n"
                               "assert sys.modules['imported'].ffi is ffi\n";
    struct coil_host_module *module = NULL;
    uint8_t hash[16];

    (void)state;
    text_clear();
    image = image_new("imported", code, failure_rows, 1);
    coil_descriptor_hash(image, hash);
    api->enter(main_thread);
    assert_non_null(api->module_import(image, hash));
    assert_non_null(api->module_import(image, hash));
    api->leave(main_thread);
    (void)module_open("before", "import sys\nassert not hasattr(sys, 'seen') and 'imported' in sys.modules\n",
                      failure_rows, 1, 0);
    module = module_open("imported", code, failure_rows, 1, 0);
    assert_non_null(module);
    (void)module_open("after", "import sys\nassert sys.seen == 7\n", failure_rows, 1, 0);
}

static void test_load_errors(void **state)
{
    const struct coil_host_api *other = NULL;
    struct coil_error error = {0};

    (void)state;
    assert_int_equal(coil_host_load("/nonexistent/libcoil-host.so", &other, &error), -ENOENT);
    assert_non_null(strstr(error.text, "/nonexistent/libcoil-host.so"));
    assert_int_equal(coil_host_load("libm.so.6", &other, &error), -ELIBBAD);
    assert_null(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_surface),       cmocka_unit_test(test_failures),
        cmocka_unit_test(test_init_failures), cmocka_unit_test(test_text),
        cmocka_unit_test(test_threads),       cmocka_unit_test(test_nesting),
        cmocka_unit_test(test_recursion),     cmocka_unit_test(test_import),
        cmocka_unit_test(test_load_errors),
    };

    return cmocka_run_group_tests(tests, start, NULL);
}
