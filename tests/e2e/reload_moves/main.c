/*
 * "stay": does what each line of stdin says, and says what came of it.  "storm THREADS": calls all the time from many
 * threads until stdin ends, and says how often, what was wrong and how long the longest call took.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

typedef int (*twice_fn)(int);
extern int worker(void), add(int x, int y), slow(int ms), look(void *h), remember(void);
extern int apply(int (*f)(int), int x), noted(int thread);
extern char *text(void);
extern void *handle(int x);
extern void drop(void), note(int thread, int number);
extern twice_fn twice(void);

static int thrice(int x)
{
    return 3 * x;
}

static void obey(const char *line)
{
    static char *held_text;
    static void *held_handle;
    static twice_fn held_twice;

    if (strcmp(line, "text") == 0)
        held_text = text();
    else if (strcmp(line, "handle") == 0)
        held_handle = handle(7);
    else if (strcmp(line, "twice") == 0)
        held_twice = twice();
    else if (strcmp(line, "remember") == 0)
        (void)remember();
    else if (strcmp(line, "apply") == 0)
        (void)apply(thrice, 2);
    else if (strcmp(line, "drop") == 0)
        drop();
    else if (strcmp(line, "use") == 0)
        printf("%s %d %d ", held_text ? held_text : "-", held_handle ? look(held_handle) : 0, held_twice ? held_twice(4) : 0);
    else if (strncmp(line, "slow ", 5) == 0)
        (void)slow(atoi(line + 5));
    printf("in %d\n", worker());
    fflush(stdout);
}

static volatile int stop;

struct count {
    int thread;
    long calls, wrong, notes;
    double longest_ms;
};

static double now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1e3 + now.tv_nsec / 1e6;
}

static void *storm(void *argument)
{
    struct count *count = argument;

    while (!stop) {
        double begin = now_ms();
        int x = (int)count->calls;

        if (x % 64 == 0)
            note(count->thread, (int)count->notes++);
        count->wrong += add(x, count->thread) != x + count->thread;
        if (x % 1000 == 999)
            count->wrong += slow(3) != 3;
        count->calls++;
        begin = now_ms() - begin;
        count->longest_ms = begin > count->longest_ms ? begin : count->longest_ms;
    }
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_t threads[32];
    struct count counts[32] = { 0 }, all = { 0 };
    int count = argc > 2 ? atoi(argv[2]) : 0;
    char line[64];

    if (count == 0) {
        printf("in %d\n", worker());
        fflush(stdout);
        while (fgets(line, sizeof line, stdin)) {
            line[strcspn(line, "\n")] = '\0';
            obey(line);
        }
        return 0;
    }
    printf("in %d\n", worker());
    fflush(stdout);
    for (int i = 0; i < count; i++) {
        counts[i].thread = i;
        pthread_create(&threads[i], NULL, storm, &counts[i]);
    }
    while (read(0, line, sizeof line) > 0)
        ;
    stop = 1;
    for (int i = 0; i < count; i++) {
        pthread_join(threads[i], NULL);
        all.calls += counts[i].calls;
        all.wrong += counts[i].wrong;
        all.notes += counts[i].notes;
        all.longest_ms = counts[i].longest_ms > all.longest_ms ? counts[i].longest_ms : all.longest_ms;
    }
    printf("calls %ld wrong %ld notes %ld longest %.0f\n", all.calls, all.wrong, all.notes, all.longest_ms);
    return 0;
}
