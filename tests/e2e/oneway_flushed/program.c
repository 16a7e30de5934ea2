/* What coil_flush() has waited for is never taken for lost, nor sent again, when the worker dies later. */
#include <coil.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

extern void note(int x), text(const char *text);
extern int noted(void), worker(void);

int main(void)
{
    char words[400];
    int failed = 0;

    memset(words, 'x', sizeof words - 1);
    words[sizeof words - 1] = '\0';
    for (int round = 1; round <= 6; round++) {
        pid_t pid = worker();

        for (int i = 0; i < round; i++) {
            note(i);
            failed += coil_flush() != 0;
        }
        kill(pid, SIGSTOP);
        usleep(50000); /* until it has stopped, with all its threads */
        for (int i = 0; i < 30; i++) /* over the places of those before */
            text(words);
        kill(pid, SIGKILL);
        failed += noted() != 30;
        failed += coil_flush() != 0;
    }
    printf("failed: %d\n", failed);
    return 0;
}
