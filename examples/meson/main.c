/* Prints those of its lines that match. */
#include <stdio.h>

#include "patterns.h"

int main(void)
{
    static const char *const lines[] = { "one fish", "two fishes", "red herring", "blue whale" };

    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        int found = matches("fish(es)?$|^b", lines[i]);

        if (found < 0)
            return 1;
        if (found)
            puts(lines[i]);
    }
    return 0;
}
