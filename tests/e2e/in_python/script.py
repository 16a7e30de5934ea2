import ctypes
import os
import sys
import threading

sys.a_mark_of_the_program = True
plugin = ctypes.CDLL(os.path.abspath("plugin.so"))
results = []


def call():
    for i in range(100):
        results.append(plugin.add(i, 2) == i + 2)


threads = [threading.Thread(target=call) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(plugin.add(40, 2), all(results), len(results), plugin.same_interpreter(os.getpid()))
pydll = ctypes.PyDLL(os.path.abspath("plugin.so"))
print(pydll.add(40, 2))
