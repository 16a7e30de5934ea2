import cffi

ffi = cffi.FFI()
ffi.cdef("""
    int tell(int x);
    int on_main_thread(void);
    const char *label(int x);
    struct point { int x; int y; };
    int norm(const struct point *p);
    extern int counter;
    int back(int x);
    int signals_blocked(void);
""")
ffi.embedding_api("""
    int start(int count);
    int wait_for_all(void);
    int inner(int x);
    int in_call(void);
    int lonely(void);
""")
ffi.set_source("plugin", """
    #include <pthread.h>
    #include <signal.h>
    #include <stdio.h>
    #include <sys/syscall.h>
    #include <unistd.h>
    struct point { int x; int y; };
    extern CFFI_DLLEXPORT int inner(int x);
    CFFI_DLLEXPORT int counter = 0;
    CFFI_DLLEXPORT int tell(int x);
    CFFI_DLLEXPORT int tell(int x) { __atomic_fetch_add(&counter, 1, __ATOMIC_SEQ_CST); return x + 1; }
    CFFI_DLLEXPORT int on_main_thread(void);
    CFFI_DLLEXPORT int on_main_thread(void) { return getpid() == (int)syscall(SYS_gettid); }
    CFFI_DLLEXPORT const char *label(int x);
    CFFI_DLLEXPORT const char *label(int x) { static char text[20]; snprintf(text, sizeof text, "label %d", x); return text; }
    CFFI_DLLEXPORT int norm(const struct point *p);
    CFFI_DLLEXPORT int norm(const struct point *p) { return p->x * p->x + p->y * p->y; }
    CFFI_DLLEXPORT int back(int x);
    CFFI_DLLEXPORT int back(int x) { return x > 0 ? inner(x) : -x; }
    CFFI_DLLEXPORT int signals_blocked(void);
    CFFI_DLLEXPORT int signals_blocked(void)
    {
        sigset_t set;
        pthread_sigmask(SIG_SETMASK, NULL, &set);
        return sigismember(&set, SIGTERM) && sigismember(&set, SIGALRM);
    }
""")
ffi.embedding_init_code("""
    import asyncio
    import coil
    import threading
    from plugin import ffi, lib

    results = []
    threads = []

    def work(session, i):
        try:
            with session:
                total = 0
                for j in range(50):
                    total += lib.tell(i) - i
                p = ffi.new("struct point *", {"x": 3, "y": i})
                results.append((i, total, lib.on_main_thread(), lib.norm(p) - i * i,
                                ffi.string(lib.label(i)) == b"label %d" % i or "other", lib.back(i % 5 + 1)))
        except BaseException as error:
            results.append((i, repr(error)))

    @ffi.def_extern(error=-1)
    def start(count):
        session = coil.current()
        for i in range(count):
            threads.append(threading.Thread(target=work, args=(session, i)))
            threads[-1].start()
        return count

    @ffi.def_extern(error=-1)
    def wait_for_all():
        while threads:
            threads.pop().join()
        got = sorted(results)
        results.clear()
        bad = [r for r in got if len(r) != 6 or r[1:4] != (50, 0, 9) or r[5] != 0]
        print("bad:", bad)
        return len(got)

    @ffi.def_extern(error=-1)
    def inner(x):
        # Called by C that a Python thread has called: on that thread, with lib as everywhere.
        return lib.back(x - 1)

    @ffi.def_extern(error=-1)
    def in_call():
        found = []
        session = coil.current()

        async def coroutine():
            with session:
                await asyncio.sleep(0)
                first = lib.tell(1)
                second = await asyncio.to_thread(lib.tell, 2)  # with a copy of the context
                return first, second

        def other():
            with session:
                lib.counter = 0
                lib.counter += 5
                found.append(lib.counter)
                found.append(lib.signals_blocked())
            found.append(asyncio.run(coroutine()))

        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        with session:  # in the call itself it is the thread that waits for it
            found.append(lib.on_main_thread())
        print(found)
        return len(found)

    @ffi.def_extern(error=-1)
    def lonely():
        found = []

        def other():
            try:
                found.append(lib.tell(1))
            except RuntimeError as error:
                found.append("COIL_INTERPRETER=private" in str(error) and "with session" in str(error))

        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        return found == [2] or found == [True]
""")
ffi.compile()
