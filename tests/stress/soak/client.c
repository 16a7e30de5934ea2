/*
 * Mixed work for Python, checked, and then nothing is left of it.
 *
 *     client short SEED    some calls and the end
 *     client long SEED     for each line "COUNT\n" on standard input so many rounds, then "CALLS\n" on standard output
 *
 * Standard output gets what Python prints, too, in lines that begin with '#'.
 */
#include <coil.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct point { double x, y; };
struct node { struct node *next; int value; };
extern int add(int x, int y), raise_it(int x), call_back(int (*function)(int), int times), noted(void), say(const char *text);
extern void note(int x), note_text(const char *text);
extern struct point *point(int i);
extern char *text(int length);
extern long sum(struct node *list);
extern size_t turn(unsigned char *bytes, size_t size);

#define BYTES_MAX 1000000
#define THREADS 3

static _Thread_local unsigned long long state;
static _Thread_local unsigned long calls;

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        calls++;                                                                                                       \
        if (!(condition)) {                                                                                            \
            const char *why;                                                                                           \
            int status = coil_last_error(&why);                                                                        \
            fprintf(stderr, "SOAK line %d: %s; status %d (%s)\n", __LINE__, #condition, status, why);                   \
            _Exit(1);                                                                                                  \
        }                                                                                                              \
    } while (0)

static unsigned draw(unsigned below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (unsigned)(state >> 16) % below;
}

static void results(void)
{
    int i = (int)draw(100000), length = (int)draw(draw(20) ? 200 : 200000);
    struct point *p;

    CHECK((p = point(i)) && p->x == i && p->y == -i);
    CHECK(strlen(text(length)) == (size_t)length);
}

static void staged(void)
{
    size_t size = 1 + draw(draw(20) ? 3000 : BYTES_MAX);
    unsigned char *bytes = malloc(size), first, last;

    memset(bytes, 'm', size);
    bytes[0] = 'a';
    bytes[size - 1] = 'z';
    first = bytes[0];
    last = bytes[size - 1];
    CHECK(turn(bytes, size) == size && bytes[0] == last && bytes[size - 1] == first);
    free(bytes);
}

static void in_place(void)
{
    size_t size = 1 + draw(draw(20) ? 3000 : BYTES_MAX);
    unsigned char *bytes = coil_alloc(size);

    bytes[0] = 'a';
    CHECK(turn(bytes, size) == size && bytes[size - 1] == 'a');
    coil_free(bytes);
}

static void lists(void)
{
    struct node nodes[50];
    int count = 1 + (int)draw(50);
    long total = 0;

    for (int i = 0; i < count; i++) {
        nodes[i] = (struct node){ i + 1 < count ? &nodes[i + 1] : NULL, i * i };
        total += i * i;
    }
    CHECK(sum(nodes) == total);
}

static int nested(int times)
{
    CHECK(add(times, 1) == times + 1);
    return times <= 1 ? 1 : call_back(nested, times - 1);
}

static void callbacks(void)
{
    int times = 1 + (int)draw(4);

    CHECK(call_back(nested, times) > 0);
}

static void one_way(void)
{
    int count = (int)draw(40), before = noted();

    for (int i = 0; i < count; i++)
        if (draw(2))
            note(i);
        else
            note_text("one way");
    if (draw(2))
        CHECK(coil_flush() == 0);
    CHECK(noted() == before + count);
}

static void a_round(void)
{
    CHECK(add(40, 2) == 42);
    switch (draw(8)) {
    case 0: results(); return;
    case 1: staged(); return;
    case 2: in_place(); return;
    case 3: lists(); return;
    case 4: callbacks(); return;
    case 5: one_way(); return;
    case 6: CHECK(say("# from Python") == 1); return;
    default:
        if (draw(10) == 0)
            CHECK(raise_it(3) == -1 && coil_last_error(NULL) == COIL_E_EXCEPTION);
        return;
    }
}

struct work {
    unsigned long long state;
    int rounds;
    unsigned long calls;
};

static void *some_rounds(void *argument)
{
    struct work *work = argument;

    state = work->state;
    for (int i = 0; i < work->rounds; i++)
        a_round();
    work->calls = calls;
    return NULL;
}

/* By threads that come and go, some at a time. */
static unsigned long in_threads(int rounds)
{
    unsigned long total = 0;

    while (rounds > 0) {
        struct work work[THREADS];
        pthread_t threads[THREADS];

        for (int i = 0; i < THREADS; i++) {
            work[i] = (struct work){ .state = ((unsigned long long)draw(1u << 30) << 20) + draw(1u << 30) + 1,
                                     .rounds = 1 + (int)draw(60) };
            rounds -= work[i].rounds;
            if (pthread_create(&threads[i], NULL, some_rounds, &work[i]) != 0)
                abort();
        }
        for (int i = 0; i < THREADS; i++) {
            pthread_join(threads[i], NULL);
            total += work[i].calls;
        }
    }
    return total;
}

int main(int argc, char **argv)
{
    char line[32];

    if (argc != 3)
        return 2;
    state = strtoull(argv[2], NULL, 10) * 0x9e3779b97f4a7c15ull + 1;
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (strcmp(argv[1], "short") == 0) {
        for (int i = 0; i < 20; i++)
            a_round();
        printf("%lu\n", calls + in_threads(30));
        return 0;
    }
    while (fgets(line, sizeof line, stdin)) {
        unsigned long before = calls, more;

        for (int i = 0; i < 20; i++)
            a_round();
        more = in_threads(atoi(line));
        printf("%lu\n", calls - before + more);
    }
    return 0;
}
