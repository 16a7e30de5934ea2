/* CFFI's table of type codes: every type of the module once, as the descriptor has it. */
#ifndef STUBGEN_OPCODES_H
#define STUBGEN_OPCODES_H

#include "stubgen/module.h"

/* One entry of the table. */
struct coil_opcode {
    const char *code;    /* in C: "COIL_TYPE(COIL_OP_POINTER, 3)" */
    const char *comment; /* what type it is, or NULL within a function's or an array's codes */
};

struct coil_opcodes {
    struct coil_module_model *module;
    struct coil_list entries; /* of struct coil_opcode */
    struct coil_table known;  /* indices by key */
};

struct coil_opcodes *coil_opcodes_new(struct coil_module_model *module);

/* The index of a type; adds it and what it is made of if it is not there yet. */
unsigned coil_opcodes_index(struct coil_opcodes *opcodes, struct coil_type *type);

/* The same for a pointer to it, and for a parameter, where arrays and functions are pointers. */
unsigned coil_opcodes_pointer(struct coil_opcodes *opcodes, struct coil_type *item);
unsigned coil_opcodes_parameter(struct coil_opcodes *opcodes, struct coil_type *type);

#endif
