import cffi

ffi = cffi.FFI()
ffi.embedding_api("""
    struct node { int value; struct node *next; const char *name; };
    long sum(struct node *list);
    struct node *reverse(struct node *list);
    int cut_cycle(struct node *list);
    int same_tail(struct node *a, struct node *b);
    void double_all(struct node *list);
    struct node *find(struct node *list, const char *name);
    int names(const struct node *list, char *to /* [out, sized_by(size)] */, size_t size);
    int splice(struct node *a, struct node *b);
""")
ffi.set_source("plugin", """
    #include <stddef.h>
    struct node { int value; struct node *next; const char *name; };
""")
ffi.embedding_init_code("""
    from plugin import ffi

    def walk(list):
        while list:
            yield list
            list = list.next

    @ffi.def_extern()
    def sum(list):
        total = 0
        for node in walk(list):
            total += node.value
        return total

    @ffi.def_extern()
    def reverse(list):
        last = ffi.NULL
        while list:
            list.next, last, list = last, list, list.next
        return last

    @ffi.def_extern()
    def cut_cycle(list):
        seen = set()
        for node in walk(list):
            seen.add(node)
            if node.next in seen:
                node.next = ffi.NULL
        return len(seen)

    @ffi.def_extern()
    def same_tail(a, b):
        tail = {node for node in walk(b)}
        return len([node for node in walk(a) if node in tail])

    @ffi.def_extern()
    def double_all(list):
        for node in walk(list):
            node.value *= 2

    @ffi.def_extern()
    def find(list, name):
        wanted = ffi.string(name)
        for node in walk(list):
            if node.name and ffi.string(node.name) == wanted:
                return node
        return ffi.NULL

    @ffi.def_extern()
    def names(list, to, size):
        text = b",".join(ffi.string(node.name) if node.name else b"-" for node in walk(list))
        ffi.memmove(to, text + bytes(1), len(text) + 1)
        return len(text)

    @ffi.def_extern()
    def splice(a, b):
        # b's nodes come between a's first and second.
        last = b
        while last.next:
            last = last.next
        last.next = a.next
        a.next = b
        return 1
""")
ffi.compile()
