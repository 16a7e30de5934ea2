/* Uses both stub libraries, and asks what became of a call that fails. */
#include <coil.h>
#include <stdio.h>

#include "measures.h"
#include "words.h"

int main(void)
{
    static const double values[] = { 3.0, 1.0, 2.0, 6.0, 8.0 };
    const char *why;

    printf("median %g, deviation %.3f\n", median(values, 5), deviation(values, 5));
    printf("%d words\n", count_words("so many words in C"));
    if (coil_last_error(&why) != COIL_OK) {
        fprintf(stderr, "%s\n", why);
        return 1;
    }
    return 0;
}
