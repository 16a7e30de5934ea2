/* Names to things: a hash table whose memory is the arena's.  Keys are not copied. */
#ifndef STUBGEN_TABLE_H
#define STUBGEN_TABLE_H

#include "stubgen/arena.h"

#define COIL_TABLE_CHAINS 1024u

struct coil_table_entry;

struct coil_table {
    struct coil_table_entry *chains[COIL_TABLE_CHAINS];
};

/* The thing of that name, or NULL. */
void *coil_table_get(const struct coil_table *table, const char *key);

/* Adds a thing; a name that is there already is replaced. */
void coil_table_put(struct coil_table *table, struct coil_arena *arena, const char *key, void *thing);

#endif
