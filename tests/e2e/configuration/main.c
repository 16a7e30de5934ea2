#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int guarded(int ms);
int plain(int ms);

int main(int argc, char **argv)
{
    for (int i = 1; i + 1 < argc; i += 2) {
        int ms = atoi(argv[i + 1]);

        printf("%s: %d\n", argv[i], strcmp(argv[i], "plain") == 0 ? plain(ms) : guarded(ms));
        fflush(stdout);
    }
    return 0;
}
