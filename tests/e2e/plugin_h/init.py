from plugin import ffi

print("init")


@ffi.def_extern()
def do_stuff(p):
    print("adding", p.x, "and", p.y)
    p.x += 100
    return p.x + p.y
