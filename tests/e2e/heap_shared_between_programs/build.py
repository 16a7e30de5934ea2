import cffi

ffi = cffi.FFI()
ffi.embedding_api("""
    struct entry { char text[32]; int visits; struct entry *next; };
    struct entry *enter(const char *text);
    struct entry *find(const char *text);
    int count(const struct entry *first /* [in] */);
""")
ffi.set_source("plugin", "struct entry { char text[32]; int visits; struct entry *next; };")
ffi.embedding_init_code("""
    from plugin import ffi

    entries = []

    @ffi.def_extern()
    def enter(text):
        entries.append(ffi.new("struct entry *", (ffi.string(text), 0, entries[-1] if entries else ffi.NULL)))
        return entries[-1]

    @ffi.def_extern()
    def find(text):
        for entry in entries:
            if ffi.string(entry.text) == ffi.string(text):
                return entry
        return ffi.NULL

    @ffi.def_extern()
    def count(first):
        assert first in entries        # no copy: a pointer into shared memory is itself
        n = 0
        while first != ffi.NULL:
            n += first.visits
            first = first.next
        return n
""")
ffi.compile()
