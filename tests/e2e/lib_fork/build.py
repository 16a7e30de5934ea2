import cffi

ffi = cffi.FFI()
ffi.cdef("int fork_here(void); int plain(int x);")
ffi.embedding_api("int outer(int x); int inner(int x);")
ffi.set_source("plugin", r"""
    #include <stdio.h>
    #include <sys/wait.h>
    #include <unistd.h>
    CFFI_DLLEXPORT int inner(int x);
    CFFI_DLLEXPORT int is_child;
    int is_child;
    static int plain(int x) { return x + 1; }
    static int fork_here(void)
    {
        pid_t pid;
        int status = 0;

        fflush(stdout);
        pid = fork();
        if (pid == 0) {
            is_child = 1;
            return inner(20); /* in the child a call of its own */
        }
        waitpid(pid, &status, 0);
        return inner(30) * 1000 + WEXITSTATUS(status);
    }
""")
ffi.embedding_init_code(r"""
    from plugin import ffi, lib

    @ffi.def_extern(error=-5)
    def outer(x):
        return lib.fork_here() + x

    @ffi.def_extern(error=-6)
    def inner(x):
        return lib.plain(x)
""")
ffi.compile()
