import cffi

ffi = cffi.FFI()
ffi.embedding_api("""
    typedef int (*command_t)(const char *argument /* [string] */);
    struct command { const char *name; command_t run; };
    const struct command *commands(int *n /* [out] */) /* [counted_by(*n)] */;
    command_t *table(void) /* [counted_by(3)] */;
    int help(const char *argument);
    int quit(const char *argument);
    int run_all(command_t *all /* [in, counted_by(n)] */, int n);
""")
ffi.set_source("plugin", r"""
    typedef int (*command_t)(const char *argument);
    struct command { const char *name; command_t run; };
""")
ffi.embedding_init_code(r"""
    from plugin import ffi, lib

    @ffi.def_extern()
    def help(argument):
        print("help", ffi.string(argument))
        return 1

    @ffi.def_extern()
    def quit(argument):
        print("quit", ffi.string(argument))
        return 2

    @ffi.callback("command_t")
    def echo(argument):
        print("echo", ffi.string(argument))
        return len(ffi.string(argument))

    names = [ffi.new("char[]", name) for name in (b"help", b"quit", b"echo")]
    functions = [lib.help, lib.quit, echo]
    all_commands = ffi.new("struct command[]", [[name, f] for name, f in zip(names, functions)])
    all_functions = ffi.new("command_t[]", functions)

    @ffi.def_extern()
    def commands(n):
        n[0] = len(all_commands)
        return all_commands

    @ffi.def_extern()
    def table():
        return all_functions

    @ffi.def_extern()
    def run_all(all, n):
        print(all[0] == lib.help, all[1] == lib.quit, all[2] == echo)
        return sum(all[i](ffi.new("char[]", b"number %d" % i)) for i in range(n))
""")
ffi.compile()
