import cffi

ffi = cffi.FFI()
ffi.cdef("""
    enum color { RED, BLUE = 7 };
    int add_all(int count, ...);
    double mix(const char *kinds, ...);
    int format(char *to /* [out, sized_by(size)] */, size_t size, const char *format, ...);
    const char *pick(int which, ...);
    int bump(int *total /* [inout] */, ...);
""")
ffi.embedding_api("int run(char *own /* [string] */);")
ffi.set_source("plugin", r"""
    #include <stdarg.h>
    #include <stdio.h>
    enum color { RED, BLUE = 7 };
    CFFI_DLLEXPORT int run(char *own);
    static int add_all(int count, ...)
    {
        va_list list;
        int sum = 0;

        va_start(list, count);
        while (count-- > 0)
            sum += va_arg(list, int);
        va_end(list);
        return sum;
    }
    static double mix(const char *kinds, ...)
    {
        va_list list;
        double sum = 0;

        va_start(list, kinds);
        for (; *kinds; kinds++)
            switch (*kinds) {
            case 'i': sum += va_arg(list, int); break;
            case 'l': sum += (double)va_arg(list, long long); break;
            case 'd': sum += va_arg(list, double); break;
            case 'L': sum += (double)va_arg(list, long double); break;
            case 'p': sum += *va_arg(list, int *); break;
            case 'f': sum += va_arg(list, int (*)(int, ...))(2, 30, 3); break;
            }
        va_end(list);
        return sum;
    }
    static int format(char *to, size_t size, const char *format, ...)
    {
        va_list list;
        int r;

        va_start(list, format);
        r = vsnprintf(to, size, format, list);
        va_end(list);
        return r;
    }
    static const char *pick(int which, ...)
    {
        va_list list;
        const char *text = NULL;

        va_start(list, which);
        for (; which >= 0; which--)
            text = va_arg(list, const char *);
        va_end(list);
        return text;
    }
    static int bump(int *total, ...)
    {
        va_list list;
        char *text;

        va_start(list, total);
        text = va_arg(list, char *);
        va_end(list);
        text[0]++;
        return ++*total;
    }
""")
ffi.embedding_init_code(r"""
    from plugin import ffi, lib

    def refused(function, *arguments, **named):
        try:
            function(*arguments, **named)
        except TypeError as error:
            print("TypeError:", error)
        else:
            print("not refused")

    @ffi.def_extern(error=-1)
    def run(own):
        i = lambda x: ffi.cast("int", x)
        print(lib.add_all(0), lib.add_all(3, i(1), i(2), i(-10)), ffi.typeof(lib.add_all))
        print(lib.add_all(6, ffi.cast("char", 200), ffi.cast("short", -3), ffi.cast("unsigned char", 255),
                          ffi.cast("_Bool", 1), ffi.cast("enum color", 7), ffi.cast("wchar_t", 65)))
        print(lib.mix(b"ildLp", i(1), ffi.cast("long long", 2**40), ffi.cast("double", 0.5),
                      ffi.cast("long double", 0.25), ffi.new("int *", 100)))
        numbers = ffi.new("int[2]", [9, 8])
        print(lib.mix(b"pp", ffi.new("int[2]", [7, 8]), numbers + 1))
        print(lib.mix(b"d" * 12, *[ffi.cast("double", x) for x in range(12)]))
        room = ffi.new("char[64]")
        print(lib.format(room, 64, b"%d %s %.2f %c|%5lld", i(42), ffi.new("char[]", b"text"), ffi.cast("double", 1.5),
                         i(65), ffi.cast("long long", 7)), ffi.string(room))
        print(lib.format(room, 64, b"plain"), ffi.string(room))
        a, b = ffi.new("char[]", b"first"), ffi.new("char[]", b"second")
        print(ffi.string(lib.pick(1, a, b)), ffi.string(lib.pick(0, own)))
        total = ffi.new("int *", 5)
        print(lib.bump(total, own), total[0], ffi.string(own))
        refused(lib.add_all)
        refused(lib.add_all, 1, 2)
        refused(lib.add_all, 1, i(1), None)
        refused(lib.add_all, "1")
        refused(lib.add_all, count=1)
        refused(lib.pick, 0, b"bytes")
        return 0
""")
ffi.compile()
