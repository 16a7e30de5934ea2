import cffi

ffi = cffi.FFI()
ffi.cdef("int fork_here(int how);")
ffi.embedding_api("int outer(int how); int inner(int x);")
ffi.set_source("plugin", r"""
    #include <stdio.h>
    #include <stdlib.h>
    #include <sys/wait.h>
    #include <unistd.h>
    extern CFFI_DLLEXPORT int inner(int x);

    static int in_child(int how)
    {
        alarm(15);
        switch (how) {
        case 0:
            _exit(10);
        case 1:
            exit(11);
        case 2:
            _exit(inner(20)); /* a call of its own: 21 */
        case 3:
            execl("/bin/sh", "sh", "-c", "exit 13", (char *)NULL);
            _exit(99);
        default: /* a child of the child calls, too */
            if (fork() == 0)
                _exit(inner(30));
            wait(&how);
            _exit(WEXITSTATUS(how) + inner(1));
        }
    }

    static int fork_here(int how)
    {
        int status = 0;
        pid_t pid;

        fflush(stdout);
        pid = fork();
        if (pid == 0)
            in_child(how);
        if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
            return -1000 - status;
        return WEXITSTATUS(status) * 1000 + inner(how);
    }
""")
ffi.embedding_init_code(r"""
    from plugin import ffi, lib

    @ffi.def_extern(error=-5)
    def outer(how):
        return lib.fork_here(how)

    @ffi.def_extern(error=-6)
    def inner(x):
        return x + 1
""")
ffi.compile()
