/* The command line. */
#ifndef STUBGEN_OPTIONS_H
#define STUBGEN_OPTIONS_H

#include <stdbool.h>

#include "proto/error.h"
#include "stubgen/module.h"

enum coil_action {
    COIL_ACTION_HELP,
    COIL_ACTION_VERSION,
    COIL_ACTION_SCRIPT,  /* run a CFFI build script */
    COIL_ACTION_REGISTER, /* what was made before */
    COIL_ACTION_GENERATE /* from a header, or from sections (--core) */
};

/* Sections whose text has not been read yet: `text` is NULL, `path` names the file. */
struct coil_input {
    enum coil_section_kind kind;
    const char *path;
    const char *label; /* NULL: the path */
    unsigned pack;
    const char *included; /* the descriptor of the module that the declarations are from, or NULL */
};

struct coil_options {
    enum coil_action action;
    const char *header;    /* the plugin.h front end's, or NULL */
    int script;            /* the build script's place in the command line */
    const char *directory; /* -o */
    const char *module;
    const char *init; /* paths of files, or NULL */
    const char *c_source;
    const char *output_c;
    const char *output_header;
    const char *output_library;
    const char *output_descriptor;
    struct coil_list inputs;        /* struct coil_input */
    struct coil_list pasted;        /* --source: paths */
    struct coil_list cflags;        /* as the compiler gets them */
    struct coil_list extra_sources; /* paths */
    struct coil_list extra_objects; /* paths */
    struct coil_list ldflags;
    struct coil_list made;          /* --register: paths of libraries and descriptors */
    const char *into;               /* --into, or NULL */
    bool is_registering;     /* --register: for the system's daemon */
    bool is_explaining;      /* --explain: say how arguments cross, and make nothing */
    bool is_in_process_only; /* --in-process-only */
    bool is_debug;
    bool is_verbose;
};

/* -EINVAL with words for misuse. */
int coil_options_parse(struct coil_options *options, struct coil_arena *arena, int argc, char **argv,
                       struct coil_error *error);

extern const char coil_options_help[];

#endif
