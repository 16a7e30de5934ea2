/* One-way calls by C code that Python has called: the rings hold them, their text and the calls around them. */
#include <stdio.h>

extern void note(int x);
extern int ask(int count), last(void), notes(void);

int main(void)
{
    static const int counts[] = { 0, 1, 7, 10, 600, 1500 };

    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        note(5);
        printf("wrong: %d\n", ask(counts[i]));
        printf("notes: %d\n", notes());
    }
    return 0;
}
