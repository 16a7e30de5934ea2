import cffi

ffi = cffi.FFI()
ffi.cdef("""
    typedef struct { char name[8]; double weight; } item_t;
    int on_item(item_t item, int index);
    void each(int count);
    int ask_twice(int x);
    long total(void);
    void say(const char *text);
""")
ffi.embedding_api("""
    int run(int count);
    int visit(item_t item, int index);
    int double_it(int x);
""")
ffi.set_source("plugin", r"""
    #include <stdio.h>
    typedef struct { char name[8]; double weight; } item_t;
    CFFI_DLLEXPORT int visit(item_t item, int index);
    CFFI_DLLEXPORT int double_it(int x);
    static long sum;
    static int on_item(item_t item, int index) { sum += (long)(item.weight * index); return visit(item, index); }
    static void each(int count)
    {
        for (int i = 0; i < count; i++) {
            item_t item = { "item", i + 0.5 };

            item.name[4] = (char)('0' + i % 10);
            printf("C: item %d\n", i);
            sum += visit(item, i);
        }
    }
    static int ask_twice(int x) { return double_it(x) + double_it(x + 1); }
    static long total(void) { return sum; }
    static void say(const char *text) { printf("C says: %s\n", text); }
""")
ffi.embedding_init_code(r"""
    import threading
    from plugin import ffi, lib

    here = threading.local()

    @ffi.def_extern()
    def run(count):
        here.depth = 1
        print("Python: begins")
        lib.each(count)
        print("Python: between", lib.total())
        print(lib.on_item([b"own", 4], 3), end=" ")
        lib.say(b"on the same line")
        print(sum(lib.ask_twice(i) for i in range(100)))
        try:
            visit_and_fail()
        except KeyError as error:
            print("caught", error)
        print("depth", here.depth)
        return lib.total()

    def visit_and_fail():
        lib.say(b"before the exception")
        raise KeyError("x")

    @ffi.def_extern()
    def visit(item, index):
        here.depth += 1
        print("Python: visits", ffi.string(item.name), item.weight, index)
        if index > 3:
            lib.each(index - 3)
        return index + 1

    @ffi.def_extern()
    def double_it(x):
        return 2 * x
""")
ffi.compile()
