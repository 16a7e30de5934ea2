import cffi

ffi = cffi.FFI()
ffi.embedding_api("""
    int count(const char *const *words /* [string] */);
    int join(const char *const *words, int n, char *to /* [out, sized_by(size)] */, size_t size);
    int upper(char **words /* [string] */);
    int sort(const char **words /* [string, inout, counted_by(n)] */, int n);
    int drop(const char **words /* [string, inout] */, int at);
    struct names { int n; const char **list /* [string, counted_by(n)] */; const char *fixed[3]; };
    int longest(const struct names *s);
    int swap(struct names *s);
    const char *pick(const char *const *words /* [string] */, int at);
""")
ffi.set_source("plugin", """
    #include <stddef.h>
    struct names { int n; const char **list; const char *fixed[3]; };
""")
ffi.embedding_init_code("""
    from plugin import ffi

    def strings(words):
        found = []
        while words and words[len(found)]:
            found.append(ffi.string(words[len(found)]))
        return found

    @ffi.def_extern()
    def count(words):
        return len(strings(words))

    @ffi.def_extern()
    def join(words, n, to, size):
        text = b" ".join(ffi.string(words[i]) if words[i] else b"(null)" for i in range(n))
        ffi.memmove(to, text + bytes(1), len(text) + 1)
        return len(text)

    @ffi.def_extern()
    def upper(words):
        for i, text in enumerate(strings(words)):
            ffi.memmove(words[i], text.upper(), len(text))
        return 1

    @ffi.def_extern()
    def sort(words, n):
        words[0:n] = sorted(words[0:n], key=ffi.string)
        return 2

    @ffi.def_extern()
    def drop(words, at):
        rest = strings(words)
        for i in range(at, len(rest)):
            words[i] = words[i + 1]
        return len(rest) - 1

    @ffi.def_extern()
    def longest(s):
        all = [s.list[i] for i in range(s.n)] + [text for text in s.fixed]
        return max(len(ffi.string(text)) for text in all if text)

    @ffi.def_extern()
    def swap(s):
        s.list[0], s.fixed[0] = s.fixed[0], s.list[0]
        s.fixed[1] = s.list[1] + 1
        s.fixed[2] = ffi.NULL
        return 3

    @ffi.def_extern()
    def pick(words, at):
        return words[at]
""")
ffi.compile()
