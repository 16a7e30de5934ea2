/* A program without fds 0 to 2: coil takes none of them, and every one it has is CLOEXEC. */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

extern int add(int x, int y);

int main(void)
{
    DIR *folder;
    struct dirent *entry;

    close(0);
    close(1);
    close(2);
    if (add(40, 2) != 42)
        return 3;
    for (int fd = 0; fd < 3; fd++)
        if (fcntl(fd, F_GETFD) >= 0)
            return 10 + fd;
    folder = opendir("/proc/self/fd");
    while ((entry = readdir(folder)) != NULL) {
        int fd = atoi(entry->d_name);

        if (entry->d_name[0] != '.' && fd > 2 && !(fcntl(fd, F_GETFD) & FD_CLOEXEC))
            return 20;
    }
    closedir(folder);
    return add(1, 1) == 2 ? 0 : 4;
}
