/*
 * A hash table with a fixed number of chains: declarations have hundreds of
 * names, seldom thousands.  Used for the names of a module (parser) and for the
 * codes of its types (opcodes.c).  One thread.
 */
#include "stubgen/table.h"

#include <stdint.h>
#include <string.h>

struct coil_table_entry {
    struct coil_table_entry *next;
    const char *key;
    void *thing;
};

static unsigned chain_of(const char *key)
{
    uint32_t hash = 2166136261u; /* FNV-1a */

    for (; *key; key++)
        hash = (hash ^ (unsigned char)*key) * 16777619u;
    return hash % COIL_TABLE_CHAINS;
}

static struct coil_table_entry *find(const struct coil_table *table, const char *key)
{
    struct coil_table_entry *entry = table->chains[chain_of(key)];

    while (entry && strcmp(entry->key, key) != 0)
        entry = entry->next;
    return entry;
}

void *coil_table_get(const struct coil_table *table, const char *key)
{
    struct coil_table_entry *entry = find(table, key);

    return entry ? entry->thing : NULL;
}

void coil_table_put(struct coil_table *table, struct coil_arena *arena, const char *key, void *thing)
{
    struct coil_table_entry *entry = find(table, key);

    if (!entry) {
        unsigned chain = chain_of(key);

        entry = coil_arena_take(arena, sizeof *entry);
        entry->key = key;
        entry->next = table->chains[chain];
        table->chains[chain] = entry;
    }
    entry->thing = thing;
}
