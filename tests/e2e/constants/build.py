import cffi

ffi = cffi.FFI()
ffi.cdef("""
    #define LIMIT 42
    #define MASK ...
    #define NEGATIVE ...
    #define HUGE_ONE ...
    static const int a_constant;
    static const double ratio;
    static char *const greeting;
    enum shade { DARK, LIGHT, ... };
    enum level { LOW = 1, MIDDLE, HIGH };
    typedef int... counter_t;
    typedef float... real_t;
    struct layout { int b; ...; };
    typedef struct { char text[...]; ...; } buffer_t;
""")
ffi.embedding_api("void show(void);")
ffi.set_source("plugin", """
    #define LIMIT 42
    #define MASK 0xffffffffffffffffull
    #define NEGATIVE (-7L)
    #define HUGE_ONE (1LL << 40)
    static const int a_constant = 99;
    static const double ratio = 0.25;
    static char *const greeting = "hi";
    enum shade { LIGHT = 5, DARK = 9, BLACK };
    enum level { LOW = 1, MIDDLE, HIGH };
    typedef unsigned short counter_t;
    typedef double real_t;
    struct layout { long hidden; int b; char more; };
    typedef struct { int n; char text[24]; } buffer_t;
""")
ffi.embedding_init_code("""
    from plugin import ffi, lib

    @ffi.def_extern()
    def show():
        print(lib.LIMIT, hex(lib.MASK), lib.NEGATIVE, lib.HUGE_ONE)
        print(lib.a_constant, lib.ratio)
        print(lib.DARK, lib.LIGHT, lib.LOW, lib.MIDDLE, lib.HIGH)
        print(ffi.sizeof("counter_t"), int(ffi.cast("counter_t", -1)), ffi.sizeof("real_t"))
        print(ffi.sizeof("struct layout"), ffi.offsetof("struct layout", "b"))
        print(ffi.sizeof("buffer_t"), ffi.typeof("buffer_t").fields[0][1].type)
        print(sorted(ffi.typeof("enum level").elements.items()))
        try:
            lib.LIMIT = 3
        except AttributeError:
            print("constants stay")
        try:
            lib.no_such_name
        except AttributeError:
            print("no such name")
        print(ffi.integer_const("LIMIT") if hasattr(ffi, "integer_const") else 42)
""")
ffi.compile()
