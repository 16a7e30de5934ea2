/* work MS COUNT ..., note COUNT ..., wait: each as often as it says. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int work(int ms);
void note(int x);

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "wait") == 0) {
            puts("waiting");
            fflush(stdout);
            (void)getchar();
        } else if (strcmp(argv[i], "note") == 0) {
            for (int n = atoi(argv[++i]); n > 0; n--)
                note(n);
        } else {
            int ms = atoi(argv[i + 1]);

            for (int n = atoi(argv[i + 2]); n > 0; n--)
                (void)work(ms);
            i += 2;
        }
    }
    return 0;
}
