/* A program closes all fds, as daemons do, and reuses their numbers: it keeps its fds, and calls go on. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

extern int add(int x, int y);

int main(void)
{
    int opened[6];

    printf("%d\n", add(1, 2));
    for (int fd = 3; fd < 100; fd++)
        close(fd);
    printf("%d\n", add(3, 4));
    for (int fd = 3; fd < 100; fd++)
        close(fd);
    for (int i = 0; i < 6; i++)
        opened[i] = i % 2 ? eventfd(1, 0) : open("/dev/null", O_RDONLY); /* an eventfd that is readable, as a dead pidfd is */
    usleep(200000);
    printf("%d\n", add(5, 6));
    for (int i = 0; i < 6; i++)
        printf("%s ", fcntl(opened[i], F_GETFD) < 0 ? "closed" : "open");
    printf("\n%d\n", add(7, 8));
    return 0;
}
