from plugin import ffi


@ffi.def_extern()
def sum_list(first):
    total = 0
    while first:
        total += first.value
        first = first.next
    return total


@ffi.def_extern()
def call_back(f, x):
    return f(x) + 1


@ffi.def_extern()
def mean(v, n):
    return sum(v[0:n]) / n


@ffi.def_extern()
def second(first):
    return first.next


@ffi.def_extern()
def strings(texts):
    count = 0
    while texts[count]:
        print(ffi.string(texts[count]).decode())
        count += 1
    return count


@ffi.def_extern()
def add(x, y):
    return x + y
