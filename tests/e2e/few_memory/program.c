/*
 * Too little memory, by RLIMIT_AS: at the first call, for large arguments, for coil_alloc(), for a new thread's first
 * call.  Each is an error with a reason; what needs no memory works, and so does everything once there is some.
 * And RLIMIT_FSIZE, which is for files, neither stops the daemon nor kills the program.
 */
#include <coil.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

extern int add(int x, int y);
extern long total(const int *v, long n);
extern void twice(int *v, long n);

#define COUNT 8000000L

static int *numbers;

static rlim_t used(void)
{
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");

    if (fscanf(file, "%lu", &pages) != 1)
        exit(9);
    fclose(file);
    return pages * 4096;
}

static void limit(int what, rlim_t to)
{
    struct rlimit limit = { to, RLIM_INFINITY };

    if (setrlimit(what, &limit) < 0)
        exit(8);
}

static void show(const char *name, long result)
{
    int status = coil_last_error(NULL);

    printf("%s: %ld, %s\n", name, result,
           status == COIL_OK ? "ok" : status == COIL_E_MEMORY ? "no memory" : "another error");
}

static void *in_thread(void *unused)
{
    long r = add(20, 22);

    show("a thread", r);
    return unused;
}

int main(void)
{
    pthread_t thread;
    void *memory;
    long r;

    numbers = calloc(COUNT, sizeof *numbers);
    numbers[0] = 40;
    numbers[COUNT - 1] = 2;
    limit(RLIMIT_FSIZE, 0);
    limit(RLIMIT_AS, used() + (64 << 20));
    r = add(40, 2);
    show("first call", r);
    limit(RLIMIT_AS, RLIM_INFINITY);
    r = add(40, 2);
    show("first call", r);

    limit(RLIMIT_AS, used() + (4 << 20));
    r = add(40, 3);
    show("small", r);
    twice(numbers, COUNT);
    show("large", numbers[COUNT - 1]);
    errno = 0;
    memory = coil_alloc(256 << 20);
    printf("coil_alloc: %s, %d\n", memory ? "memory" : "NULL", errno == ENOMEM);
    r = add(40, 4);
    show("small", r);
    limit(RLIMIT_AS, RLIM_INFINITY);
    twice(numbers, COUNT);
    show("large", numbers[COUNT - 1]);
    r = total(numbers, COUNT);
    show("large", r);
    memory = coil_alloc(1 << 20);
    memset(memory, 1, 1 << 20);
    r = total(memory, 100);
    show("coil_alloc", r == 2 * 0x01010101);
    coil_free(memory);
    pthread_create(&thread, NULL, in_thread, NULL);
    pthread_join(thread, NULL);
    return 0;
}
