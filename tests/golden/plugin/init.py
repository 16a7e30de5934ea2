
    from plugin import ffi

    @ffi.def_extern()
    def do_stuff(p):
        p.x += 1

        return 0
