/* Structs that lead to structs, arrays and strings; by value, by pointer, in place. */
#include <stdio.h>
#include <string.h>
#include "api.h"

int main(void)
{
    double one[6] = { 1, 2, 3, 4, 5, 6 }, two[4] = { 10, 20, 30, 40 };
    char first[] = "first", second[] = "second", bits[] = { '0', '1', '0' };
    struct matrix m = { 2, 3, one }, n = { 2, 2, two }, empty = { 0, 0, NULL }, made;
    struct mask mask = { bits, 3 };
    struct layer layers[2] = { { first, &m, NULL }, { second, &n, &mask } };
    struct scene scene = { "The title", layers, 2, { { 1, 2, two }, { 5, 0, NULL } }, &layers[0], &scene };
    char text[200];

    printf("total: %g %g\n", total(&m), total(&empty));
    scale(&m, 2);
    printf("scaled: %g %g\n", one[0], one[5]);
    printf("by value: %g %d\n", by_value(n), n.rows);
    printf("%d", describe(&scene, text, sizeof text));
    printf(" %s\n", text);
    printf("change: %d\n", change(&scene));
    printf("%s %s %c %g %g\n", scene.title, first, bits[0], one[1], two[1]);
    printf("%d %d %d\n", layers[0].mask == &mask, scene.current == &layers[1], scene.user == &scene);
    printf("current: %d\n", current(&scene) == &layers[1]);
    printf("%d", describe(&scene, text, sizeof text));
    printf(" %s\n", text);
    made = make(&m);
    printf("made: %d %d %d\n", made.rows, made.columns, made.cells == one);
    made = make(&empty);
    printf("made: %d\n", made.cells == NULL);
    memset(text, 0, sizeof text);
    printf("untouched: %d\n", untouched(&scene));
    return 0;
}
