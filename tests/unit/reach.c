/*
 * Walking from a frame: what is followed must lie in shared memory with all that it leads to, and what does not is
 * named.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <cmocka.h>

#include "proto/reach.h"

struct node {
    struct node *next;
    const char *name;
};

struct table {
    int n;
    int *more;    /* inout, one */
    int *numbers; /* in, counted_by(*more + n) */
    void *user;   /* opaque */
};

struct frame {
    struct node *head;
    struct table pair[2]; /* by value */
    char **texts;         /* up to NULL */
    struct node *nodes;   /* in, counted_by(count) */
    int count;
};

enum { T_INT, T_INT_P, T_VOID, T_VOID_P, T_COUNT };
enum { S_NODE, S_TABLE, S_TEXT, S_COUNT };
enum { V_HEAD, V_PAIR, V_TEXTS, V_NODES, V_NUMBER, V_NODE, V_TABLE = V_NODE + 2, V_TEXT = V_TABLE + 4, V_COUNT };
enum { E_NUMBERS, E_NODES = E_NUMBERS + 4, E_COUNT = E_NODES + 2 };
enum {
    N_HEAD = 1,
    N_PAIR = 6,
    N_TEXTS = 11,
    N_NODES = 17,
    N_NEXT = 23,
    N_NAME = 28,
    N_NUMBERS = 33,
    N_MORE = 41,
    N_USER = 46
};

#define PLACE(type, member) offsetof(type, member), sizeof(((type *)0)->member)

static const struct image {
    struct coil_descriptor head;
    coil_type_code types[T_COUNT];
    struct coil_descriptor_shape shapes[S_COUNT];
    struct coil_descriptor_value values[V_COUNT];
    struct coil_descriptor_expression expressions[E_COUNT];
    char strings[64];
} image = {
    .head = { .types = { offsetof(struct image, types), T_COUNT },
              .shapes = { offsetof(struct image, shapes), S_COUNT },
              .values = { offsetof(struct image, values), V_COUNT },
              .expressions = { offsetof(struct image, expressions), E_COUNT },
              .strings = { offsetof(struct image, strings), 64 } },
    .types = { COIL_TYPE(COIL_OP_PRIMITIVE, COIL_PRIM_INT), COIL_TYPE(COIL_OP_POINTER, T_INT),
               COIL_TYPE(COIL_OP_PRIMITIVE, COIL_PRIM_VOID), COIL_TYPE(COIL_OP_POINTER, T_VOID) },
    .shapes = { { sizeof(struct node), V_NODE, 2 }, { sizeof(struct table), V_TABLE, 4 }, { sizeof(char *), V_TEXT, 1 } },
    .values = {
        [V_HEAD] = { N_HEAD, T_VOID_P, COIL_CROSS_BLOCK_INOUT, PLACE(struct frame, head), sizeof(struct node), 0, 0,
                     S_NODE + 1, 0 },
        [V_PAIR] = { N_PAIR, T_VOID, COIL_CROSS_VALUE, PLACE(struct frame, pair), 0, 0, 0, S_TABLE + 1, 0 },
        [V_TEXTS] = { N_TEXTS, T_VOID_P, COIL_CROSS_BLOCK_IN, PLACE(struct frame, texts), sizeof(char *),
                      COIL_COUNT_TO_NULL, 0, S_TEXT + 1, 0 },
        [V_NODES] = { N_NODES, T_VOID_P, COIL_CROSS_BLOCK_IN, PLACE(struct frame, nodes), sizeof(struct node),
                      1 + E_NODES, 0, S_NODE + 1, 0 },
        [V_NUMBER] = { 0, T_INT, COIL_CROSS_VALUE, PLACE(struct frame, count), 0, 0, 0, 0, 0 },
        [V_NODE] = { N_NEXT, T_VOID_P, COIL_CROSS_BLOCK_INOUT, PLACE(struct node, next), sizeof(struct node), 0, 0,
                     S_NODE + 1, 0 },
        [V_NODE + 1] = { N_NAME, T_VOID_P, COIL_CROSS_STRING_IN, PLACE(struct node, name), 0, 0, 0, 0, 0 },
        [V_TABLE] = { 0, T_INT, COIL_CROSS_VALUE, PLACE(struct table, n), 0, 0, 0, 0, 0 },
        [V_TABLE + 1] = { N_MORE, T_INT_P, COIL_CROSS_BLOCK_INOUT, PLACE(struct table, more), sizeof(int), 0, 0, 0, 0 },
        [V_TABLE + 2] = { N_NUMBERS, T_INT_P, COIL_CROSS_BLOCK_IN, PLACE(struct table, numbers), sizeof(int),
                          1 + E_NUMBERS, 0, 0, 0 },
        [V_TABLE + 3] = { N_USER, T_VOID_P, COIL_CROSS_VALUE, PLACE(struct table, user), 0, 0, 0, 0, 0 },
        [V_TEXT] = { 0, T_VOID_P, COIL_CROSS_STRING_IN, 0, sizeof(char *), 0, 0, 0, 0, 0 },
    },
    .expressions = { { COIL_EXPRESSION_DEREFERENCE, 0, 1 }, { COIL_EXPRESSION_PARAMETER, 0, 0 },
                     { COIL_EXPRESSION_ADD, 0, 0 }, { COIL_EXPRESSION_END, 0, 0 },
                     { COIL_EXPRESSION_PARAMETER, 0, 4 }, { COIL_EXPRESSION_END, 0, 0 } },
    .strings = "\0head\0pair\0texts\0nodes\0next\0name\0numbers\0more\0user",
};

#define SHARED_SIZE ((size_t)16 << 20)

static unsigned char *shared; /* a page that cannot be read lies behind it */
static size_t used;
static char strays[512]; /* their names */
static int stray_result;
static bool null_strays;
static unsigned seen;

static void *take(size_t size)
{
    void *memory = shared + used;

    used += (size + 15) & ~(size_t)15;
    assert_true(used <= SHARED_SIZE);
    memset(memory, 0, size);
    return memory;
}

static bool is_shared(void *context, uint64_t address, uint64_t size)
{
    uint64_t begin = (uint64_t)(uintptr_t)shared;

    assert_ptr_equal(context, &used);
    return address - begin < SHARED_SIZE && size <= SHARED_SIZE - (address - begin);
}

static int note_stray(void *context, const struct coil_reach_stray *stray)
{
    (void)context;
    (void)strcat(strcat(strays, stray->is_outermost ? " !" : " "), stray->path->text);
    if (null_strays)
        memset((void *)(uintptr_t)stray->place, 0, 8);
    return stray_result;
}

static void note_seen(void *context, const struct coil_descriptor_value *value, uint64_t place, uint64_t address)
{
    uint64_t there;

    (void)context;
    (void)value;
    memcpy(&there, (const void *)(uintptr_t)place, sizeof there);
    assert_int_equal(there, address);
    seen++;
}

static int walk(const struct frame *frame, struct coil_error *error)
{
    const struct coil_reach reach = {
        .image = &image.head, .is_shared = is_shared, .stray = note_stray, .seen = note_seen, .context = &used
    };
    const struct coil_reach_frame outermost = { image.values, V_NODE, 0, frame, frame };

    strays[0] = '\0';
    seen = 0;
    return coil_reach_walk(&reach, &outermost, error);
}

static void assert_strays(const struct frame *frame, const char *expected)
{
    struct coil_error error;
    int r = walk(frame, &error);

    assert_int_equal(r, *expected ? stray_result : 0);
    assert_string_equal(strays, expected);
}

static int setup(void **state)
{
    (void)state;
    if (!shared) {
        shared = mmap(NULL, SHARED_SIZE + 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        assert_int_equal(mprotect(shared, SHARED_SIZE, PROT_READ | PROT_WRITE), 0);
    }
    used = 0;
    stray_result = -EFAULT;
    null_strays = false;
    return 0;
}

static struct node *node(struct node *next, const char *name)
{
    struct node *n = take(sizeof *n);

    n->next = next;
    n->name = name ? strcpy(take(strlen(name) + 1), name) : NULL;
    return n;
}

static void what_is_shared_is_followed_to_its_end(void **state)
{
    struct node *last = node(NULL, "last"), *first = node(node(last, "middle"), "first");
    struct frame frame = { .head = first, .nodes = first, .count = 1 };

    (void)state;
    last->next = first; /* a ring */
    assert_strays(&(struct frame){ 0 }, "");
    assert_int_equal(seen, 0);
    assert_strays(&frame, "");
    assert_int_equal(seen, 2 + 3 * 2);
    frame.texts = take(3 * sizeof(char *));
    frame.texts[0] = strcpy(take(2), "a");
    frame.texts[1] = strcpy(take(2), "b");
    assert_strays(&frame, "");
}

static void a_stray_pointer_is_named(void **state)
{
    struct node own = { 0 };
    char text[] = "the program's own";
    struct frame frame = { .head = &own };

    (void)state;
    assert_strays(&frame, " !head");
    frame.head = node(node(NULL, NULL), NULL);
    frame.head->next->name = text;
    assert_strays(&frame, " head->next->name");
    frame.head->next->name = NULL;
    frame.nodes = take(3 * sizeof *frame.nodes);
    frame.nodes[2].next = &own;
    frame.count = 2;
    assert_strays(&frame, "");
    frame.count = 3;
    assert_strays(&frame, " nodes[2].next");
    frame.count = 0;
    frame.pair[1].more = &(int){ 5 };
    assert_strays(&frame, " !pair[1].more");
    frame.pair[1].more = NULL;
    frame.pair[1].user = &own; /* opaque: anybody's */
    assert_strays(&frame, "");
    frame.texts = take(2 * sizeof(char *));
    frame.texts[0] = text;
    assert_strays(&frame, " texts[0]");
}

/* The whole of it, and not only its beginning. */
static void extents_end_in_shared_memory(void **state)
{
    unsigned char *end = shared + SHARED_SIZE;
    struct frame frame = { .nodes = (struct node *)(void *)(end - 2 * sizeof(struct node)), .count = 2 };

    (void)state;
    memset(end - 100, 0, 100);
    assert_strays(&frame, "");
    frame.count = 3;
    assert_strays(&frame, " !nodes");
    frame.count = 0;

    frame.head = node(NULL, NULL);
    frame.head->name = (char *)end - 10;
    assert_strays(&frame, "");
    memset(end - 10, 'x', 10); /* a string that does not end */
    assert_strays(&frame, " head->name");
    memset(end - 8192, 'x', 8191);
    end[-1] = 0;
    frame.head->name = (char *)end - 8192;
    assert_strays(&frame, "");
    frame.head->name = NULL;

    frame.texts = (char **)(void *)(end - 2 * sizeof(char *));
    frame.texts[0] = strcpy(take(2), "a");
    frame.texts[1] = strcpy(take(2), "b");
    assert_strays(&frame, " !texts");
    frame.texts[1] = NULL;
    assert_strays(&frame, "");
}

static void lengths_are_read_where_they_may_be_read(void **state)
{
    struct frame frame = { .count = -1, .nodes = (struct node *)(void *)shared };
    struct coil_error error;

    (void)state;
    assert_int_equal(walk(&frame, &error), -ERANGE);
    assert_non_null(strstr(error.text, "'nodes'"));
    frame = (struct frame){ 0 };
    frame.pair[0].n = 3;
    frame.pair[0].more = take(sizeof(int));
    *frame.pair[0].more = 2;
    frame.pair[0].numbers = (int *)(void *)(shared + SHARED_SIZE) - 5;
    assert_strays(&frame, "");
    *frame.pair[0].more = 3;
    assert_strays(&frame, " !pair[0].numbers");
    /* Nobody looks behind a pointer that leads elsewhere. */
    stray_result = 0;
    frame.pair[0].more = (int *)(void *)(shared + SHARED_SIZE);
    assert_strays(&frame, " !pair[0].more");
}

static void strays_can_be_mended(void **state)
{
    struct node own = { 0 };
    struct frame frame = { .head = node(node(NULL, NULL), NULL) };

    (void)state;
    stray_result = 0;
    null_strays = true;
    frame.head->name = "own";
    frame.head->next->next = &own;
    assert_strays(&frame, " head->name head->next->next");
    assert_null(frame.head->name);
    assert_null(frame.head->next->next);
    assert_strays(&frame, "");
}

static void a_long_chain_needs_no_stack(void **state)
{
    struct frame frame = { 0 };

    (void)state;
    for (int i = 0; i < 200000; i++)
        frame.head = node(frame.head, i ? NULL : "end");
    assert_strays(&frame, "");
    assert_int_equal(seen, 200001);
    ((struct node *)(void *)shared)->name = "own"; /* of the last one; far too deep for its whole name */
    assert_strays(&frame, " head->...->next->next->next->next->next->name");
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup(function, setup)
    const struct CMUnitTest tests[] = {
        TEST(what_is_shared_is_followed_to_its_end),
        TEST(a_stray_pointer_is_named),
        TEST(extents_end_in_shared_memory),
        TEST(lengths_are_read_where_they_may_be_read),
        TEST(strays_can_be_mended),
        TEST(a_long_chain_needs_no_stack),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
