from everything import ffi, lib


@ffi.def_extern()
def f_int(v):
    return v + lib.ANSWER  # "quoted" \ ?? é
