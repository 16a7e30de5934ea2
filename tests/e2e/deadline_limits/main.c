/* FUNCTION MS ...: calls; prints results. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

extern int plain(int ms), declared(int ms), again(int ms), pid(void);

int main(int argc, char **argv)
{
    const struct timespec moment = { 0, 100000000 };

    setvbuf(stdout, NULL, _IOLBF, 0);
    for (int i = 1; i + 1 < argc; i += 2) {
        int ms = atoi(argv[i + 1]);

        if (strcmp(argv[i], "retry") == 0) { /* until it works */
            int tries = 1;

            for (; tries < 200 && plain(ms) != ms; tries++)
                nanosleep(&moment, NULL);
            printf("worked: %s\n", tries == 1 ? "at once" : tries < 200 ? "later" : "never");
        } else if (strcmp(argv[i], "wait") == 0) {
            puts("waiting");
            getchar();
        } else if (strcmp(argv[i], "pid") == 0) {
            printf("pid: %d\n", pid());
        } else {
            printf("%s: %d\n", argv[i],
                   (strcmp(argv[i], "plain") == 0   ? plain
                    : strcmp(argv[i], "again") == 0 ? again
                                                    : declared)(ms));
        }
    }
    return 0;
}
