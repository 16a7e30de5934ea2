import cffi

ffi = cffi.FFI()
ffi.embedding_api("""
    int pid(void);
    int uid(void);
    int gid(void);
    int variable(const char *name, char *value /* [out, sized_by(cap)] */, int cap);
    int variables(void);
    int folder(char *path /* [out, sized_by(cap)] */, int cap);
    int session(int part);
    int outside(void);
    int words(void);
""")
ffi.set_source("plugin", "")
ffi.embedding_init_code("""
    import coil
    import threading
    from plugin import ffi

    @ffi.def_extern()
    def pid():
        return coil.peer().pid

    @ffi.def_extern()
    def uid():
        return coil.peer()[1]

    @ffi.def_extern()
    def gid():
        return coil.peer().gid

    @ffi.def_extern(error=-1)
    def variable(name, value, cap):
        text = coil.environ().get(ffi.string(name).decode())
        if text is None:
            return -2
        text = text.encode("utf-8", "surrogateescape")
        value[0:len(text)] = text
        return len(text)

    @ffi.def_extern(error=-1)
    def variables():
        return len(coil.environ())

    @ffi.def_extern(error=-1)
    def folder(path, cap):
        text = coil.cwd().encode()
        path[0:len(text)] = text
        return len(text)

    kept = []

    @ffi.def_extern(error=-1)
    def session(part):
        s = coil.current()
        if part == 0:
            kept.append(s)
            return s.peer == coil.peer()
        if part == 1:  # the same program is the same, whenever it is asked for
            return s == kept[-1] and not s != kept[-1] and hash(s) == hash(kept[-1]) and s is not None
        if part == 2:
            return s.gone or s == "something else"
        if part == 3:
            return repr(s) == "<coil.Session of process %d>" % coil.peer().pid
        with s as inside:
            with s:
                nested = coil.current() == s
            return inside is s and nested and coil.peer().pid == s.peer.pid

    @ffi.def_extern(error=-1)
    def outside():
        # In a Python that serves one program only, that one is always meant.
        found = []

        def ask():
            try:
                found.append(coil.peer())
            except RuntimeError as error:
                found.append(str(error))

        thread = threading.Thread(target=ask)
        thread.start()
        thread.join()
        return found[0] == coil.peer() or "COIL_INTERPRETER=private" in found[0]

    @ffi.def_extern(error=-1)
    def words():
        documented = [name for name in dir(coil) if not name.startswith("_") and getattr(coil, name).__doc__]
        assert documented == ["ClientGone", "DeadlineExceeded", "Peer", "Session", "current", "cwd", "environ", "on_open", "peer"], documented
        assert issubclass(coil.ClientGone, RuntimeError) and issubclass(coil.DeadlineExceeded, TimeoutError)
        assert coil.__doc__ and coil.__version__
        for wrong in (lambda: coil.on_open(3), lambda: coil.current().on_close(None), lambda: coil.Session()):
            try:
                wrong()
            except TypeError:
                pass
            else:
                return -2
        try:
            coil.on_open(words)
        except RuntimeError as error:
            assert "init code" in str(error)
        return 8
""")
ffi.compile()
