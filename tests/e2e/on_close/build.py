import cffi

ffi = cffi.FFI()
ffi.embedding_api("int watch(const char *path); int slow(void); int fd_count(void);")
ffi.set_source("plugin", "")
ffi.embedding_init_code("""
    import coil
    import os
    import time
    from plugin import ffi

    def note(path, *words):
        with open(path, "a") as file:
            print(*words, file=file)

    @ffi.def_extern(error=-1)
    def watch(path):
        path = ffi.string(path).decode()
        session = coil.current()
        pid = session.peer.pid

        def last():
            try:
                session.on_close(print)
            except coil.ClientGone:
                note(path, "last", session.gone, session.peer.pid == pid)
            try:
                with session:
                    coil.cwd()
            except coil.ClientGone as error:
                note(path, "and nobody there:", error)

        session.on_close(last)

        @session.on_close
        def failing():
            note(path, "failing")
            raise ValueError("in on_close")

        @session.on_close
        def first():
            print("printed by on_close")
            note(path, "first")

        return 1

    @ffi.def_extern(error=-1)
    def slow():
        coil.current().on_close(lambda: time.sleep(60))
        return 1

    @ffi.def_extern()
    def fd_count():
        return len(os.listdir("/proc/self/fd"))
""")
ffi.compile()
