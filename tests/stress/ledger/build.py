import cffi

CRASHES = 12  # functions that kill the worker: one that does so too often is refused until the next reload

ffi = cffi.FFI()
ffi.embedding_api("""
    int enter(int client, int thread, int number, int before_us, int after_us) /* [error(-1)] */;
    int enter_again(int client, int thread, int number, int before_us, int after_us) /* [idempotent, error(-1)] */;
    void enter_later(int client, int thread, int number, int before_us, int after_us) /* [oneway] */;
    void text_later(int client, int thread, int number, const char *text) /* [oneway] */;
    int enter_text(int client, int thread, int number, const char *text, int sum) /* [error(-1)] */;
    int enter_bytes(int client, int thread, int number, unsigned char *bytes /* [inout, counted_by(size)] */, size_t size)
        /* [error(-1)] */;
    int enter_raise(int client, int thread, int number) /* [error(-1)] */;
    int enter_print(int client, int thread, int number) /* [error(-1)] */;
    int enter_nested(int client, int thread, int number, int (*inner)(int)) /* [error(-1)] */;
""" + "".join("int crash_%d(int client, int thread, int number, int how, int after) /* [error(-1)] */;\n" % i
              for i in range(CRASHES)))
ffi.set_source("plugin", "")
ffi.embedding_init_code("""
    import os
    import time
    import zlib
    from plugin import ffi

    ledger = os.open(os.environ["PYTHONLEDGER"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def add(client, thread, number):
        # A process that is killed leaves part of it, if it lies across two pages: then the line has no full stop.
        os.write(ledger, b"\\n%d %d %d ." % (client, thread, number))
        return number + 1

    def pause(us):
        if us:
            time.sleep(us / 1e6)

    def enter(client, thread, number, before_us, after_us):
        pause(before_us)
        result = add(client, thread, number)
        pause(after_us)
        return result

    ffi.def_extern(name="enter")(enter)
    ffi.def_extern(name="enter_again")(enter)

    @ffi.def_extern()
    def enter_later(client, thread, number, before_us, after_us):
        enter(client, thread, number, before_us, after_us)

    @ffi.def_extern()
    def text_later(client, thread, number, text):
        if ffi.string(text) != b"%d" % number + b"." * (number % 900):
            raise ValueError("not what the program sent")
        add(client, thread, number)

    @ffi.def_extern()
    def enter_text(client, thread, number, text, sum):
        if zlib.adler32(ffi.string(text)) & 0x7fffffff != sum:
            raise ValueError("not what the program sent")
        return add(client, thread, number)

    @ffi.def_extern()
    def enter_bytes(client, thread, number, bytes, size):
        buffer = ffi.buffer(bytes, size)
        if buffer[:] != b"%c" % (number % 251) * size:
            raise ValueError("not what the program sent")
        add(client, thread, number)
        buffer[:] = b"\\xff" * size
        return number + 1

    @ffi.def_extern()
    def enter_raise(client, thread, number):
        add(client, thread, number)
        raise KeyError(number)

    @ffi.def_extern()
    def enter_print(client, thread, number):
        print("before", number)
        add(client, thread, number)
        print("x" * (number % 7000))
        return number + 1

    @ffi.def_extern()
    def enter_nested(client, thread, number, inner):
        add(client, thread, number)
        inner(number)
        return number + 1

    def crash(client, thread, number, how, after):
        if after:
            add(client, thread, number)
        if how == 0:
            ffi.cast("int *", 8)[0] = 1
        elif how == 1:
            os.abort()
        elif how == 2:
            os._exit(3)
        os.kill(os.getpid(), 9)
        time.sleep(10)

    for i in range(CRASHES):
        ffi.def_extern(name="crash_%d" % i)(crash)
""".replace("CRASHES", str(CRASHES)))
ffi.compile()
