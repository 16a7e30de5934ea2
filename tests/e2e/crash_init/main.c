/* "good": says its result for each line.  "bad": calls the module whose init code crashes, again and again. */
#include <stdio.h>
#include <string.h>

extern int good(int x);
extern int bad(int x);

int main(int argc, char **argv)
{
    char line[16];

    if (argc > 1 && strcmp(argv[1], "bad") == 0) {
        for (int i = 0; i < 8; i++)
            printf("%d\n", bad(i));
        return 0;
    }
    for (int i = 0; i < 3; i++) {
        printf("%d\n", good(i));
        fflush(stdout);
        if (!fgets(line, sizeof line, stdin))
            return 1;
    }
    return 0;
}
