EXPECTED = """ tll=1 tl=2 tlr=1 t=3 trl=1 tr=2 trr=1
11 17
111
10
 trr=1 tll=1 tl=50 tlr=1 tr=2 trl=1 t=3 tll=1 tl=50 tlr=1
 TRR!=1 TLL!!=1 TL!!=50 TLR!!=1 TR!=2 TRL!=1
118 46
ADDED!
1118 50
OWN! ADDED!!
"""
POINTER = ("lies in memory shared with Python and leads to memory that only the program has: what is stored there must "
           "come from coil_alloc(), or from Python")
PRIVATE = """private text: -1 1 'root->right->left->name' %s
private tree: -1 1 'root->right->left->left' %s
mended: 118 0 
""" % (POINTER, POINTER)
ERRORS = """coil: plugin.names(): 'root->right->left->name' %s; the call returned its error value
coil: plugin.sum(): 'root->right->left->left' %s; the call returned its error value
""" % (POINTER, POINTER)


def run(case):
    include, library = case.build + "/include", case.build + "/lib"
    case.compile("program.c", "program", "-I" + include, "-I.", "./plugin.so", "-L" + library, "-Wl,-rpath," + library,
                 "-Wl,-rpath,.", "-lcoil", link=False)
    program = case.path("program")
    for _ in range(2):
        case.check(case.run(program=program), EXPECTED)
    if case.mode == "daemon":
        case.check(case.run("private", program=program), EXPECTED + PRIVATE, ERRORS)
