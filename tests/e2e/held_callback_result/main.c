/* The last result of each callback is kept, as that of a function is, also if they have the same type. */
#include <stdio.h>

typedef char *(*namer)(int n);
extern namer get_namer(int which);
extern int alive(void);

int main(void)
{
    namer first = get_namer(0), second = get_namer(1);
    char *a, *b;

    for (int i = 0; i < 3; i++) {
        a = first(i);
        b = second(i);
        printf("%s, %s\n", a, b);
    }
    printf("%d\n", alive());
    return 0;
}
