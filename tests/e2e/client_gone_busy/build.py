import cffi

ffi = cffi.FFI()
ffi.embedding_api("""
    int spins(const char *path);
    int sleeps(const char *path);
    int insists(const char *path);
    void counts(const char *path) /* [oneway] */;
    int ready(void);
""")
ffi.set_source("plugin", "")
ffi.embedding_init_code("""
    import coil
    import time
    from plugin import ffi

    def note(path, word):
        with open(ffi.string(path), "a") as file:
            print(word, file=file)

    def until_told(path, pause):
        try:
            while True:
                pause()
        except coil.ClientGone:
            note(path, "told")

    @ffi.def_extern(error=-1)
    def spins(path):
        until_told(path, lambda: None)
        return 1

    @ffi.def_extern(error=-1)
    def sleeps(path):
        until_told(path, lambda: time.sleep(1))
        return 1

    @ffi.def_extern(error=-1)
    def insists(path):
        until_told(path, lambda: None)
        until_told(path, lambda: None)
        return 1

    @ffi.def_extern()
    def counts(path):
        for i in range(20):
            time.sleep(0.02)
        note(path, "done")

    @ffi.def_extern(error=-1)
    def ready():
        return 1
""")
ffi.compile()
