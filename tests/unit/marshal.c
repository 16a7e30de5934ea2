/*
 * Marshalling: what pointers lead to, there and back, without a worker.  The test is both the program and Python:
 * it writes to what was staged as a handler would.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

#include "client/remote/remote.h"

struct node {
    struct node *next;
    const char *name; /* Python reads it */
    int value;
};

struct table {
    int n;
    int *numbers; /* inout, counted_by(n) */
    char *label;  /* string in and out */
    void *user;   /* opaque */
};

struct pair {
    struct table first, second; /* in place */
    struct pair *self;
};

struct filled {
    int n;
    char *room; /* out, counted_by(16), length(n) */
};

struct frame {
    struct node *head;
    const char *in;
    char *inout;
    int *out;
    const char **names; /* up to NULL */
    struct table *table;
    struct pair pair; /* by value */
    struct filled *filled;
    int *array; /* inout, counted_by(count) */
    int count;
    void *opaque;
};

enum { T_INT, T_CHAR, T_CHAR_P, T_INT_P, T_VOID, T_VOID_P, T_COUNT };
enum { S_NODE, S_TABLE, S_PAIR, S_FILLED, S_TEXT, S_COUNT };
enum {
    V_HEAD,
    V_IN,
    V_INOUT,
    V_OUT,
    V_NAMES,
    V_TABLE,
    V_PAIR,
    V_FILLED,
    V_ARRAY,
    V_NUMBER,
    V_OPAQUE,
    V_FRAME_END,
    V_NODE = V_FRAME_END,
    V_TABLE_N = V_NODE + 2,
    V_TABLE_NUMBERS,
    V_TABLE_LABEL,
    V_TABLE_USER,
    V_PAIR_FIRST,
    V_PAIR_SECOND,
    V_PAIR_SELF,
    V_FILLED_N,
    V_FILLED_ROOM,
    V_TEXT,
    V_COUNT
};
enum { E_TABLE, E_FILLED = E_TABLE + 2, E_LENGTH = E_FILLED + 2, E_ARRAY = E_LENGTH + 2, E_COUNT = E_ARRAY + 2 };
enum {
    N_HEAD = 1,
    N_IN = 6,
    N_NAMES = 9,
    N_TABLE = 15,
    N_NUMBERS = 21,
    N_LABEL = 29,
    N_NEXT = 35,
    N_NAME = 40,
    N_PAIR = 45,
    N_FIRST = 50,
    N_ROOM = 56
};

#define PLACE(type, member) offsetof(type, member), sizeof(((type *)0)->member)
#define CONSTANT(value)                                                                                                \
    { COIL_EXPRESSION_CONSTANT, 0, value },                                                                            \
    {                                                                                                                  \
        COIL_EXPRESSION_END, 0, 0                                                                                      \
    }
#define PARAMETER(number)                                                                                              \
    { COIL_EXPRESSION_PARAMETER, 0, number },                                                                          \
    {                                                                                                                  \
        COIL_EXPRESSION_END, 0, 0                                                                                      \
    }

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
    .types = { COIL_TYPE(COIL_OP_PRIMITIVE, COIL_PRIM_INT), COIL_TYPE(COIL_OP_PRIMITIVE, COIL_PRIM_CHAR),
               COIL_TYPE(COIL_OP_POINTER, T_CHAR), COIL_TYPE(COIL_OP_POINTER, T_INT),
               COIL_TYPE(COIL_OP_PRIMITIVE, COIL_PRIM_VOID), COIL_TYPE(COIL_OP_POINTER, T_VOID) },
    .shapes = { { sizeof(struct node), V_NODE, 2 },
                { sizeof(struct table), V_TABLE_N, 4 },
                { sizeof(struct pair), V_PAIR_FIRST, 3 },
                { sizeof(struct filled), V_FILLED_N, 2 },
                { sizeof(char *), V_TEXT, 1 } },
    .values = {
        [V_HEAD] = { N_HEAD, T_VOID_P, COIL_CROSS_BLOCK_INOUT, PLACE(struct frame, head), sizeof(struct node), 0, 0,
                     S_NODE + 1, 0 },
        [V_IN] = { N_IN, T_CHAR_P, COIL_CROSS_STRING_IN, PLACE(struct frame, in), 0, 0, 0, 0, 0 },
        [V_INOUT] = { 0, T_CHAR_P, COIL_CROSS_STRING_INOUT, PLACE(struct frame, inout), 0, 0, 0, 0, 0 },
        [V_OUT] = { 0, T_INT_P, COIL_CROSS_BLOCK_OUT, PLACE(struct frame, out), 4 * sizeof(int), 0, 0, 0, 0 },
        [V_NAMES] = { N_NAMES, T_VOID_P, COIL_CROSS_BLOCK_INOUT, PLACE(struct frame, names), sizeof(char *),
                      COIL_COUNT_TO_NULL, 0, S_TEXT + 1, 0 },
        [V_TABLE] = { N_TABLE, T_VOID_P, COIL_CROSS_BLOCK_INOUT, PLACE(struct frame, table), sizeof(struct table), 0, 0,
                      S_TABLE + 1, 0 },
        [V_PAIR] = { N_PAIR, T_VOID, COIL_CROSS_VALUE, PLACE(struct frame, pair), 0, 0, 0, S_PAIR + 1, 0 },
        [V_FILLED] = { 0, T_VOID_P, COIL_CROSS_BLOCK_INOUT, PLACE(struct frame, filled), sizeof(struct filled), 0, 0,
                       S_FILLED + 1, 0 },
        [V_ARRAY] = { 0, T_INT_P, COIL_CROSS_BLOCK_INOUT, PLACE(struct frame, array), sizeof(int), E_ARRAY + 1, 0, 0, 0 },
        [V_NUMBER] = { 0, T_INT, COIL_CROSS_VALUE, PLACE(struct frame, count), 0, 0, 0, 0, 0 },
        [V_OPAQUE] = { 0, T_VOID_P, COIL_CROSS_VALUE, PLACE(struct frame, opaque), 0, 0, 0, 0, 0 },
        [V_NODE] = { N_NEXT, T_VOID_P, COIL_CROSS_BLOCK_INOUT, PLACE(struct node, next), sizeof(struct node), 0, 0,
                     S_NODE + 1, 0 },
        [V_NODE + 1] = { N_NAME, T_CHAR_P, COIL_CROSS_STRING_IN, PLACE(struct node, name), 0, 0, 0, 0, 0 },
        [V_TABLE_N] = { 0, T_INT, COIL_CROSS_VALUE, PLACE(struct table, n), 0, 0, 0, 0, 0 },
        [V_TABLE_NUMBERS] = { N_NUMBERS, T_INT_P, COIL_CROSS_BLOCK_INOUT, PLACE(struct table, numbers), sizeof(int),
                              E_TABLE + 1, 0, 0, 0 },
        [V_TABLE_LABEL] = { N_LABEL, T_CHAR_P, COIL_CROSS_STRING_INOUT, PLACE(struct table, label), 0, 0, 0, 0, 0 },
        [V_TABLE_USER] = { 0, T_VOID_P, COIL_CROSS_VALUE, PLACE(struct table, user), 0, 0, 0, 0, 0 },
        [V_PAIR_FIRST] = { N_FIRST, T_VOID, COIL_CROSS_VALUE, PLACE(struct pair, first), 0, 0, 0, S_TABLE + 1, 0 },
        [V_PAIR_SECOND] = { 0, T_VOID, COIL_CROSS_VALUE, PLACE(struct pair, second), 0, 0, 0, S_TABLE + 1, 0 },
        [V_PAIR_SELF] = { 0, T_VOID_P, COIL_CROSS_BLOCK_INOUT, PLACE(struct pair, self), sizeof(struct pair), 0, 0,
                          S_PAIR + 1, 0 },
        [V_FILLED_N] = { 0, T_INT, COIL_CROSS_VALUE, PLACE(struct filled, n), 0, 0, 0, 0, 0 },
        [V_FILLED_ROOM] = { N_ROOM, T_CHAR_P, COIL_CROSS_BLOCK_OUT, PLACE(struct filled, room), 1, E_FILLED + 1,
                            E_LENGTH + 1, 0, 0 },
        [V_TEXT] = { 0, T_CHAR_P, COIL_CROSS_STRING_IN, 0, sizeof(char *), 0, 0, 0, 0, 0 },
    },
    .expressions = { PARAMETER(0), CONSTANT(16), PARAMETER(0), PARAMETER(V_NUMBER) },
    .strings = "\0head\0in\0names\0table\0numbers\0label\0next\0name\0pair\0first\0room",
};

static const struct coil_descriptor_function function = { .first_value = 0, .parameter_count = V_FRAME_END };

/* A session without a worker: its staging, and one channel. */
struct fixture {
    struct coil_link link;
    struct coil_session session;
    struct coil_channel channel;
    struct coil_scope scope;
    struct coil_error error;
    struct frame call;  /* the program's */
    struct frame frame; /* as Python sees it */
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    void *base = (void *)(uintptr_t)COIL_RANGE_BEGIN;

    assert_non_null(f);
    f->session.base = COIL_RANGE_BEGIN;
    assert_ptr_equal(mmap((char *)base + COIL_STAGING_OFFSET, COIL_STAGING_SIZE, PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0),
                     (char *)base + COIL_STAGING_OFFSET);
    (void)pthread_mutex_init(&f->session.lock, NULL);
    f->link.image = &image.head;
    f->channel.session = &f->session;
    coil_staging_init(&f->channel);
    f->scope = (struct coil_scope){ .channel = &f->channel, .link = &f->link };
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    coil_marshal_deinit(&f->scope);
    assert_int_equal(f->channel.staging.used, 0);
    assert_int_equal(f->session.large_count, 0);
    coil_marshal_reset(&f->channel);
    free(f->session.large);
    (void)munmap((char *)(uintptr_t)COIL_RANGE_BEGIN + COIL_STAGING_OFFSET, COIL_STAGING_SIZE);
    free(f);
    return 0;
}

static int out(struct fixture *f)
{
    const struct coil_group group = coil_group_parameters(&f->link, &function, &f->call);

    f->frame = f->call;
    return coil_marshal_out(&f->scope, &group, &f->call, &f->frame, &f->error);
}

static int back(struct fixture *f)
{
    return coil_marshal_back(&f->scope, true, &f->error);
}

static uint64_t to_own(struct fixture *f, const void *staged)
{
    return coil_marshal_to_own(&f->scope, (uint64_t)(uintptr_t)staged);
}

#define assert_own(f, staged, expected) assert_int_equal(to_own(f, staged), (uintptr_t)(expected))

/* A page that can be read, before one that cannot. */
static char *edge(void)
{
    char *pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    assert_int_equal(mprotect(pages + 4096, 4096, PROT_NONE), 0);
    return pages;
}

/* ---- flat ---- */

static void flat(void **state)
{
    struct fixture *f = *state;
    char text[] = "hello";
    int numbers[] = { 1, 2, 3, 4 }, array[] = { 7, 8, 9 };

    f->call =
        (struct frame){ .in = "constant", .inout = text, .out = numbers, .array = array, .count = 3, .opaque = f };
    assert_int_equal(out(f), 0);
    assert_string_equal(f->frame.in, "constant");
    assert_ptr_not_equal(f->frame.in, f->call.in);
    assert_string_equal(f->frame.inout, "hello");
    assert_int_equal(f->frame.out[3], 0);
    assert_ptr_equal(f->frame.opaque, f);
    assert_null(f->frame.head);
    f->frame.inout[0] = 'J';
    f->frame.out[1] = 22;
    f->frame.array[2] = 99;
    text[4] = 'y';                             /* another thread of the program */
    ((char *)(uintptr_t)f->frame.in)[0] = '!'; /* cffi ignores const */
    assert_int_equal(back(f), 0);
    assert_string_equal(text, "Jelly");
    assert_int_equal(numbers[0], 0);
    assert_int_equal(numbers[1], 22);
    assert_int_equal(array[2], 99);
}

static void overlapping(void **state)
{
    struct fixture *f = *state;
    int array[8] = { 0, 1, 2, 3, 4, 5, 6, 7 };

    f->call = (struct frame){ .array = array, .count = 4, .out = array + 2, .in = (char *)(array + 7) };
    assert_int_equal(out(f), 0);
    assert_ptr_equal(f->frame.out, f->frame.array + 2);
    assert_int_equal(f->frame.out[0], 2); /* what is sent counts */
    assert_int_equal(f->frame.out[2], 0);
    f->frame.array[3] = 33;
    assert_int_equal(back(f), 0);
    assert_int_equal(array[3], 33);
    assert_int_equal(array[4], 0);
    assert_int_equal(array[6], 6);
}

static void lengths(void **state)
{
    struct fixture *f = *state;
    int array[1] = { 0 };

    f->call = (struct frame){ .array = array, .count = -1 };
    assert_int_equal(out(f), -ERANGE);
    f->call.count = INT32_MAX;
    assert_int_equal(out(f), -ENOMEM);
    assert_non_null(strstr(f->error.text, "more than fit"));
    f->call.count = 0;
    assert_int_equal(out(f), 0);
    assert_non_null(f->frame.array);
    assert_own(f, f->frame.array, array);
}

/* ---- trees ---- */

static void shared_and_cyclic(void **state)
{
    struct fixture *f = *state;
    struct node a = { NULL, "a", 1 }, b = { &a, "b", 2 }, c = { &b, "c", 3 };
    struct node *head;

    a.next = &c;
    b.name = c.name;
    f->call = (struct frame){ .head = &c };
    assert_int_equal(out(f), 0);
    head = f->frame.head;
    assert_int_equal(head->value, 3);
    assert_int_equal(head->next->value, 2);
    assert_ptr_equal(head->next->next->next, head);
    assert_ptr_equal(head->name, head->next->name);
    assert_string_equal(head->next->next->name, "a");
    head->next->value = 20;
    head->next->next = head; /* a is taken out */
    head->next->next->name = head->next->next->next->name;
    assert_int_equal(back(f), 0);
    assert_int_equal(b.value, 20);
    assert_ptr_equal(b.next, &c);
    assert_ptr_equal(a.next, &c);
}

static void long_list(void **state)
{
    struct fixture *f = *state;
    enum { COUNT = 100000 };
    struct node *nodes = calloc(COUNT, sizeof *nodes);
    struct node *head;
    clock_t began = clock();
    int count = 0;

    for (int i = 0; i < COUNT; i++) /* not in the order of their addresses */
        nodes[i * 7919L % COUNT] = (struct node){ i + 1 < COUNT ? &nodes[(i + 1) * 7919L % COUNT] : NULL, "x", i };
    f->call = (struct frame){ .head = &nodes[0] };
    assert_int_equal(out(f), 0);
    for (head = f->frame.head; head; head = head->next, count++) {
        assert_int_equal(head->value, count);
        head->value++;
    }
    assert_int_equal(count, COUNT);
    assert_int_equal(back(f), 0);
    assert_int_equal(nodes[7919].value, 2);
    coil_marshal_deinit(&f->scope);
    assert_true(clock() - began < 3 * CLOCKS_PER_SEC);
    free(nodes);
}

static void arrays_of_strings(void **state)
{
    struct fixture *f = *state;
    const char *names[] = { "one", "two", names[0], NULL };
    char *pages = edge();

    names[2] = strcpy(pages + 4092, "end"); /* ends where memory ends */
    f->call = (struct frame){ .names = names };
    assert_int_equal(out(f), 0);
    assert_string_equal(f->frame.names[0], "one");
    assert_string_equal(f->frame.names[2], "end");
    assert_null(f->frame.names[3]);
    f->frame.names[0] = f->frame.names[1] + 1;
    f->frame.names[1] = NULL;
    assert_int_equal(back(f), 0);
    assert_string_equal(names[0], "wo");
    assert_null(names[1]);
    (void)munmap(pages, 8192);
}

static void tables(void **state)
{
    struct fixture *f = *state;
    int numbers[] = { 10, 20, 30, 40 };
    char label[] = "label";
    struct table table = { 3, numbers, label, &f };

    f->call = (struct frame){ .table = &table };
    assert_int_equal(out(f), 0);
    assert_int_equal(f->frame.table->numbers[2], 30);
    assert_ptr_equal(f->frame.table->user, &f);
    f->frame.table->numbers[0] = 11;
    f->frame.table->label[0] = 'L';
    f->frame.table->user = f->frame.table->numbers + 1; /* opaque, but the program must not see staging */
    f->frame.table->numbers++;
    f->frame.table->n = 2;
    assert_int_equal(back(f), 0);
    assert_int_equal(numbers[0], 11);
    assert_string_equal(label, "Label");
    assert_ptr_equal(table.user, numbers + 1);
    assert_ptr_equal(table.numbers, numbers + 1);
    assert_int_equal(table.n, 2);
}

static void structs_by_value(void **state)
{
    struct fixture *f = *state;
    int numbers[] = { 1, 2 };
    char label[] = "x";
    struct pair pair = { { 2, numbers, NULL, NULL }, { 1, numbers + 1, label, NULL }, NULL };

    pair.self = &pair;
    f->call = (struct frame){ .pair = pair };
    assert_int_equal(out(f), 0);
    assert_ptr_equal(f->frame.pair.second.numbers, f->frame.pair.first.numbers + 1);
    assert_ptr_equal(f->frame.pair.self->self, f->frame.pair.self);
    assert_string_equal(f->frame.pair.self->second.label, "x");
    f->frame.pair.self->second.label = f->frame.pair.self->first.label;
    f->frame.pair.first.numbers[1] = 22;
    assert_int_equal(back(f), 0);
    assert_null(pair.second.label);
    assert_int_equal(numbers[1], 22);
}

static void nested_out(void **state)
{
    struct fixture *f = *state;
    char room[16] = "untouched......";
    struct filled filled = { 0, room };

    f->call = (struct frame){ .filled = &filled };
    assert_int_equal(out(f), 0);
    assert_int_equal(f->frame.filled->room[0], 0); /* never read */
    memcpy(f->frame.filled->room, "0123456789", 10);
    f->frame.filled->n = 4;
    assert_int_equal(back(f), 0);
    assert_int_equal(filled.n, 4);
    assert_memory_equal(room, "0123uched......", 16);
}

static void unreadable(void **state)
{
    struct fixture *f = *state;
    char *pages = edge();
    struct node last = { (struct node *)(void *)(pages + 4096), NULL, 0 }, first = { &last, "x", 0 };
    struct table table = { 2000, (int *)(void *)pages, NULL, NULL };
    const char *names[] = { "good", memset(pages + 4090, 'x', 6), NULL };

    f->call = (struct frame){ .head = &first };
    assert_int_equal(out(f), -EFAULT);
    assert_non_null(strstr(f->error.text, "'head->next->next' leads to memory that cannot be read"));
    f->call = (struct frame){ .table = &table };
    assert_int_equal(out(f), -EFAULT);
    assert_non_null(strstr(f->error.text, "'table->numbers'"));
    table.n = 1000;
    table.label = (char *)8;
    assert_int_equal(out(f), -EFAULT);
    assert_non_null(strstr(f->error.text, "'table->label'"));
    f->call = (struct frame){ .names = names };
    assert_int_equal(out(f), -EFAULT);
    assert_non_null(strstr(f->error.text, "'names[1]'"));
    f->call = (struct frame){ .pair.first = { 1, (int *)8, NULL, NULL } };
    assert_int_equal(out(f), -EFAULT);
    assert_non_null(strstr(f->error.text, "'pair.first.numbers'"));
    table = (struct table){ -1, (int *)(void *)pages, NULL, NULL };
    f->call = (struct frame){ .table = &table };
    assert_int_equal(out(f), -ERANGE);
    (void)munmap(pages, 8192);
}

static void foreign_pointers(void **state)
{
    struct fixture *f = *state;
    struct node a = { NULL, "a", 1 };
    const char *name = a.name;
    char opaque[] = "mine";

    f->call = (struct frame){ .head = &a, .opaque = opaque };
    assert_int_equal(out(f), 0);
    f->frame.head->name = opaque; /* an address of the program's own */
    assert_int_equal(back(f), 0);
    assert_ptr_equal(a.name, opaque);
    a.name = name;
    coil_marshal_deinit(&f->scope);

    assert_int_equal(out(f), 0);
    f->frame.head->name = (char *)12345;
    f->frame.head->value = 2;
    assert_int_equal(back(f), -EFAULT);
    assert_non_null(strstr(f->error.text, "'head->name'"));
    assert_ptr_equal(a.name, name);
    assert_int_equal(a.value, 2);
}

static void addresses(void **state)
{
    struct fixture *f = *state;
    char text[] = "hello";
    struct coil_group result = { &f->link, &image.values[V_TABLE], 1, 0, NULL };
    int array[4] = { 0 };
    int *next = array + 4; /* lies directly behind */

    f->call = (struct frame){ .inout = text, .array = array, .count = 4, .out = next };
    assert_int_equal(out(f), 0);
    assert_own(f, f->frame.inout + 2, text + 2);
    assert_own(f, f->frame.inout + 6, text + 6);
    assert_own(f, f->frame.array + 4, array + 4);
    assert_own(f, text, text);
    assert_own(f, NULL, NULL);
    f->frame.table = (struct table *)(void *)(f->frame.inout + 3);
    assert_int_equal(coil_marshal_frame_to_own(&f->scope, &result, &f->frame, &f->error), 0);
    assert_ptr_equal(f->frame.table, text + 3);
    f->call = (struct frame){ .in = f->frame.inout }; /* in staging already: as it is */
    assert_int_equal(out(f), 0);
    assert_ptr_equal(f->frame.in, f->call.in);
}

/* ---- while C runs ---- */

static void c_runs(void **state)
{
    struct fixture *f = *state;
    struct node *far = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct node a = { NULL, "a", 1 }, b = { far, "b", 2 }, c = { NULL, "c", 3 };
    struct node *staged, *staged_far;
    char text[] = "text";
    int numbers[4] = { 5, 5, 5, 5 };

    *far = (struct node){ &a, "far", 9 };
    f->call = (struct frame){ .head = &b, .inout = text, .out = numbers };
    assert_int_equal(out(f), 0);
    staged = f->frame.head;
    staged_far = staged->next;
    staged->value = 21;
    staged_far->value = 91;
    f->frame.inout[0] = 'n';
    f->frame.out[0] = 1;

    f->channel.scopes = &f->scope;
    assert_int_equal(coil_scopes_back(&f->channel, &f->error), 0);
    assert_int_equal(b.value, 21); /* C sees it */
    assert_int_equal(far->value, 91);
    assert_string_equal(text, "next");
    assert_int_equal(numbers[0], 1);
    text[3] = 'd';
    numbers[1] = 2;
    b.next = &c; /* a new one */
    c.next = &a;
    a.value = 11;
    (void)munmap(far, 4096); /* an old one has gone */
    assert_int_equal(coil_scopes_refresh(&f->channel, &f->error), 0);
    f->channel.scopes = NULL;

    assert_ptr_equal(f->frame.head, staged);
    assert_int_equal(staged->value, 21);
    assert_int_equal(staged->next->value, 3);
    assert_int_equal(staged->next->next->value, 11);
    assert_ptr_equal(staged->next->next, staged_far->next);
    assert_string_equal(f->frame.inout, "nexd");
    assert_int_equal(f->frame.out[1], 2);
    staged->next->value = 33;
    staged_far->value = 0; /* into the void */
    f->frame.out[2] = 3;
    assert_int_equal(back(f), 0);
    assert_int_equal(c.value, 33);
    assert_int_equal(numbers[0], 1);
    assert_int_equal(numbers[2], 3);
    assert_int_equal(numbers[3], 0);
    assert_string_equal(text, "nexd");
}

static void arrays_grow(void **state)
{
    struct fixture *f = *state;
    int numbers[100] = { 1, 2, 3 }, *old;
    struct table table = { 3, numbers, NULL, NULL };

    f->call = (struct frame){ .table = &table };
    assert_int_equal(out(f), 0);
    old = f->frame.table->numbers;
    f->channel.scopes = &f->scope;
    assert_int_equal(coil_scopes_back(&f->channel, &f->error), 0);
    table.n = 100;
    numbers[0] = 10;
    numbers[99] = 99;
    assert_int_equal(coil_scopes_refresh(&f->channel, &f->error), 0);
    assert_int_equal(f->frame.table->numbers[99], 99);
    assert_int_equal(old[0], 10); /* Python may have kept it */
    old[1] = 22;
    f->frame.table->numbers[2] = 33;
    assert_int_equal(coil_scopes_back(&f->channel, &f->error), 0);
    assert_int_equal(numbers[1], 22);
    assert_int_equal(numbers[2], 33);
    table.n = 2;
    assert_int_equal(coil_scopes_refresh(&f->channel, &f->error), 0);
    assert_int_equal(f->frame.table->numbers[1], 22);
    f->frame.table->numbers[0] = 0;
    f->channel.scopes = NULL;
    assert_int_equal(back(f), 0);
    assert_int_equal(numbers[0], 0);
    assert_int_equal(numbers[99], 99);
}

/* C adds one node after the other, before and behind, and Python looks each time. */
static void lists_grow(void **state)
{
    struct fixture *f = *state;
    enum { COUNT = 1000 };
    struct node *nodes = calloc(COUNT, sizeof *nodes), *places[COUNT], *at;

    nodes[500] = (struct node){ NULL, "first", 500 };
    f->call = (struct frame){ .head = &nodes[500] };
    assert_int_equal(out(f), 0);
    places[0] = f->frame.head;
    f->channel.scopes = &f->scope;
    for (int i = 1; i < COUNT; i++) {
        struct node *last = &nodes[(500 + 7 * (i - 1)) % COUNT], *fresh = &nodes[(500 + 7 * i) % COUNT];

        places[i - 1]->value = -i;
        assert_int_equal(coil_scopes_back(&f->channel, &f->error), 0);
        assert_int_equal(last->value, -i);
        last->next = fresh;
        fresh->name = i % 2 ? last->name : "other";
        assert_int_equal(coil_scopes_refresh(&f->channel, &f->error), 0);
        places[i] = places[i - 1]->next;
        assert_own(f, places[i], fresh);
    }
    f->channel.scopes = NULL;
    at = f->frame.head;
    for (int i = 0; i < COUNT; i++, at = at->next)
        assert_ptr_equal(at, places[i]);
    assert_null(at);
    free(nodes);
    coil_marshal_deinit(&f->scope);
}

static void trees_break(void **state)
{
    struct fixture *f = *state;
    struct node b = { NULL, "b", 2 }, a = { &b, "a", 1 };

    f->call = (struct frame){ .head = &a };
    assert_int_equal(out(f), 0);
    f->channel.scopes = &f->scope;
    assert_int_equal(coil_scopes_back(&f->channel, &f->error), 0);
    a.next = (struct node *)64;
    a.value = 5;
    assert_int_equal(coil_scopes_refresh(&f->channel, &f->error), -EFAULT);
    assert_non_null(strstr(f->error.text, "'head->next'"));
    f->channel.scopes = NULL;
    assert_null(f->frame.head->next);
    assert_int_equal(f->frame.head->value, 5);
    f->frame.head->value = 6;
    assert_int_equal(back(f), 0);
    assert_int_equal(a.value, 6);
    assert_ptr_equal(a.next, (struct node *)64);
}

static void things_are_added(void **state)
{
    struct fixture *f = *state;
    struct node b = { NULL, "b", 2 }, a = { &b, "a", 1 }, *result = &b, *staged_result;
    const struct coil_group group = { &f->link, &image.values[V_HEAD], 1, 0, NULL };
    struct table variable = { 0, NULL, NULL, NULL };
    const struct coil_descriptor_value value = { 0, T_VOID, COIL_CROSS_VALUE, 0, sizeof variable, 0,
                                                 0, 0,      S_TABLE + 1,      0 };
    struct coil_scope inner = { .outer = &f->scope, .channel = &f->channel, .link = &f->link };
    struct coil_scope plain = { .outer = &f->scope, .channel = &f->channel, .link = &f->link };
    struct table *staged;
    uint64_t at;

    f->call = (struct frame){ .head = &a };
    assert_int_equal(out(f), 0);
    /* A result: what is there already is the same. */
    assert_int_equal(coil_marshal_out(&f->scope, &group, &result, &staged_result, &f->error), 0);
    assert_ptr_equal(staged_result, f->frame.head->next);
    /* A variable. */
    assert_int_equal(coil_marshal_add(&f->scope, &f->link, &value, &variable, &at, &f->error), 0);
    staged = (struct table *)(uintptr_t)at;
    staged->n = 7;
    /* In a call within. */
    f->channel.scopes = &f->scope;
    assert_int_equal(coil_scopes_back(&f->channel, &f->error), 0);
    assert_int_equal(variable.n, 7);
    assert_int_equal(coil_marshal_add(&inner, &f->link, &value, &variable, &at, &f->error), 0);
    assert_int_equal(((struct table *)(uintptr_t)at)->n, 7);
    assert_int_equal(coil_marshal_to_own(&inner, (uint64_t)(uintptr_t)staged_result), (uintptr_t)&b);
    ((struct table *)(uintptr_t)at)->n = 8;
    f->channel.scopes = &inner;
    assert_int_equal(coil_scopes_back(&f->channel, &f->error), 0);
    assert_int_equal(variable.n, 8);
    a.next = NULL;
    variable.label = (char *)(uintptr_t) "grown"; /* the outer call's staging grows, too */
    assert_int_equal(coil_scopes_refresh(&f->channel, &f->error), 0);
    assert_string_equal(staged->label, "grown");
    coil_marshal_deinit(&inner);
    f->channel.scopes = &f->scope;
    assert_int_equal(coil_scopes_refresh(&f->channel, &f->error), 0);
    f->channel.scopes = NULL;
    assert_int_equal(staged->n, 8);
    assert_string_equal(staged->label, "grown");
    assert_int_equal(staged_result->value, 2); /* still there, though no list leads to it */
    staged_result->value = 3;
    assert_int_equal(coil_marshal_back(&plain, true, &f->error), 0);
    assert_int_equal(back(f), 0);
    assert_int_equal(b.value, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(flat, setup, teardown),
        cmocka_unit_test_setup_teardown(overlapping, setup, teardown),
        cmocka_unit_test_setup_teardown(lengths, setup, teardown),
        cmocka_unit_test_setup_teardown(shared_and_cyclic, setup, teardown),
        cmocka_unit_test_setup_teardown(long_list, setup, teardown),
        cmocka_unit_test_setup_teardown(arrays_of_strings, setup, teardown),
        cmocka_unit_test_setup_teardown(tables, setup, teardown),
        cmocka_unit_test_setup_teardown(structs_by_value, setup, teardown),
        cmocka_unit_test_setup_teardown(nested_out, setup, teardown),
        cmocka_unit_test_setup_teardown(unreadable, setup, teardown),
        cmocka_unit_test_setup_teardown(foreign_pointers, setup, teardown),
        cmocka_unit_test_setup_teardown(addresses, setup, teardown),
        cmocka_unit_test_setup_teardown(c_runs, setup, teardown),
        cmocka_unit_test_setup_teardown(arrays_grow, setup, teardown),
        cmocka_unit_test_setup_teardown(lists_grow, setup, teardown),
        cmocka_unit_test_setup_teardown(trees_break, setup, teardown),
        cmocka_unit_test_setup_teardown(things_are_added, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
