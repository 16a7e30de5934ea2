/* More one-way calls than fit: the caller waits, and reads what they print; nothing is lost, whatever their size. */
#include <stdio.h>
#include <string.h>
#include <time.h>

extern void slow(int ms), line(int x), large(const char *text, int x);
extern int count(void);

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

int main(void)
{
    static char text[6000];
    double begin = now();

    slow(300);
    for (int i = 0; i < 5000; i++)
        line(i);
    printf("waited: %d\n", now() - begin >= 0.3);
    printf("lines: %d\n", count());

    slow(100);
    for (int i = 0; i < 3000; i++) {
        int size = i * 7 % 5000; /* some do not fit into a record */

        memset(text, 'x', (size_t)size);
        text[size] = '\0';
        large(text, size);
    }
    printf("texts: %d\n", count());
    return 0;
}
