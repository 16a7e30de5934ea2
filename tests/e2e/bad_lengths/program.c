/* Lengths that are none: the error value, a message, COIL_E_LENGTH, and the next call works. */
#include <coil.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>

#include "api.h"

static void show(const char *what, double value)
{
    const char *text;
    int error = coil_last_error(&text);

    printf("%s %g: %d %s\n", what, value, error, text);
    fflush(stdout);
}

int main(void)
{
    double v[4] = {1, 2, 3, 4};
    int ints[3] = {1, 2, 3};
    short count = 3;
    unsigned char memory[16] = {0};
    struct row second = {2, v + 2, NULL}, first = {2, v, &second};

    show("mean", mean(v, 4));
    show("negative", mean(v, -1));
    show("most negative", mean(v, INT_MIN));
    show("again", mean(v, 4));
    show("no pointer, so no length", mean(NULL, -1));

    show("total", total(ints, &count));
    count = -3;
    show("negative behind a pointer", total(ints, &count));
    show("no count is none", total(ints, NULL));

    show("area", area(memory, 4, 4));
    show("one side negative", area(memory, -4, 4));
    show("both sides negative", area(memory, -4, -4));
    show("overflow", area(memory, 1ll << 40, 1ll << 40));
    show("wraps to 16 in 64 bits", area(memory, (1ll << 62) + 4, 4));

    show("part", part((char *)memory, 32, 2));
    show("division by zero", part((char *)memory, 32, 0));
    show("subtraction", part((char *)memory, 0, 3));

    show("bytes", bytes(memory, 16));
    show("more than there can be", bytes(memory, SIZE_MAX));

    show("rows", rows(&first));
    second.n = -2;
    show("negative in the second", rows(&first));
    show("the second itself", row_itself(second));
    show("what the first leads to", row_itself(first));
    second.cells = NULL;
    show("no cells, so no length", rows(&first));
    second.next = &first; /* a ring: looked through once */
    first.n = -1;
    show("negative in a ring", row_itself(second));
    first.n = 2;
    second.next = NULL;
    show("good again", row_itself(first));

    nothing(v, -1);
    show("without result", v[0]);
    nothing(v, 1);
    show("without result", v[0]);
    return 0;
}
