/* FUNCTION ARGUMENT COUNT ...: each as often as it says.  Then, with "wait", once more for each line of standard input. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int work(int ms);
int absent(void);
void note(int x);
void vandal(int number);

static void run(int count, char **words)
{
    for (int i = 0; i + 2 < count; i += 3) {
        int argument = atoi(words[i + 1]);

        for (int n = atoi(words[i + 2]); n > 0; n--) {
            if (strcmp(words[i], "work") == 0)
                (void)work(argument);
            else if (strcmp(words[i], "absent") == 0)
                (void)absent();
            else if (strcmp(words[i], "note") == 0)
                note(argument);
            else
                vandal(argument);
        }
    }
}

int main(int argc, char **argv)
{
    int waits = argc > 1 && strcmp(argv[1], "wait") == 0;

    run(argc - 1 - waits, argv + 1 + waits);
    puts("done");
    fflush(stdout);
    while (waits && getchar() != EOF) {
        run(argc - 2, argv + 2);
        puts("done");
        fflush(stdout);
    }
    return 0;
}
