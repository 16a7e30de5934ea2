/* What overlaps in the program overlaps in Python. */
#include <stdio.h>
#include "api.h"

int main(void)
{
    int numbers[6] = { 0, 1, 2, 3, 4, 5 };
    struct point points[3] = { { 1, 2 }, { 3, 4 }, { 5, 6 } };
    char text[25] = "abcdefghijklmnopqrstuvwx";
    struct tree t = { numbers, 4, numbers + 3, text, NULL };

    t.self = &t;
    printf("%d", shift(numbers, numbers + 1, 4));
    printf(" %d %d %d %d\n", numbers[1], numbers[2], numbers[3], numbers[4]);
    printf("%d", within(points, 3, &points[1]));
    printf(" %d %d\n", points[1].x, points[2].y);
    printf("%d", tree(&t));
    printf(" %d %d %s %d\n", numbers[1], numbers[3], text, t.count);
    printf("%d", three(text, text + 8, text + 14));
    printf(" %s\n", text);
    printf("%d\n", apart(numbers, 6, numbers + 6));
    return 0;
}
