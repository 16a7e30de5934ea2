/* The host's conversions: every kind of value, in and out, at addresses that are not aligned. */
#include "tests/unit/host_embedder.h"

static const struct function_row value_rows[] = {
    {"f_add", T_INT, {T_INT, T_INT}},
    {"f_bool", T_BOOL, {T_BOOL}},
    {"f_char", T_CHAR, {T_CHAR}},
    {"f_uchar", T_UCHAR, {T_UCHAR, T_INT8, T_SHORT}},
    {"f_u64", T_U64, {T_U64, T_LONG, T_UINT}},
    {"f_float", T_FLOAT, {T_FLOAT, T_DOUBLE}},
    {"f_longdouble", T_LONGDOUBLE, {T_LONGDOUBLE}},
    {"f_wchar", T_WCHAR, {T_WCHAR, T_CHAR32}},
    {"f_complex", T_DOUBLECOMPLEX, {T_DOUBLECOMPLEX, T_FLOATCOMPLEX}},
    {"f_point", T_POINT, {T_POINT, T_UNION}},
    {"f_color", T_COLOR, {T_COLOR}},
    {"f_pointer", T_VOID_P, {T_VOID_P, T_CHAR_P, T_POINT_P}},
    {"f_void", T_VOID, {0}},
    {"f_many",
     T_LONG,
     {T_INT, T_INT, T_INT, T_INT, T_INT, T_INT, T_INT, T_INT, T_INT, T_INT, T_INT, T_INT, T_INT, T_INT, T_INT,
      T_INT, T_INT, T_INT}},
    {"f_union", T_UNION, {0}},
    {"f_fcomplex", T_FLOATCOMPLEX, {T_FLOATCOMPLEX}},
};

static const char value_code[] = "from values import ffi, lib\n"
                                 "assert '__name__' not in globals()\n"
                                 "kept = []\n"
                                 "@ffi.def_extern()\n"
                                 "def f_add(a, b):\n"
                                 "    return a + b\n"
                                 "@ffi.def_extern()\n"
                                 "def f_bool(a):\n"
                                 "    assert a is True\n"
                                 "    return not a\n"
                                 "@ffi.def_extern()\n"
                                 "def f_char(a):\n"
                                 "    assert a == b'\\xfe', a\n"
                                 "    return b'Z'\n"
                                 "@ffi.def_extern()\n"
                                 "def f_uchar(a, b, c):\n"
                                 "    assert (a, b, c) == (255, -128, -32768), (a, b, c)\n"
                                 "    return 254\n"
                                 "@ffi.def_extern()\n"
                                 "def f_u64(a, b, c):\n"
                                 "    assert (a, b, c) == (2**64 - 1, -2**63, 2**32 - 1), (a, b, c)\n"
                                 "    return a - 1\n"
                                 "@ffi.def_extern()\n"
                                 "def f_float(a, b):\n"
                                 "    assert (a, b) == (0.5, 1e300), (a, b)\n"
                                 "    return 3\n"
                                 "@ffi.def_extern()\n"
                                 "def f_longdouble(a):\n"
                                 "    assert ffi.typeof(a) is ffi.typeof('long double')\n"
                                 "    return a\n"
                                 "@ffi.def_extern()\n"
                                 "def f_wchar(a, b):\n"
                                 "    assert (a, b) == ('\\u20ac', '\\U0001f600'), (a, b)\n"
                                 "    return 'x'\n"
                                 "@ffi.def_extern()\n"
                                 "def f_complex(a, b):\n"
                                 "    assert (a, b) == (1+2j, 3-4j), (a, b)\n"
                                 "    return a * 2\n"
                                 "@ffi.def_extern()\n"
                                 "def f_point(p, u):\n"
                                 "    assert ffi.typeof(p) is ffi.typeof('struct point'), p\n"
                                 "    assert (p.x, p.tag, p.weight, u.d) == (7, b't', 2.5, 9.5)\n"
                                 "    kept.append(p)\n"
                                 "    p.x += 1\n"
                                 "    return kept[0]\n"
                                 "@ffi.def_extern()\n"
                                 "def f_color(c):\n"
                                 "    assert c == lib.COLOR_RED, c\n"
                                 "    return lib.COLOR_BLUE\n"
                                 "@ffi.def_extern()\n"
                                 "def f_pointer(p, s, point):\n"
                                 "    assert s == ffi.NULL\n"
                                 "    point.x = 99\n"
                                 "    return p + 1 if False else ffi.cast('char *', p) + 1\n"
                                 "@ffi.def_extern()\n"
                                 "def f_void():\n"
                                 "    pass\n"
                                 "@ffi.def_extern()\n"
                                 "def f_many(*arguments):\n"
                                 "    return sum(arguments)\n"
                                 "@ffi.def_extern()\n"
                                 "def f_union():\n"
                                 "    return {'i': 5}\n"
                                 "@ffi.def_extern()\n"
                                 "def f_fcomplex(a):\n"
                                 "    return a + 1j\n";

static struct coil_host_module *values_open(void)
{
    return module_open("values", value_code, value_rows, sizeof value_rows / sizeof *value_rows, 0);
}

static void test_values(void **state)
{
    struct coil_host_module *module = values_open();
    char frame[SLOT * 20] = {0};
    struct point point = {7, 't', 2.5};
    struct point returned;
    union number number = {.d = 9.5};

    (void)state;
    {
        int sum;

        PUT(frame, 0, int, 40);
        PUT(frame, 1, int, 2);
        CALL(module, 0, frame, &sum);
        assert_int_equal(sum, 42);
    }
    {
        unsigned char flag = 7;

        PUT(frame, 0, bool, true);
        CALL(module, 1, frame, &flag);
        assert_int_equal(flag, 0);
    }
    {
        char c;

        PUT(frame, 0, char, (char)0xfe);
        CALL(module, 2, frame, &c);
        assert_int_equal(c, 'Z');
    }
    {
        unsigned char c;

        PUT(frame, 0, unsigned char, 255);
        PUT(frame, 1, signed char, -128);
        PUT(frame, 2, short, -32768);
        CALL(module, 3, frame, &c);
        assert_int_equal(c, 254);
    }
    {
        uint64_t big;

        PUT(frame, 0, uint64_t, UINT64_MAX);
        PUT(frame, 1, long, INT64_MIN);
        PUT(frame, 2, unsigned, UINT32_MAX);
        CALL(module, 4, frame, &big);
        assert_true(big == UINT64_MAX - 1);
    }
    {
        float f;

        PUT(frame, 0, float, 0.5f);
        PUT(frame, 1, double, 1e300);
        CALL(module, 5, frame, &f);
        assert_true(f == 3.0f);
    }
    {
        long double wide;

        PUT(frame, 0, long double, 1.0L / 3);
        CALL(module, 6, frame, &wide);
        assert_true(wide == 1.0L / 3);
    }
    {
        wchar_t w;

        PUT(frame, 0, wchar_t, 0x20ac);
        PUT(frame, 1, uint32_t, 0x1f600);
        CALL(module, 7, frame, &w);
        assert_int_equal(w, 'x');
    }
    {
        double _Complex z;
        float _Complex y;

        PUT(frame, 0, double _Complex, CMPLX(1, 2));
        PUT(frame, 1, float _Complex, CMPLXF(3, -4));
        CALL(module, 8, frame, &z);
        assert_true(creal(z) == 2 && cimag(z) == 4);
        PUT(frame, 0, float _Complex, CMPLXF(3, -4));
        CALL(module, 15, frame, &y);
        assert_true(crealf(y) == 3 && cimagf(y) == -3);
    }
    for (int i = 8; i <= 9; i++) {
        /* Each call gets its own copy; the first one lives on. */
        memcpy(frame + SLOT_OFFSET(0), &point, sizeof point);
        memcpy(frame + SLOT_OFFSET(1), &number, sizeof number);
        CALL(module, 9, frame, &returned);
        assert_int_equal(returned.x, 8);
        assert_int_equal(returned.tag, 't');
        assert_true(returned.weight == 2.5);
    }
    {
        enum color color;

        PUT(frame, 0, enum color, COLOR_RED);
        CALL(module, 10, frame, &color);
        assert_int_equal(color, COLOR_BLUE);
    }
    {
        char *address;

        PUT(frame, 0, char *, frame);
        PUT(frame, 1, char *, NULL);
        PUT(frame, 2, struct point *, &point);
        CALL(module, 11, frame, &address);
        assert_ptr_equal(address, frame + 1);
        assert_int_equal(point.x, 99);
    }
    CALL(module, 12, NULL, NULL);
    {
        long sum;

        for (int i = 0; i < 18; i++)
            PUT(frame, i, int, i);
        CALL(module, 13, frame, &sum);
        assert_int_equal(sum, 153);
    }
    {
        union number result;
        uint64_t bits;

        CALL(module, 14, NULL, &result);
        memcpy(&bits, &result, sizeof bits);
        assert_true(bits == 5);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_values)};

    return cmocka_run_group_tests(tests, start, NULL);
}
