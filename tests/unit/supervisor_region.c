/*
 * Regions of a program's memory on their way to its worker: what is handed on, and what is refused.
 */
#include "tests/unit/supervisor_fixture.h"

#include <fcntl.h>
#include <sys/mman.h>

#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)
#define SIZE COIL_REGION_UNIT

static int make_file(uint64_t size, int seals)
{
    int fd = memfd_create("region", MFD_CLOEXEC | MFD_ALLOW_SEALING);

    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, (off_t)size), 0);
    assert_int_equal(fcntl(fd, F_ADD_SEALS, seals), 0);
    return fd;
}

static enum coil_message_type show(struct coil_wire *wire, uint64_t session, uint64_t base, uint64_t size, int fd)
{
    const struct coil_message message = {
        .type = COIL_MESSAGE_REGION, .request = 5, .session = session, .base = base, .size = size
    };

    assert_int_equal(coil_wire_send(wire, &message, &fd, NULL), 0);
    (void)close(fd);
    return await_reply(wire);
}

static void regions(void **state)
{
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *wire = attached(GOOD, make_image("plugin", ""));
    uint64_t session = reply.message.session;

    (void)state;
    assert_int_equal(show(wire, session, COIL_REGIONS_BEGIN, SIZE, make_file(SIZE, SEALS)), COIL_MESSAGE_DONE);
    assert_int_equal(reply.message.request, 5);

    (void)show(wire, session, COIL_REGIONS_BEGIN, SIZE, make_file(SIZE, F_SEAL_GROW));
    assert_failed(COIL_REFUSED_PROTOCOL, "no sealed memory");
    (void)show(wire, session, COIL_REGIONS_BEGIN, SIZE, open("/proc/self/exe", O_RDONLY));
    assert_failed(COIL_REFUSED_PROTOCOL, "no sealed memory");
    (void)show(wire, session, COIL_REGIONS_BEGIN, SIZE, open("/dev/zero", O_RDWR));
    assert_failed(COIL_REFUSED_PROTOCOL, "no sealed memory");
    (void)show(wire, session, COIL_REGIONS_BEGIN, SIZE, make_file(SIZE / 2, SEALS));
    assert_failed(COIL_REFUSED_PROTOCOL, "size is not");
    (void)show(wire, session, COIL_REGIONS_BEGIN, SIZE / 2, make_file(SIZE / 2, SEALS));
    assert_failed(COIL_REFUSED_PROTOCOL, "outside of the range");
    (void)show(wire, session, COIL_RANGE_BEGIN, SIZE, make_file(SIZE, SEALS));
    assert_failed(COIL_REFUSED_PROTOCOL, "outside of the range");
    (void)show(wire, session, COIL_REGIONS_END - SIZE, 2 * SIZE, make_file(2 * SIZE, SEALS));
    assert_failed(COIL_REFUSED_PROTOCOL, "outside of the range");
    (void)show(wire, session + 1, COIL_REGIONS_BEGIN, SIZE, make_file(SIZE, SEALS));
    assert_failed(COIL_REFUSED_PROTOCOL, "no such session");

    /* The worker has the last word. */
    (void)show(wire, session, COIL_REGIONS_BEGIN + 13 * SIZE, SIZE, make_file(SIZE, SEALS));
    assert_failed(COIL_REFUSED_LIMIT, "no luck");
}

static void without_a_session(void **state)
{
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *wire = client();

    (void)state;
    (void)show(wire, 1, COIL_REGIONS_BEGIN, SIZE, make_file(SIZE, SEALS));
    assert_failed(COIL_REFUSED_PROTOCOL, "no such session");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = { TEST(regions), TEST(without_a_session) };
    int r;

    if (argc >= 5 && strcmp(argv[1], "--link-fd") == 0)
        return be_worker(argv[4]);
    r = cmocka_run_group_tests(tests, install, uninstall);
    coil_wire_message_deinit(&reply);
    return r;
}
