/* However much is made, given out and dropped: neither the heap nor the worker grows. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct point { double x, y, z; };
extern struct point *point(int i);
extern char *text(int length);
extern int *large(int megabytes);
extern int make_many(int rounds);
extern int too_much(void);
extern int python_pid(void);

static void wait_for_line(const char *what)
{
    char line[16];

    printf("%s %d\n", what, python_pid());
    fflush(stdout);
    if (!fgets(line, sizeof line, stdin))
        exit(1);
}

int main(int argc, char **argv)
{
    int rounds = argc > 1 ? atoi(argv[1]) : 1;

    for (int i = 0; i < 2000; i++)
        if (point(i)->z != i || strlen(text(i % 500)) != (size_t)(i % 500))
            return 1;
    make_many(20);
    wait_for_line("begin");
    for (int i = 0; i < rounds; i++)
        if (point(i)->z != i || strlen(text(i % 500)) != (size_t)(i % 500))
            return 1;
    make_many(rounds / 1000);
    for (int i = 0; i < rounds / 1000; i++) {
        int *memory = large(1 + i % 16);

        memory[100000] = 1;
    }
    large(0);
    wait_for_line("end");
    printf("%d\n", too_much());
    wait_for_line("full");
    return 0;
}
