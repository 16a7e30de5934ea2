import cffi

ffi = cffi.FFI()
ffi.cdef("""
    int put(FILE *file, const char *text);
    int get(FILE *file);
    FILE *own(void);
    int print_many(int count, FILE *file, ...);
    int nothing(FILE *file);
""")
ffi.embedding_api("int run(const char *folder); int loop(const char *folder, int n);")
ffi.set_source("plugin", r"""
    #include <stdio.h>
    #include <stdarg.h>
    CFFI_DLLEXPORT int run(const char *folder);
    static int put(FILE *file, const char *text) { return fputs(text, file) < 0 ? -1 : 1; }
    static int get(FILE *file) { return fgetc(file); }
    static FILE *own(void) { return stdout; }
    static int print_many(int count, FILE *file, ...)
    {
        va_list list;
        va_start(list, file);
        while (count-- > 0)
            fprintf(file, "<%d>", va_arg(list, int));
        va_end(list);
        return 0;
    }
    static int nothing(FILE *file) { return file == NULL; }
""")
ffi.embedding_init_code(r"""
    import io, os, sys
    from plugin import ffi, lib

    def refused(function, *arguments):
        try:
            function(*arguments)
        except (TypeError, OSError, ValueError, AttributeError) as error:
            print("%s: %s" % (type(error).__name__, error))
        else:
            print("not refused")

    @ffi.def_extern(error=-1)
    def run(folder):
        path = os.path.join(ffi.string(folder).decode(), "file.txt")
        with open(path, "w") as file:
            file.write("Python 1\n")
            print(lib.put(file, b"C 1\n"))
            file.write("Python 2\n")
            lib.put(file, b"C 2\n")
            lib.print_many(2, file, ffi.cast("int", 5), ffi.cast("int", 6))
        with open(path, "ab") as file:
            lib.put(file, b"appended\n")
        with open(path, "rb", buffering=0) as file:
            print(chr(lib.get(file)), chr(lib.get(file)), file.read(5), chr(lib.get(file)))
        with open(path, "r+") as file:
            file.seek(0, 2)
            lib.put(file, b"updated\n")
        print(open(path).read())
        read_end, write_end = os.pipe()
        with os.fdopen(read_end, "r") as reader, os.fdopen(write_end, "w") as writer:
            lib.put(writer, b"through a pipe\n")
            print(reader.readline(), end="")
        sys.stdout.flush()
        lib.put(lib.own(), b"to stdout\n")
        lib.put(sys.stdout, b"to sys.stdout\n")
        print("before ", end="")
        sys.stdout.flush()
        print("nothing", lib.nothing(ffi.NULL))
        refused(lib.put, 3, b"x")
        refused(lib.put, None, b"x")
        refused(lib.put, "name", b"x")
        refused(lib.put, io.BytesIO(), b"x")
        file = open(path)
        file.close()
        refused(lib.put, file, b"x")
        return 0

    @ffi.def_extern(error=-1)
    def loop(folder, n):
        path = os.path.join(ffi.string(folder).decode(), "loop.txt")
        with open(path, "w") as file:
            for i in range(n):
                lib.put(file, b"line\n")
        return os.path.getsize(path)
""")
ffi.compile()
