import cffi

ffi = cffi.FFI()
ffi.embedding_api("int add(int x, int y); int chatter(int n); int die(void); int python_is_clean(void);")
ffi.set_source("plugin", "")
ffi.embedding_init_code("""
    import os
    from plugin import ffi

    @ffi.def_extern(error=-1)
    def add(x, y):
        return x + y

    @ffi.def_extern(error=-1)
    def chatter(n):
        for i in range(n):
            print("line", i)
        return n

    @ffi.def_extern(error=-7)
    def die():
        os._exit(0)

    def mask(pid, what):
        with open("/proc/%d/status" % pid) as file:
            return [int(line.split()[1], 16) for line in file if line.startswith(what)][0]

    @ffi.def_extern(error=-1)
    def python_is_clean():
        # The worker's channels block nothing, nor does its daemon; neither has the program's terminal or folder.
        for pid in (os.getpid(), os.getppid()):
            if mask(pid, "SigBlk:") & ~(1 << 16) or os.readlink("/proc/%d/cwd" % pid) != "/":
                return 0
            if os.getsid(pid) == int(os.environ.get("NOBODY", "0")):
                return 0
        return 1
""")
ffi.compile()
