/*
 * What a program gets from the daemon, or is refused: its session, its modules and channels, a worker
 * with its environment.  Workers that fail: supervisor_workers.c; start and end: supervisor_life.c.
 */
#include "tests/unit/supervisor_fixture.h"

/* ---- sessions ---- */

static void a_program_attaches_once_for_all(void **state)
{
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *first = client();
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *second = NULL;
    const struct image *image = make_image("plugin", "");
    struct stat status;
    uint64_t base;
    pid_t worker;

    (void)state;
    assert_int_equal(ask(first, attach_message(GOOD, image)), COIL_MESSAGE_SEND_DESCRIPTOR);
    assert_int_equal(reply.message.request, 77);
    assert_memory_equal(reply.message.hash, image->hash, COIL_HASH_SIZE);
    assert_int_equal(ask(first, descriptor_message(image)), COIL_MESSAGE_ATTACHED);
    assert_int_equal(reply.message.request, 77);
    base = reply.message.base;
    worker = (pid_t)reply.message.pid;
    assert_int_equal(fstat(reply.fds[2], &status), 0);
    assert_int_equal(status.st_size, COIL_STAGING_SIZE);
    assert_false(is_dead(reply.fds[3], 0));

    /* The descriptor is known, the worker is warm. */
    second = client();
    assert_int_equal(ask(second, attach_message(GOOD, image)), COIL_MESSAGE_ATTACHED);
    assert_int_equal(reply.message.pid, worker);
    assert_true(reply.message.base != base);
    assert_non_null(strstr(status_report(), "programs: 2, workers: 1, descriptors: 1"));
    assert_non_null(strstr(reply.message.text, "module: plugin "));

    assert_int_equal(ask(second, attach_message(GOOD, image)), COIL_MESSAGE_FAILED);
    assert_failed(COIL_REFUSED_PROTOCOL, "has its session already");
}

static void many_programs_at_once(void **state)
{
    struct coil_wire *wires[64];
    const struct image *image = make_image("plugin", "");
    pid_t worker = 0;

    (void)state;
    for (int i = 0; i < 64; i++) {
        wires[i] = client();
        post(wires[i], attach_message(GOOD, image));
    }
    for (int i = 0; i < 64; i++) {
        /* Those that the daemon reads after it has got the descriptor are not asked for it. */
        if (await_reply(wires[i]) == COIL_MESSAGE_SEND_DESCRIPTOR)
            (void)ask(wires[i], descriptor_message(image));
        assert_int_equal(reply.message.type, COIL_MESSAGE_ATTACHED);
        worker = worker ? worker : (pid_t)reply.message.pid;
        assert_int_equal(reply.message.pid, worker);
    }
    await_status("programs: 64, workers: 1, descriptors: 1");
    for (int i = 0; i < 64; i++)
        coil_wire_free(wires[i]);
    await_status("programs: 0, workers: 1");
    await_status("sessions 0, channels 0");
}

static void what_is_certain_to_be_used_is_reserved(void **state)
{
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *wire = attached(GOOD, make_image("plugin", ""));
    struct stat before;
    struct stat after;
    uint64_t session = reply.message.session;
    int requests = fcntl(reply.fds[0], F_DUPFD_CLOEXEC, 3);

    (void)state;
    assert_int_equal(fstat(requests, &before), 0);
    assert_int_equal(before.st_blocks * 512, 4096 + COIL_RING_RESERVED);
    assert_int_equal(ftruncate(requests, 1), -1);
    assert_int_equal(ask(wire, (struct coil_message){ .type = COIL_MESSAGE_CHANNEL, .request = 3, .session = session,
                                                      .channel = 1000 }), COIL_MESSAGE_DONE);
    assert_int_equal(reply.message.request, 3);
    assert_int_equal(fstat(requests, &after), 0);
    assert_int_equal((after.st_blocks - before.st_blocks) * 512, 4096 + COIL_RING_RESERVED);
    assert_non_null(strstr(status_report(), "channels 2"));

    (void)ask(wire, (struct coil_message){ .type = COIL_MESSAGE_CHANNEL, .session = session, .channel = 13 });
    assert_failed(COIL_REFUSED_OTHER, "no luck");
    (void)ask(wire, (struct coil_message){ .type = COIL_MESSAGE_CHANNEL, .session = session, .channel = 1024 });
    assert_failed(COIL_REFUSED_PROTOCOL, "no such session or channel");
    (void)ask(wire, (struct coil_message){ .type = COIL_MESSAGE_CHANNEL, .session = session + 1, .channel = 2 });
    assert_failed(COIL_REFUSED_PROTOCOL, "no such session or channel");
    (void)close(requests);
}

static void modules_meet_or_conflict(void **state)
{
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *first = attached(GOOD, make_image("plugin", "1"));
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *second = NULL;
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *third = NULL;
    uint64_t generation = reply.message.generation;

    (void)state;
    assert_int_equal(module(first, make_image("other", "")), COIL_MESSAGE_LOADED);
    assert_int_equal(module(first, make_image("other", "")), COIL_MESSAGE_LOADED);
    assert_int_equal(module(first, make_image("plugin", "1")), COIL_MESSAGE_LOADED);
    (void)module(first, make_image("plugin", "2"));
    assert_failed(COIL_REFUSED_CONFLICT, "another module of this name");

    second = attached(GOOD, make_image("plugin", "2"));
    assert_true(reply.message.generation > generation);
    third = attached(GOOD, make_image("plugin", "1"));
    assert_int_equal(reply.message.generation, generation);
    assert_non_null(strstr(status_report(), "workers: 2"));
}

static void requests_of_one_connection_are_answered_in_order(void **state)
{
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *wire = attached(GOOD, make_image("plugin", ""));
    uint64_t session = reply.message.session;

    (void)state;
    for (uint64_t i = 1; i <= 40; i++)
        post(wire, (struct coil_message){ .type = COIL_MESSAGE_CHANNEL, .request = i, .session = session,
                                          .channel = 100 + i });
    for (uint64_t i = 1; i <= 40; i++) {
        assert_int_equal(await_reply(wire), COIL_MESSAGE_DONE);
        assert_int_equal(reply.message.request, i);
    }
}

static void environments_do_not_share(void **state)
{
    const struct image *image = make_image("plugin", "");
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *first = attached(GOOD, image);
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *second = client();
    static const char *const entries[] = { "PYTHONPATH=/x", NULL };
    static const char *const wrong[] = { "LD_PRELOAD=/x", NULL };
    struct coil_message message = attach_message(ENVIRONMENT, image);

    (void)state;
    (void)setenv("SECRET", "1", 1);
    message.environment = wrong;
    (void)ask(second, message);
    assert_failed(COIL_REFUSED_PROTOCOL, "not a variable of Python's");
    message.environment = entries;
    (void)ask(second, message);
    assert_failed(COIL_REFUSED_OTHER, "PYTHONPATH=/x ");
    assert_null(strstr(reply.message.text, "COIL_"));
    assert_non_null(strstr(reply.message.text, "PATH="));
    assert_non_null(strstr(status_report(), "workers: 2"));
    /* Refused, but not disconnected. */
    assert_int_equal(attach(second, GOOD, image), COIL_MESSAGE_ATTACHED);
}

/* ---- what is refused ---- */

static void descriptors_are_checked(void **state)
{
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *wire = client();
    struct image *image = make_image("plugin", "");
    struct coil_message message;

    (void)state;
    assert_int_equal(ask(wire, attach_message(GOOD, image)), COIL_MESSAGE_SEND_DESCRIPTOR);
    image->strings[40] = 'x';
    (void)ask(wire, descriptor_message(image));
    assert_failed(COIL_REFUSED_PROTOCOL, "not the hash that was claimed");

    image = make_image("plugin", "");
    image->head.strings.offset = 1u << 30;
    assert_int_equal(ask(wire, attach_message(GOOD, image)), COIL_MESSAGE_SEND_DESCRIPTOR);
    (void)ask(wire, descriptor_message(image));
    assert_failed(COIL_REFUSED_PROTOCOL, "");

    image = make_image("plugin", "");
    message = attach_message(GOOD, image);
    message.name = "another";
    assert_int_equal(ask(wire, message), COIL_MESSAGE_SEND_DESCRIPTOR);
    (void)ask(wire, descriptor_message(image));
    assert_failed(COIL_REFUSED_PROTOCOL, "another name");

    assert_int_equal(ask(wire, attach_message(GOOD, make_image("new", ""))), COIL_MESSAGE_SEND_DESCRIPTOR);
    (void)ask(wire, (struct coil_message){ .type = COIL_MESSAGE_STATUS });
    assert_failed(COIL_REFUSED_PROTOCOL, "sent something else");
    assert_eof(wire);
}

static void another_version_is_refused(void **state)
{
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *wire = client();
    struct coil_message message = attach_message(GOOD, make_image("plugin", ""));

    (void)state;
    message.protocol = 99;
    message.version = "9.9.9";
    (void)ask(wire, message);
    assert_failed(COIL_REFUSED_VERSION, "9.9.9");
    assert_non_null(strstr(reply.message.text, "coild " COIL_VERSION));
}

static void what_needs_a_session_says_so(void **state)
{
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *wire = client();

    (void)state;
    (void)module(wire, make_image("plugin", ""));
    assert_failed(COIL_REFUSED_PROTOCOL, "attach first");
    (void)ask(wire, (struct coil_message){ .type = COIL_MESSAGE_CHANNEL });
    assert_failed(COIL_REFUSED_PROTOCOL, "attach first");
    (void)ask(wire, (struct coil_message){ .type = COIL_MESSAGE_DONE });
    assert_failed(COIL_REFUSED_PROTOCOL, "not a request");
    assert_eof(wire);
}

static void another_user_is_turned_away(void **state)
{
    pid_t child;
    int status;

    (void)state;
    if (geteuid() != 0)
        skip();
    assert_int_equal(chmod(path_of("sock"), 0666), 0);
    assert_int_equal(chmod(prefix, 0711), 0);
    child = fork();
    if (child == 0) {
        struct coil_wire *wire;
        struct coil_wire_message got = COIL_WIRE_MESSAGE_INIT;
        struct coil_message message = { .type = COIL_MESSAGE_STOP, .version = "" };

        if (setuid(65534) < 0 || coil_wire_new(connect_raw(), &wire) < 0)
            _exit(1);
        if (coil_wire_call(wire, &message, NULL, &got, TIMEOUT_MS, NULL) < 0)
            _exit(2);
        _exit(got.message.code == COIL_REFUSED_IDENTITY && strstr(got.message.text, "65534") ? 0 : 3);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_true(log_has("uid 65534: it is turned away"));
    assert_int_equal(chmod(prefix, 0700), 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST(a_program_attaches_once_for_all),
        TEST(many_programs_at_once),
        TEST(what_is_certain_to_be_used_is_reserved),
        TEST(modules_meet_or_conflict),
        TEST(requests_of_one_connection_are_answered_in_order),
        TEST(environments_do_not_share),
        TEST(descriptors_are_checked),
        TEST(another_version_is_refused),
        TEST(what_needs_a_session_says_so),
        TEST(another_user_is_turned_away),
    };
    int r;

    if (argc >= 5 && strcmp(argv[1], "--link-fd") == 0)
        return be_worker(argv[4]);
    r = cmocka_run_group_tests(tests, install, uninstall);
    coil_wire_message_deinit(&reply);
    return r;
}
