import cffi

ffi = cffi.FFI()
ffi.cdef("""
    struct point { int x; double y; };
    enum color { RED, GREEN = 7 };
    extern int counter;
    extern unsigned char small;
    extern long long wide;
    extern _Bool flag;
    extern char letter;
    extern float single;
    extern long double extended;
    extern enum color color;
    extern struct point origin;
    extern int table[4];
    extern int grid[2][3];
    extern struct point points[...];
    extern const char *title;
    extern char name[16];
    extern void *handle;
    extern struct point *current;
    extern const int limit;
    static char *const label;
    static const struct point unit;
    static const double half;
    int get_counter(void);
    void bump(void);
    int point_sum(void);
    const char *get_name(void);
    int is_origin(void);
    long own_counter(void);
    extern int mine;
""")
ffi.embedding_api("int run(void); int again(void);")
ffi.set_source("plugin", r"""
    struct point { int x; double y; };
    enum color { RED, GREEN = 7 };
    static int counter = 3;
    static unsigned char small = 200;
    static long long wide = -5000000000;
    static _Bool flag = 1;
    static char letter = 'c';
    static float single = 0.25f;
    static long double extended = 1.5L;
    static enum color color = GREEN;
    static struct point origin = { 1, 2.5 };
    static int table[4] = { 1, 2, 3, 4 };
    static int grid[2][3] = { { 1, 2, 3 }, { 4, 5, 6 } };
    static struct point points[3] = { { 1, 1 }, { 2, 2 }, { 3, 3 } };
    static const char *title = "title";
    static char name[16] = "name";
    static void *handle;
    static struct point *current = &origin;
    static const int limit = 99;
    static char *const label = (char *)"label";
    static const struct point unit = { 1, 1 };
    static const double half = 0.5;
    static __thread int mine;

    static int get_counter(void) { return counter; }
    static void bump(void) { counter++; table[0] += 10; origin.y += 1; name[0] = 'N'; }
    static int point_sum(void) { return points[0].x + points[1].x + points[2].x; }
    static const char *get_name(void) { return name; }
    static int is_origin(void) { return current == &origin; }
    static long own_counter(void) { return mine; }
""")
ffi.embedding_init_code(r"""
    from plugin import ffi, lib

    def refused(function, *arguments):
        try:
            function(*arguments)
        except (TypeError, OverflowError, AttributeError, IndexError) as error:
            print("%s: %s" % (type(error).__name__, error))
        else:
            print("not refused")

    def show():
        print(lib.counter, lib.small, lib.wide, lib.flag, lib.letter, lib.single, float(lib.extended), lib.color)
        print(lib.origin.x, lib.origin.y, list(lib.table), [list(row) for row in lib.grid], lib.get_counter())
        print(ffi.string(lib.title), ffi.string(lib.name), lib.handle == ffi.NULL, lib.limit, lib.half)
        print(ffi.string(lib.label), lib.unit.x, lib.current.x, lib.is_origin())

    @ffi.def_extern(error=-1)
    def run():
        show()
        print(ffi.typeof(lib.origin), ffi.typeof(lib.table), ffi.typeof(lib.grid), ffi.typeof(lib.title))
        print(lib.points[0].x, lib.points[2].y, ffi.typeof(lib.points))
        lib.counter = 40
        lib.small = 1
        lib.wide = 2**40
        lib.flag = False
        lib.letter = b"z"
        lib.single = 4
        lib.extended = 2.25
        lib.color = lib.RED
        lib.origin = [10, 20]
        lib.table = [5, 6]
        lib.grid[1][1] = 55
        lib.points[1].x = 20
        lib.name = b"other"
        lib.handle = ffi.cast("void *", 16)
        print(lib.get_counter(), lib.point_sum(), ffi.string(lib.get_name()))
        lib.bump()
        print(lib.counter, list(lib.table), lib.origin.x, lib.origin.y, ffi.string(lib.name), lib.handle)
        table = lib.table
        table[3] = 44
        lib.origin.x += 1
        lib.bump()
        print(list(table), list(lib.table), lib.origin.x, lib.origin.y)
        lib.origin = {'y': 7}
        p = ffi.addressof(lib, 'counter')
        p[0] += 100
        print(ffi.typeof(p), lib.get_counter(), lib.counter)
        lib.counter = 7
        print(p[0], ffi.typeof(ffi.addressof(lib, 'table')), ffi.typeof(ffi.addressof(lib, 'origin')))
        q = ffi.addressof(lib.origin, 'y')
        q[0] = 3.5
        print(lib.origin.x, lib.origin.y, lib.current.x, lib.current.y)
        lib.current.x = 77
        print(lib.origin.x)
        lib.mine = 31
        print(lib.own_counter(), lib.mine)

        print(dir(lib))
        print(lib.__all__)
        refused(setattr, lib, 'counter', "a")
        refused(setattr, lib, 'counter', 2**31)
        refused(setattr, lib, 'small', 300)
        refused(setattr, lib, 'origin', 5)
        refused(setattr, lib, 'table', [1, 2, 3, 4, 5])
        refused(setattr, lib, 'title', b"bytes")
        refused(setattr, lib, 'limit', 1)
        refused(setattr, lib, 'half', 1)
        refused(setattr, lib, 'label', ffi.NULL)
        refused(setattr, lib, 'unit', [1, 1])
        refused(delattr, lib, 'counter')
        refused(ffi.addressof, lib, 'limit')
        refused(ffi.addressof, lib, 'label')
        refused(ffi.addressof, lib, 'nowhere')
        return lib.counter

    @ffi.def_extern(error=-1)
    def again():
        show()
        return lib.mine
""")
ffi.compile()
