from words import ffi


@ffi.def_extern()
def count_words(text):
    return len(ffi.string(text).split())
