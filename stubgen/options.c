/*
 * The command line: three front ends on one core.  A table says what each option
 * takes; what an option means beyond storing its value is in apply().  Only main.c
 * calls this.
 */
#include "stubgen/options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const char coil_options_help[] =
    "usage: coil-stubgen [OPTION]... BUILD.py [ARGUMENT]...\n"
    "       coil-stubgen [OPTION]... HEADER --module NAME --init INIT.py\n"
    "       coil-stubgen [OPTION]... --core --module NAME OUTPUT...\n"
    "\n"
    "Makes a stub library: C functions that are written in Python.\n"
    "\n"
    "BUILD.py is a CFFI build script.  It finds coil's own `cffi`; files come out under CFFI's names.\n"
    "\n"
    "HEADER declares functions that the Python code in INIT.py implements:\n"
    "  --module NAME          makes NAME.c, NAME.so and NAME.coil\n"
    "  --init INIT.py         Python code that runs once, before the first call\n"
    "  --source EXTRA.c       C code that goes into the library's source\n"
    "  -o FOLDER              where the files are made (default: here)\n"
    "\n"
    "With either, in front:\n"
    "  --explain              print how each argument of each function crosses; make nothing\n"
    "  --in-process-only      let through what does not cross between processes; such a library\n"
    "                         works with COIL_MODE=inprocess only\n"
    "  --register             make the module known to the system's daemon (as root)\n"
    "  --into FOLDER          put what --register makes there\n"
    "  --register NAME.so...  the same for what was made before; NAME.coil does as well\n"
    "\n"
    "With HEADER and --core:\n"
    "  -I FOLDER, -D MACRO[=VALUE], --cflag ARGUMENT  for the compiler, besides $CFLAGS\n"
    "  -L FOLDER, -l LIBRARY, --ldflag ARGUMENT       for the linker, besides $LDFLAGS\n"
    "  --extra-source FILE.c, --extra-object FILE     what else goes into the library\n"
    "  --debug                compile with -g -O0\n"
    "  --verbose              show the commands that are run\n"
    "\n"
    "--core is what the two stand on; only the outputs that are named are made:\n"
    "  --cdef FILE            declarations, as for ffi.cdef()\n"
    "  --api FILE             declarations, as for ffi.embedding_api(); behind either of the two:\n"
    "    --cdef-label TEXT, --api-label TEXT   what messages call it\n"
    "    --packed, --pack N                    how its structures are laid out\n"
    "    --included FILE                       it is the other module's that has this descriptor\n"
    "  --init FILE            Python code that runs once\n"
    "  --c-source FILE        C code that the declarations are about, as for ffi.set_source()\n"
    "  --output-c FILE        the C source of the library\n"
    "  --output-header FILE   a header for programs that use it\n"
    "  --output-library FILE  the library, by the C compiler $CC (cc)\n"
    "  --output-descriptor FILE  the descriptor; without a library, the C source is only compiled\n"
    "\n"
    "  -h, --help             print this\n"
    "  -V, --version          print the version\n"
    "\n"
    "coil-stubgen(1) says more, and which environment variables count.\n";

enum option {
    OPTION_CORE,
    OPTION_MODULE,
    OPTION_CDEF,
    OPTION_CDEF_LABEL,
    OPTION_API,
    OPTION_API_LABEL,
    OPTION_PACKED,
    OPTION_PACK,
    OPTION_INCLUDED,
    OPTION_INIT,
    OPTION_C_SOURCE,
    OPTION_SOURCE,
    OPTION_DIRECTORY,
    OPTION_OUTPUT_C,
    OPTION_OUTPUT_HEADER,
    OPTION_OUTPUT_LIBRARY,
    OPTION_OUTPUT_DESCRIPTOR,
    OPTION_INCLUDE_DIR,
    OPTION_DEFINE,
    OPTION_CFLAG,
    OPTION_LIBRARY_DIR,
    OPTION_LIBRARY,
    OPTION_LDFLAG,
    OPTION_EXTRA_SOURCE,
    OPTION_EXTRA_OBJECT,
    OPTION_EXPLAIN,
    OPTION_IN_PROCESS_ONLY,
    OPTION_REGISTER,
    OPTION_INTO,
    OPTION_DEBUG,
    OPTION_VERBOSE,
    OPTION_HELP,
    OPTION_HELP_SHORT,
    OPTION_VERSION,
    OPTION_VERSION_SHORT,
};

static const struct {
    const char *text;
    const char *value; /* what the option takes, in words, or NULL */
} known[] = {
    [OPTION_CORE] = { "--core", NULL },
    [OPTION_MODULE] = { "--module", "a module's name" },
    [OPTION_CDEF] = { "--cdef", "a file" },
    [OPTION_CDEF_LABEL] = { "--cdef-label", "a text" },
    [OPTION_API] = { "--api", "a file" },
    [OPTION_API_LABEL] = { "--api-label", "a text" },
    [OPTION_PACKED] = { "--packed", NULL },
    [OPTION_PACK] = { "--pack", "a number of bytes" },
    [OPTION_INCLUDED] = { "--included", "a file" },
    [OPTION_INIT] = { "--init", "a file" },
    [OPTION_C_SOURCE] = { "--c-source", "a file" },
    [OPTION_SOURCE] = { "--source", "a file" },
    [OPTION_DIRECTORY] = { "-o", "a folder" },
    [OPTION_OUTPUT_C] = { "--output-c", "a file" },
    [OPTION_OUTPUT_HEADER] = { "--output-header", "a file" },
    [OPTION_OUTPUT_LIBRARY] = { "--output-library", "a file" },
    [OPTION_OUTPUT_DESCRIPTOR] = { "--output-descriptor", "a file" },
    [OPTION_INCLUDE_DIR] = { "-I", "a folder" },
    [OPTION_DEFINE] = { "-D", "a macro" },
    [OPTION_CFLAG] = { "--cflag", "an argument for the compiler" },
    [OPTION_LIBRARY_DIR] = { "-L", "a folder" },
    [OPTION_LIBRARY] = { "-l", "a library's name" },
    [OPTION_LDFLAG] = { "--ldflag", "an argument for the linker" },
    [OPTION_EXTRA_SOURCE] = { "--extra-source", "a file" },
    [OPTION_EXTRA_OBJECT] = { "--extra-object", "a file" },
    [OPTION_EXPLAIN] = { "--explain", NULL },
    [OPTION_IN_PROCESS_ONLY] = { "--in-process-only", NULL },
    [OPTION_REGISTER] = { "--register", NULL },
    [OPTION_INTO] = { "--into", "a folder" },
    [OPTION_DEBUG] = { "--debug", NULL },
    [OPTION_VERBOSE] = { "--verbose", NULL },
    [OPTION_HELP] = { "--help", NULL },
    [OPTION_HELP_SHORT] = { "-h", NULL },
    [OPTION_VERSION] = { "--version", NULL },
    [OPTION_VERSION_SHORT] = { "-V", NULL },
};

struct parser {
    struct coil_options *options;
    struct coil_arena *arena;
    struct coil_error *error;
    bool is_core;
};

static bool is_short(size_t option)
{
    return known[option].text[1] != '-';
}

/* Finds an option; *ret_value is what is attached to it ("-Idir", "--module=x"), or NULL. */
static int find(const char *argument, const char **ret_value)
{
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        size_t size = strlen(known[i].text);

        if (strncmp(argument, known[i].text, size) != 0)
            continue;
        *ret_value = argument + size;
        if (!**ret_value) {
            *ret_value = NULL;
            return (int)i;
        }
        if (is_short(i) && known[i].value)
            return (int)i;
        if (**ret_value == '=' && known[i].value) {
            ++*ret_value;
            return (int)i;
        }
    }
    return -1;
}

static int store(const struct parser *parser, const char **place, size_t option, const char *value)
{
    if (*place)
        return coil_error_set(parser->error, -EINVAL, "%s is given twice", known[option].text);
    *place = value;
    return 0;
}

static void add_joined(const struct parser *parser, struct coil_list *list, const char *start, const char *value)
{
    coil_list_add(list, parser->arena, coil_arena_printf(parser->arena, "%s%s", start, value));
}

static void add_input(const struct parser *parser, enum coil_section_kind kind, const char *path)
{
    struct coil_input *input = coil_arena_take(parser->arena, sizeof *input);

    input->kind = kind;
    input->path = path;
    coil_list_add(&parser->options->inputs, parser->arena, input);
}

static struct coil_input *last_input(const struct parser *parser, size_t option)
{
    const struct coil_list *inputs = &parser->options->inputs;

    if (inputs->count == 0) {
        (void)coil_error_set(parser->error, -EINVAL,
                             "%s says something about the --cdef or --api before it, and there is none",
                             known[option].text);
        return NULL;
    }
    return inputs->items[inputs->count - 1];
}

static int set_label(const struct parser *parser, size_t option, const char *value)
{
    struct coil_input *input = last_input(parser, option);

    if (!input)
        return -EINVAL;
    input->label = value;
    return 0;
}

static int set_pack(const struct parser *parser, size_t option, const char *value)
{
    struct coil_input *input = last_input(parser, option);
    char *end;
    unsigned long pack = strtoul(value, &end, 10);

    if (!input)
        return -EINVAL;
    if (*end || pack == 0 || pack > 16 || (pack & (pack - 1)))
        return coil_error_set(parser->error, -EINVAL, "--pack needs 1, 2, 4, 8 or 16 instead of '%s'", value);
    input->pack = (unsigned)pack;
    return 0;
}

static int set_included(const struct parser *parser, size_t option, const char *value)
{
    struct coil_input *input = last_input(parser, option);

    if (!input)
        return -EINVAL;
    input->included = value;
    return 0;
}

static int apply(struct parser *parser, enum option option, const char *value)
{
    struct coil_options *o = parser->options;

    switch (option) {
    case OPTION_CORE:
        parser->is_core = true;
        return 0;
    case OPTION_MODULE:
        return store(parser, &o->module, option, value);
    case OPTION_CDEF:
        add_input(parser, COIL_SECTION_CDEF, value);
        return 0;
    case OPTION_API:
        add_input(parser, COIL_SECTION_API, value);
        return 0;
    case OPTION_CDEF_LABEL:
    case OPTION_API_LABEL:
        return set_label(parser, option, value);
    case OPTION_PACKED:
        return set_pack(parser, option, "1");
    case OPTION_PACK:
        return set_pack(parser, option, value);
    case OPTION_INCLUDED:
        return set_included(parser, option, value);
    case OPTION_INIT:
        return store(parser, &o->init, option, value);
    case OPTION_C_SOURCE:
        return store(parser, &o->c_source, option, value);
    case OPTION_SOURCE:
        coil_list_add(&o->pasted, parser->arena, (void *)(uintptr_t)value);
        return 0;
    case OPTION_DIRECTORY:
        return store(parser, &o->directory, option, value);
    case OPTION_OUTPUT_C:
        return store(parser, &o->output_c, option, value);
    case OPTION_OUTPUT_HEADER:
        return store(parser, &o->output_header, option, value);
    case OPTION_OUTPUT_LIBRARY:
        return store(parser, &o->output_library, option, value);
    case OPTION_OUTPUT_DESCRIPTOR:
        return store(parser, &o->output_descriptor, option, value);
    case OPTION_INCLUDE_DIR:
        add_joined(parser, &o->cflags, "-I", value);
        return 0;
    case OPTION_DEFINE:
        add_joined(parser, &o->cflags, "-D", value);
        return 0;
    case OPTION_CFLAG:
        add_joined(parser, &o->cflags, "", value);
        return 0;
    case OPTION_LIBRARY_DIR:
        add_joined(parser, &o->ldflags, "-L", value);
        return 0;
    case OPTION_LIBRARY:
        add_joined(parser, &o->ldflags, "-l", value);
        return 0;
    case OPTION_LDFLAG:
        add_joined(parser, &o->ldflags, "", value);
        return 0;
    case OPTION_EXTRA_SOURCE:
        add_joined(parser, &o->extra_sources, "", value);
        return 0;
    case OPTION_EXTRA_OBJECT:
        add_joined(parser, &o->extra_objects, "", value);
        return 0;
    case OPTION_EXPLAIN:
        o->is_explaining = true;
        return 0;
    case OPTION_IN_PROCESS_ONLY:
        o->is_in_process_only = true;
        return 0;
    case OPTION_REGISTER:
        o->is_registering = true;
        return 0;
    case OPTION_INTO:
        return store(parser, &o->into, option, value);
    case OPTION_DEBUG:
        o->is_debug = true;
        return 0;
    case OPTION_VERBOSE:
        o->is_verbose = true;
        return 0;
    case OPTION_HELP:
    case OPTION_HELP_SHORT:
        o->action = COIL_ACTION_HELP;
        return 0;
    case OPTION_VERSION:
    case OPTION_VERSION_SHORT:
        o->action = COIL_ACTION_VERSION;
        return 0;
    }
    return 0;
}

static int check_header_options(const struct parser *parser)
{
    const struct coil_options *o = parser->options;

    if (o->inputs.count > 0 || o->c_source || o->output_c || o->output_header || o->output_library ||
        o->output_descriptor)
        return coil_error_set(
            parser->error, -EINVAL,
            "--cdef, --api, --c-source and --output-... go with --core, not with a header: see coil-stubgen --help");
    if (!o->init && !o->is_explaining)
        return coil_error_set(
            parser->error, -EINVAL,
            "--init is missing: it names the file with the Python code that implements the functions");
    return 0;
}

static int check_core_options(const struct parser *parser)
{
    const struct coil_options *o = parser->options;

    if (o->pasted.count > 0 || o->directory)
        return coil_error_set(parser->error, -EINVAL,
                              "--source and -o go with a header, not with --core: see coil-stubgen --help");
    if (!o->output_c && !o->output_header && !o->output_library && !o->output_descriptor && !o->is_explaining)
        return coil_error_set(parser->error, -EINVAL, "nothing is to be made: name an output, such as --output-c FILE");
    return 0;
}

/* Explaining needs no name for what is not made: the header's will do. */
static void name_explained(const struct parser *parser)
{
    struct coil_options *o = parser->options;
    const char *slash = o->header ? strrchr(o->header, '/') : NULL;
    const char *name = slash ? slash + 1 : o->header;

    if (o->is_explaining && !o->module)
        o->module = name ? coil_arena_copy(parser->arena, name, strcspn(name, ".")) : "module";
}

static int check(const struct parser *parser)
{
    const struct coil_options *o = parser->options;

    if (o->into && !o->is_registering)
        return coil_error_set(parser->error, -EINVAL, "--into says where --register puts descriptors: give both");
    if (o->is_registering && o->is_in_process_only)
        return coil_error_set(parser->error, -EINVAL,
                              "what is made with --in-process-only is for no daemon: leave out it, or --register");
    if (o->action != COIL_ACTION_GENERATE)
        return 0;
    if (parser->is_core && o->header)
        return coil_error_set(parser->error, -EINVAL, "'%s' is not expected after --core: see coil-stubgen --help",
                              o->header);
    if (!parser->is_core && !o->header)
        return coil_error_set(parser->error, -EINVAL,
                              "name a build script (BUILD.py) or a header: see coil-stubgen --help");
    name_explained(parser);
    if (!o->module)
        return coil_error_set(parser->error, -EINVAL, "--module is missing: it names the module, and the library");
    if (!coil_module_name_is_good(o->module))
        return coil_error_set(parser->error, -EINVAL,
                              "'%s' is not a module's name: letters, digits and underscores, in parts joined by dots",
                              o->module);
    return parser->is_core ? check_core_options(parser) : check_header_options(parser);
}

static bool ends_with(const char *text, const char *end)
{
    return strlen(text) > strlen(end) && strcmp(text + strlen(text) - strlen(end), end) == 0;
}

/* Of the files that were made before, if it is to be registered and nothing is to be made. */
static bool is_made(const struct parser *parser, const char *argument)
{
    return parser->options->is_registering && !parser->is_core &&
           (ends_with(argument, ".so") || ends_with(argument, ".coil"));
}

/* The place of a build script: in front, or behind the options that may stand before one; 0: there is none. */
static int find_script(int argc, char **argv)
{
    int i = 1;

    for (; i < argc; i++) {
        const char *value;
        int option = find(argv[i], &value);

        if (option == OPTION_INTO && !value)
            i++;
        else if (option != OPTION_EXPLAIN && option != OPTION_IN_PROCESS_ONLY && option != OPTION_REGISTER &&
                 option != OPTION_INTO)
            break;
    }
    return i < argc && argv[i][0] != '-' && ends_with(argv[i], ".py") ? i : 0;
}

int coil_options_parse(struct coil_options *options, struct coil_arena *arena, int argc, char **argv,
                       struct coil_error *error)
{
    struct parser parser = { .options = options, .arena = arena, .error = error };

    options->action = COIL_ACTION_GENERATE;
    options->script = find_script(argc, argv);
    if (options->script)
        options->action = COIL_ACTION_SCRIPT;
    /* What follows a build script is the script's. */
    for (int i = 1; i < (options->script ? options->script : argc); i++) {
        const char *value;
        int option = find(argv[i], &value);
        int r;

        if (option < 0 && argv[i][0] == '-')
            return coil_error_set(error, -EINVAL, "there is no option '%s': see coil-stubgen --help", argv[i]);
        if (option < 0 && is_made(&parser, argv[i])) {
            coil_list_add(&options->made, arena, argv[i]);
            options->action = COIL_ACTION_REGISTER;
            continue;
        }
        if (option < 0 && options->header)
            return coil_error_set(error, -EINVAL,
                                  "'%s' is one file too many: there is one header, and --source for C code", argv[i]);
        if (option < 0) {
            options->header = argv[i];
            continue;
        }
        if (known[option].value && !value) {
            if (i + 1 == argc)
                return coil_error_set(error, -EINVAL, "%s needs %s behind it", known[option].text, known[option].value);
            value = argv[++i];
        }
        r = apply(&parser, (enum option)option, value);
        if (r < 0)
            return r;
    }
    return check(&parser);
}
