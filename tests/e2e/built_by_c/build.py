import cffi

ffi = cffi.FFI()
ffi.cdef("""
    struct node { int value; struct node *next; };
    struct stack { int *items /* [inout, counted_by(count)] */; int count, room; struct node *list; };
    void push(struct stack *s, int value);
    int pop(struct stack *s);
    struct node *last(struct stack *s);
    struct node *find(struct stack *s, int value);
    void unlink_all(struct stack *s);
    void drop(struct node *node);
    int address_is_same(struct stack *s, struct node *node, int at);
    extern struct stack shared;
""")
ffi.embedding_api("""
    int work(struct stack *s);
    struct node *middle(struct stack *s);
""")
ffi.set_source("plugin", r"""
    #include <stdlib.h>
    struct node { int value; struct node *next; };
    struct stack { int *items; int count, room; struct node *list; };
    CFFI_DLLEXPORT struct stack shared;
    struct stack shared;

    static void push(struct stack *s, int value)
    {
        struct node *node = malloc(sizeof *node);

        if (s->count == s->room) {
            s->room = s->room ? 2 * s->room : 2;
            s->items = realloc(s->items, (size_t)s->room * sizeof *s->items);
        }
        s->items[s->count++] = value;
        node->value = value;
        node->next = s->list;
        s->list = node;
    }
    static int pop(struct stack *s)
    {
        struct node *node = s->list;
        int value = node->value;

        s->list = node->next;
        free(node);
        s->count--;
        return value;
    }
    static struct node *last(struct stack *s)
    {
        struct node *node = s->list;

        while (node && node->next)
            node = node->next;
        return node;
    }
    static struct node *find(struct stack *s, int value)
    {
        struct node *node = s->list;

        while (node && node->value != value)
            node = node->next;
        return node;
    }
    static void unlink_all(struct stack *s)
    {
        while (s->list)
            pop(s);
        free(s->items);
        s->items = NULL;
        s->room = 0;
    }
    static void drop(struct node *node)
    {
        free(node);
    }
    static int address_is_same(struct stack *s, struct node *node, int at)
    {
        struct node *mine = s->list;

        while (at-- > 0)
            mine = mine->next;
        return mine == node;
    }
""")
ffi.embedding_init_code(r"""
    from plugin import ffi, lib

    def values(s):
        found = []
        node = s.list
        while node:
            found.append(node.value)
            node = node.next
        return found

    def show(s):
        print(list(s.items[0:s.count]) if s.items else [], values(s))

    @ffi.def_extern(error=-1)
    def work(s):
        show(s)
        for i in range(5):
            lib.push(s, i)
        show(s)
        s.items[0] = 100                    # seen by C, and kept when C moves the array
        s.list.value = 40
        for i in range(5, 9):
            lib.push(s, i)
        show(s)
        first = s.list
        print(lib.last(s).value, lib.find(s, 40).value, lib.find(s, 99) == ffi.NULL)
        print(lib.find(s, 8) == first, lib.find(s, 7) == first.next, lib.address_is_same(s, first.next, 1))
        lib.find(s, 2).value = 22           # what C returned is the node itself
        print([lib.pop(s) for i in range(3)])
        show(s)
        node = s.list.next
        s.list.next = node.next             # C frees what it finds, so not this one; none is freed twice
        lib.drop(node)
        show(s)
        print(lib.last(s) == lib.find(s, 0))

        shared = lib.shared                 # a variable of the program
        lib.push(ffi.addressof(lib, "shared"), 7)
        print(shared.count, shared.list.value, shared.items[0])
        shared.list.value = 77
        print(lib.pop(ffi.addressof(lib, "shared")), shared.list == ffi.NULL)
        for i in range(300):
            lib.push(s, i)
        print(sum(values(s)), sum(s.items[0:s.count]), s.room)
        return s.count

    @ffi.def_extern()
    def middle(s):
        return s.list.next.next
""")
ffi.compile()
