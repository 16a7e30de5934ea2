/* `import NAME` of a stub library inside a Python: `ffi` and `lib` are local there, in every mode. */
#include "client/runtime.h"

void *coil_module_import(struct coil_module *module)
{
    struct coil_link *link = coil_link_of(module);

    return link ? coil_inprocess_import(link) : NULL;
}
