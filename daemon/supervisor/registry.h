/* The modules of a system daemon: descriptors that the machine's administrator has registered (coil-stubgen --register). */
#ifndef COIL_SUPERVISOR_REGISTRY_H
#define COIL_SUPERVISOR_REGISTRY_H

#include <stdbool.h>
#include <stdio.h>

#include "daemon/supervisor/store.h"

struct coil_registry {
    struct coil_stored **modules; /* in the order of their files' names */
    size_t count;
};

/*
 * Reads every *.coil of the folder; NULL: the usual one beside this coild, which need not exist.  Writes a line to
 * `mistakes` for whatever is not as it should be.  0: there is none.  -EINVAL: there are, and `ret_registry` is
 * untouched.  -ENOMEM.
 */
int coil_registry_load(const char *folder, FILE *mistakes, struct coil_registry *ret_registry);
void coil_registry_deinit(struct coil_registry *registry);

/* The folder that is read if nobody says otherwise.  Negative errno with words. */
int coil_registry_folder(char *ret, size_t size, struct coil_error *error);

/* A new reference.  -ENOENT, -ESTALE with words: there is no module of this name; none of this name with this hash. */
int coil_registry_find(const struct coil_registry *registry, const char *name, const uint8_t hash[COIL_HASH_SIZE],
                       struct coil_stored **ret_stored, struct coil_error *error);

/* Is there a module with this hash? */
bool coil_registry_has(const struct coil_registry *registry, const uint8_t hash[COIL_HASH_SIZE]);

#endif
