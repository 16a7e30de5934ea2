import cffi

ffi = cffi.FFI()
ffi.cdef("""
    typedef struct { signed char c; double d[2]; short s; } mixed_t;
    typedef struct { mixed_t m; float f; } outer_t;
    typedef enum { RED, GREEN = 5, BLUE } color_t;
    typedef union { int i; float f; } either_t;
    typedef struct { int a : 3; int b; } bits_t;
""")
ffi.embedding_api("int work(void); int dropped(void);")
ffi.set_source("plugin", """
    typedef struct { signed char c; double d[2]; short s; } mixed_t;
    typedef struct { mixed_t m; float f; } outer_t;
    typedef enum { RED, GREEN = 5, BLUE } color_t;
    typedef union { int i; float f; } either_t;
    typedef struct { int a : 3; int b; } bits_t;
""")
ffi.embedding_init_code(r"""
    import gc
    import weakref

    from plugin import ffi

    def show(type, function, *arguments, **options):
        try:
            callback = ffi.callback(type, function, **options)
            result = callback(*arguments)
            if isinstance(result, ffi.CData) and ffi.typeof(result).kind == "struct":
                result = [(name, getattr(result, name)) for name, _ in ffi.typeof(result).fields if name != "d" and name != "m"]
            print(type, "->", result)
        except Exception as error:
            print(type, "->", __builtins__["type"](error).__name__, error)

    def numbers():
        for type in ("signed char", "unsigned char", "short", "unsigned short", "int", "unsigned int", "long", "unsigned long",
                     "long long", "int8_t", "uint64_t", "size_t", "ssize_t"):
            show("%s(%s)" % (type, type), lambda x: x - 1, 100)
        for type in ("signed char", "short", "int", "long", "int8_t"):
            show("%s(%s)" % (type, type), lambda x: x * 2, -50)
        show("uint64_t(uint64_t)", lambda x: x, 2 ** 64 - 1)
        show("float(float, double)", lambda x, y: x + y, 1.5, 0.25)
        show("double(double, float)", lambda x, y: x * y, 1.5, 0.25)
        show("long double(long double)", lambda x: float(x) / 2, 3)
        show("_Bool(_Bool)", lambda x: not x, True)
        show("char(char)", lambda x: x.upper(), b"q")
        show("wchar_t(wchar_t)", lambda x: x.upper(), "\u00e9")
        show("char32_t(char16_t)", lambda x: x, "z")
        show("color_t(color_t)", lambda x: 6, 5)
        show("int(*)(int, int, int, int, int, int, int, int, double)", lambda *all: int(sum(all)), 1, 2, 3, 4, 5, 6, 7, 8, 9.0)
        show("void(void)", lambda: None)

    def pointers():
        numbers = ffi.new("int[3]", [1, 2, 3])
        show("int(int[], size_t)", lambda v, n: sum(v[0:n]), numbers, 3)
        show("int(char *)", lambda s: len(ffi.string(s)), ffi.new("char[]", b"four"))
        inner = ffi.callback("int(int)", lambda x: x + 1)
        show("int(int(*)(int), int)", lambda f, x: f(f(x)), inner, 1)
        back = ffi.callback("void *(void *)", lambda p: p)
        print(back(numbers) == numbers, ffi.typeof(back))

    def structs():
        show("mixed_t(mixed_t)", lambda m: [-m.c, [m.d[1], m.d[0]], m.s + 1], [3, [1.5, 2.5], 4])
        show("double(mixed_t)", lambda m: m.d[0] + m.d[1], [3, [1.5, 2.5], 4])
        show("outer_t(outer_t, int)", lambda o, x: [o.m, o.f + x], [[1, [2, 3], 4], 0.5], 2)

    def refused():
        for type in ("int(int, ...)", "either_t(int)", "void(either_t)", "bits_t(bits_t)", "int", "mixed_t"):
            try:
                print(type, ffi.callback(type, len))
            except (TypeError, NotImplementedError) as error:
                print(type, __builtins__["type"](error).__name__)
        for arguments, options in ((("int(int)", 5), {}), (("int(int)", len), {"onerror": 5}), (("int(int)", len), {"error": "x"}),
                                   (("void(int)", len), {"error": 1}), (("int(int)", len), {"error": 2 ** 40})):
            try:
                print(ffi.callback(*arguments, **options))
            except (TypeError, OverflowError) as error:
                print(__builtins__["type"](error).__name__, error)

    def failures():
        def answer(kind, error, traceback):
            print("onerror", kind.__name__, error, traceback is not None)
            return None if str(error) == "quiet" else 9

        def fail(text):
            raise ValueError(text)
        show("int(int)", lambda x: fail("quiet"), 1, error=-3, onerror=answer)
        show("int(int)", lambda x: fail("loud"), 1, error=-3, onerror=answer)
        show("int(int)", lambda x: "no number", 1, error=-3, onerror=answer)
        show("mixed_t(void)", lambda: fail("quiet"), error=[7, [1, 2], 8], onerror=answer)

    @ffi.callback("int(int)")
    def decorated(x):
        ffi.errno += 1
        return -x

    @ffi.def_extern()
    def work():
        numbers()
        pointers()
        structs()
        refused()
        failures()
        ffi.errno = 20
        print(decorated(3), ffi.errno)
        return 0

    class Owner:
        pass

    @ffi.def_extern()
    def dropped():
        # One that goes while it runs.
        holder = {}

        def drop(x):
            holder.clear()
            return x + 1
        holder["f"] = ffi.callback("int(int)", drop)
        address = ffi.cast("int(*)(int)", ffi.cast("intptr_t", holder["f"]))
        print(address(41), holder)
        # One in a cycle with what it calls.
        if "callback" not in repr(type(decorated)):
            owner = Owner()
            owner.callback = ffi.callback("int(int)", lambda x, owner=owner: x)
            known = weakref.ref(owner)
            del owner
            gc.collect()
            print(known() is None)
        # Many, one after the other.
        for i in range(20000):
            f = ffi.callback("int(int)", lambda x: x)
        print(f(5))
        return 0
""")
ffi.compile()
