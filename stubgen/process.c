/*
 * Running the compiler, and Python for a check of init code.  Input goes through a
 * memory file, so that reading and writing cannot wait for each other.  The
 * program speaks C: what it says is searched for known sentences (compile.c).
 */
#include "stubgen/process.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "proto/cleanup.h"

extern char **environ;

static void destroy_actions(posix_spawn_file_actions_t *actions)
{
    (void)posix_spawn_file_actions_destroy(actions);
}

static int make_input(const char *input, size_t size, int *ret_fd)
{
    COIL_CLEANUP(coil_fd_close) int fd = memfd_create("coil-stubgen", MFD_CLOEXEC);

    if (fd < 0)
        return -errno;
    while (size > 0) {
        ssize_t written = write(fd, input, size);

        if (written < 0)
            return -errno;
        input += written;
        size -= (size_t)written;
    }
    if (lseek(fd, 0, SEEK_SET) < 0)
        return -errno;
    *ret_fd = coil_steal_fd(&fd);
    return 0;
}

static int read_all(int fd, struct coil_buffer *output)
{
    char part[4096];
    ssize_t size;

    coil_buffer_put(output, "", 0);
    while ((size = read(fd, part, sizeof part)) != 0) {
        if (size < 0 && errno != EINTR)
            return -errno;
        if (size > 0)
            coil_buffer_put(output, part, (size_t)size);
    }
    return 0;
}

static int wait_for(pid_t pid)
{
    int status;

    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return -errno;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* Compilers translate their messages unless told not to. */
static char **english_environment(struct coil_arena *arena)
{
    size_t count = 0;
    size_t kept = 0;
    char **copy;

    while (environ[count])
        count++;
    copy = coil_arena_take(arena, (count + 2) * sizeof *copy);
    for (size_t i = 0; i < count; i++)
        if (strncmp(environ[i], "LC_ALL=", 7) != 0)
            copy[kept++] = environ[i];
    copy[kept] = coil_arena_printf(arena, "LC_ALL=C");
    return copy;
}

int coil_process_run(struct coil_arena *arena, const char *const *argv, const char *input, size_t input_size,
                     const char **ret_output, struct coil_error *error)
{
    COIL_CLEANUP(destroy_actions) posix_spawn_file_actions_t actions;
    COIL_CLEANUP(coil_fd_close) int input_fd = -1;
    COIL_CLEANUP(coil_fd_close) int read_fd = -1;
    COIL_CLEANUP(coil_fd_close) int write_fd = -1;
    struct coil_buffer output = COIL_BUFFER_INIT(arena);
    int fds[2];
    pid_t pid;
    int r;

    (void)posix_spawn_file_actions_init(&actions);
    r = make_input(input, input_size, &input_fd);
    if (r == 0 && pipe2(fds, O_CLOEXEC) < 0)
        r = -errno;
    if (r < 0)
        return coil_error_set(error, r, "cannot run %s: %s", argv[0], strerror(-r));
    read_fd = fds[0];
    write_fd = fds[1];
    (void)posix_spawn_file_actions_adddup2(&actions, input_fd, 0);
    (void)posix_spawn_file_actions_adddup2(&actions, write_fd, 1);
    (void)posix_spawn_file_actions_adddup2(&actions, write_fd, 2);
    r = -posix_spawnp(&pid, argv[0], &actions, NULL, (char *const *)(uintptr_t)argv, english_environment(arena));
    if (r < 0)
        return coil_error_set(error, r, "cannot run %s: %s", argv[0], strerror(-r));
    coil_fd_close(&write_fd);
    r = read_all(read_fd, &output);
    *ret_output = output.text;
    if (r < 0) {
        (void)wait_for(pid);
        return coil_error_set(error, r, "cannot read what %s says: %s", argv[0], strerror(-r));
    }
    return wait_for(pid);
}
