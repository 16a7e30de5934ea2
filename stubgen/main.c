/*
 * coil-stubgen: from declarations to a stub library.
 *
 * The passes, in order: options.c (what is asked for), lexer.c and parse_*.c (texts
 * to a module), module.c (names and order), crossing.c (what can travel), emit_*.c (C),
 * compile.c (the library), elf.c (the descriptor out of it).  A build script goes another
 * way: Python runs it with coil's own `cffi`, which calls this program again with --core.
 *
 * Messages go to stderr; exit status 1 says that something could not be made, 2 that
 * the command line was wrong.  One thread.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/cleanup.h"
#include "proto/image.h"
#include "proto/location.h"
#include "proto/version.h"
#include "stubgen/compile.h"
#include "stubgen/crossing.h"
#include "stubgen/elf.h"
#include "stubgen/emit.h"
#include "stubgen/explain.h"
#include "stubgen/included.h"
#include "stubgen/init_code.h"
#include "stubgen/options.h"
#include "stubgen/output.h"
#include "stubgen/parser.h"
#include "stubgen/register.h"

#ifndef COIL_PYTHON_PROGRAM
#define COIL_PYTHON_PROGRAM "/usr/bin/python3"
#endif

/* One run. */
struct run {
    struct coil_arena *arena;
    struct coil_options options;
    struct coil_diagnostics diagnostics;
    struct coil_module_model *module;
    struct coil_error error;
    const char *prefix; /* where coil is installed */
};

/* A folder for files that nobody asked for; it goes with its files. */
struct scratch {
    struct coil_arena *arena;
    char *folder;
    const char *c_source;
    const char *library;
};

static void remove_scratch(struct scratch *scratch)
{
    if (!scratch->folder)
        return;
    if (scratch->c_source)
        (void)unlink(scratch->c_source);
    if (scratch->library)
        (void)unlink(scratch->library);
    (void)rmdir(scratch->folder);
}

static int make_scratch(struct run *run, struct scratch *scratch)
{
    const char *folder = getenv("TMPDIR");
    char *path = coil_arena_printf(run->arena, "%s/coil-stubgen-XXXXXX", folder && *folder ? folder : "/tmp");

    if (!mkdtemp(path))
        return coil_error_set(&run->error, -errno, "cannot make a folder for temporary files, %s: %s", path,
                              strerror(errno));
    scratch->folder = path;
    return 0;
}

/* The folder above bin/, which this program is in. */
static int find_prefix(struct run *run)
{
    char path[PATH_MAX];
    ssize_t size = readlink("/proc/self/exe", path, sizeof path - 1);

    if (size < 0)
        return coil_error_set(&run->error, -errno, "cannot find out where coil-stubgen is (/proc/self/exe): %s",
                              strerror(errno));
    path[size] = '\0';
    run->prefix = coil_file_folder(run->arena, coil_file_folder(run->arena, path));
    return 0;
}

/* ---- build scripts ---- */

/* What coil's `cffi` gives to --core besides what the script says. */
static const char *script_options(const struct run *run)
{
    const char *registering =
        run->options.is_registering ? coil_arena_printf(run->arena, "--register\n--into=%s", run->options.into) : "";

    return coil_arena_printf(run->arena, "%s\n%s\n%s", run->options.is_explaining ? "--explain" : "",
                             run->options.is_in_process_only ? "--in-process-only" : "", registering);
}

static int run_script(struct run *run, int argc, char **argv)
{
    const char *python = getenv("COIL_STUBGEN_PYTHON");
    const char *old = getenv("PYTHONPATH");
    struct coil_list command = { 0 };
    char program[PATH_MAX];
    ssize_t size = readlink("/proc/self/exe", program, sizeof program - 1);

    if (access(argv[run->options.script], R_OK) < 0)
        return coil_error_set(&run->error, -errno, "cannot read %s: %s", argv[run->options.script], strerror(errno));
    if (size < 0)
        return coil_error_set(&run->error, -errno, "cannot find out where coil-stubgen is (/proc/self/exe): %s",
                              strerror(errno));
    program[size] = '\0';
    /* Without it the script would find another `cffi`, and do something else. */
    if (access(coil_arena_printf(run->arena, "%s/share/coil/python/cffi/__init__.py", run->prefix), R_OK) < 0)
        return coil_error_set(&run->error, -errno,
                              "coil's own cffi is missing (%s/share/coil/python/cffi): install coil again",
                              run->prefix);
    if (!python || !*python)
        python = COIL_PYTHON_PROGRAM;
    coil_list_add(&command, run->arena, (void *)(uintptr_t)python);
    coil_list_add(&command, run->arena, (void *)(uintptr_t) "-B");
    for (int i = run->options.script; i < argc; i++)
        coil_list_add(&command, run->arena, argv[i]);
    coil_list_add(&command, run->arena, NULL);
    if (setenv("PYTHONPATH",
               coil_arena_printf(run->arena, "%s/share/coil/python%s%s", run->prefix, old && *old ? ":" : "",
                                 old ? old : ""),
               1) < 0 ||
        setenv("COIL_STUBGEN", program, 1) < 0 || setenv("COIL_STUBGEN_OPTIONS", script_options(run), 1) < 0)
        return coil_error_set(&run->error, -errno, "cannot set the environment of the build script: %s",
                              strerror(errno));
    (void)execvp(python, (char **)command.items);
    return coil_error_set(&run->error, -errno, "cannot run %s for the build script: %s", python, strerror(errno));
}

/* ---- reading ---- */

static int read_text(struct run *run, const char *path, const char **ret_text, size_t *ret_size)
{
    size_t size;
    char *text;
    int r = coil_file_read(run->arena, path, &text, &size, &run->error);

    if (r < 0)
        return r;
    if (!ret_size && strlen(text) != size)
        return coil_error_set(&run->error, -EINVAL, "there is a NUL byte in %s", path);
    if (strncmp(text, "\xef\xbb\xbf", 3) == 0) { /* a byte order mark, which some editors write */
        text += 3;
        size -= 3;
    }
    if (ret_size)
        *ret_size = size;
    *ret_text = text;
    return 0;
}

static int read_included(struct run *run, const char *path, const struct coil_descriptor **ret_image)
{
    char *image;
    size_t size;
    int r = coil_file_read(run->arena, path, &image, &size, &run->error);

    if (r == 0)
        r = coil_descriptor_check(image, size, &run->error);
    if (r < 0)
        return coil_error_prepend(&run->error, "cannot use the descriptor of an included module, %s", path);
    *ret_image = (const struct coil_descriptor *)(const void *)image;
    return 0;
}

static int read_section(struct run *run, enum coil_section_kind kind, const char *path, const char *label,
                        unsigned pack, struct coil_list *sections)
{
    struct coil_section *section = coil_arena_take(run->arena, sizeof *section);
    int r = read_text(run, path, &section->text, &section->size);

    section->kind = kind;
    section->label = label ? label : path;
    section->pack = pack;
    coil_list_add(sections, run->arena, section);
    return r;
}

static int read_sections(struct run *run, struct coil_list *sections)
{
    if (run->options.header)
        return read_section(run, COIL_SECTION_HEADER, run->options.header, NULL, 0, sections);
    for (size_t i = 0; i < run->options.inputs.count; i++) {
        const struct coil_input *input = run->options.inputs.items[i];
        int r = read_section(run, input->kind, input->path, input->label, input->pack, sections);

        if (r == 0 && input->included)
            r = read_included(run, input->included, &((struct coil_section *)sections->items[i])->included);
        if (r < 0)
            return r;
    }
    return 0;
}

/* The header front end's C source: the header, and the text of the extra files. */
static int read_pasted(struct run *run, const char **ret_source)
{
    struct coil_options *options = &run->options;
    struct coil_buffer source = COIL_BUFFER_INIT(run->arena);
    const char *slash = strrchr(options->header, '/');

    coil_list_add(&options->cflags, run->arena,
                  coil_arena_printf(run->arena, "-I%s", coil_file_folder(run->arena, options->header)));
    coil_buffer_printf(&source, "#include \"%s\"\n", slash ? slash + 1 : options->header);
    for (size_t i = 0; i < options->pasted.count; i++) {
        const char *path = options->pasted.items[i];
        const char *text;
        int r = read_text(run, path, &text, NULL);

        if (r < 0)
            return r;
        coil_list_add(&options->cflags, run->arena,
                      coil_arena_printf(run->arena, "-I%s", coil_file_folder(run->arena, path)));
        coil_buffer_printf(&source, "\n%s%s", text, *text && text[strlen(text) - 1] != '\n' ? "\n" : "");
    }
    *ret_source = source.text;
    return 0;
}

static int read_c_source(struct run *run, const char **ret_source)
{
    if (run->options.header)
        return read_pasted(run, ret_source);
    return run->options.c_source ? read_text(run, run->options.c_source, ret_source, NULL) : 0;
}

static int read_init_code(struct run *run, const char **ret_code)
{
    const char *text;
    int r;

    if (!run->options.init)
        return 0;
    r = read_text(run, run->options.init, &text, NULL);
    if (r < 0)
        return r;
    *ret_code = coil_init_code_dedent(run->arena, text);
    return coil_init_code_check(run->arena, run->options.module, *ret_code, &run->error);
}

/* ---- passes ---- */

/* Declarations to a module and its texts.  Refusals come back here from any depth. */
static int run_passes(struct run *run, const struct coil_list *sections, const char **ret_source,
                      const char **ret_header)
{
    if (setjmp(run->diagnostics.escape)) {
        (void)fputs(run->diagnostics.text, stderr);
        return -EBADMSG;
    }
    for (size_t i = 0; i < sections->count; i++)
        coil_parse(run->module, sections->items[i]);
    coil_module_finish(run->module);
    coil_included_apply(run->module);
    coil_crossing_decide(run->module);
    if (run->diagnostics.notes.size > 0)
        (void)fputs(run->diagnostics.notes.text, stderr);
    if (run->options.is_explaining)
        return fputs(coil_explain(run->module), stdout) < 0 ? -EIO : 0;
    *ret_source = coil_emit_source(run->module);
    *ret_header = run->options.output_header ? coil_emit_header(run->module) : NULL;
    return 0;
}

static int write_text(struct run *run, const char *path, const char *text)
{
    return coil_file_write(run->arena, path, text, strlen(text), 0666, &run->error);
}

/* The descriptor as the compiler has laid it out. */
static int write_descriptor(struct run *run, const char *library, size_t size)
{
    char *symbol = coil_arena_printf(run->arena, "coil_descriptor_%s", run->module->identifier);
    const char *data;
    size_t data_size;
    char *aligned;
    int r = coil_elf_symbol(library, size, symbol, &data, &data_size, &run->error);

    if (r < 0)
        return coil_error_prepend(&run->error, "cannot read the descriptor of '%s' out of what the compiler made",
                                  run->module->name);
    aligned = coil_arena_copy(run->arena, data, data_size);
    r = coil_descriptor_check(aligned, data_size, &run->error);
    if (r < 0)
        return coil_error_prepend(&run->error, "coil-stubgen made a descriptor of '%s' that coil does not accept",
                                  run->module->name);
    if (!run->options.output_descriptor)
        return 0;
    r = coil_file_write(run->arena, run->options.output_descriptor, aligned, data_size, 0666, &run->error);
    if (r < 0 || !run->options.is_registering)
        return r;
    return coil_register(run->arena, run->options.into, (const struct coil_descriptor *)(const void *)aligned,
                         data_size, &run->error);
}

/* ---- what was made before ---- */

/* A library or a descriptor; which of the two, its first bytes say. */
static int register_made(struct run *run, const char *path)
{
    const char *image, *data;
    char *aligned;
    size_t size;
    char *file;
    int r = coil_file_read(run->arena, path, &file, &size, &run->error);

    if (r < 0)
        return r;
    image = file;
    if (size >= 4 && memcmp(file, "\177ELF", 4) == 0) {
        r = coil_elf_symbol_like(file, size, "coil_descriptor_", &data, &size, &run->error);
        if (r < 0)
            return coil_error_prepend(&run->error, "%s is no stub library", path);
        image = data;
    }
    aligned = coil_arena_copy(run->arena, image, size);
    r = coil_descriptor_check(aligned, size, &run->error);
    if (r < 0)
        return coil_error_prepend(&run->error, "%s has no descriptor of this coil's", path);
    return coil_register(run->arena, run->options.into, (const struct coil_descriptor *)(const void *)aligned, size,
                         &run->error);
}

static int register_all(struct run *run)
{
    int r = 0;

    for (size_t i = 0; i < run->options.made.count && r == 0; i++)
        r = register_made(run, run->options.made.items[i]);
    return r;
}

static int compile(struct run *run, const char *source)
{
    COIL_CLEANUP(remove_scratch) struct scratch scratch = { .arena = run->arena };
    const char *c_source = run->options.output_c;
    const char *output = "";
    const char *command = "";
    char *library = NULL;
    size_t size = 0;
    int r = make_scratch(run, &scratch);

    if (r < 0)
        return r;
    if (!c_source) {
        c_source = scratch.c_source = coil_arena_printf(run->arena, "%s/%s.c", scratch.folder, run->module->name);
        r = write_text(run, c_source, source);
        if (r < 0)
            return r;
    }
    scratch.library = coil_arena_printf(run->arena, "%s/library.so", scratch.folder);
    r = coil_compile(run->module, &run->options, run->prefix, c_source, scratch.library, &output, &command,
                     &run->error);
    if (run->options.is_verbose)
        (void)fprintf(stderr, "%s\n", command);
    (void)fputs(output, stderr);
    if (r == 0)
        r = coil_file_read(run->arena, scratch.library, &library, &size, &run->error);
    if (r == 0)
        r = write_descriptor(run, library, size);
    if (r < 0 || !run->options.output_library)
        return r;
    return coil_file_write(run->arena, run->options.output_library, library, size, 0777, &run->error);
}

/* Where the header front end puts its files. */
static int choose_outputs(struct run *run)
{
    struct coil_options *options = &run->options;
    char *path = coil_arena_printf(run->arena, "%s/%s", options->directory ? options->directory : ".", options->module);

    for (char *dot = path + strlen(path) - strlen(options->module); (dot = strchr(dot, '.'));)
        *dot = '/';
    options->output_c = coil_arena_printf(run->arena, "%s.c", path);
    options->output_library = coil_arena_printf(run->arena, "%s.so", path);
    options->output_descriptor = coil_arena_printf(run->arena, "%s.coil", path);
    return coil_file_make_folders(run->arena, path, &run->error);
}

/* An output must not be one of the files that are read. */
static int check_overwriting(struct run *run)
{
    const struct coil_options *options = &run->options;
    char output[PATH_MAX];
    char input[PATH_MAX];

    if (!options->output_c || !realpath(options->output_c, output))
        return 0;
    for (size_t i = 0; i < options->pasted.count + options->extra_sources.count; i++) {
        const char *path = i < options->pasted.count ? options->pasted.items[i]
                                                     : options->extra_sources.items[i - options->pasted.count];

        if (realpath(path, input) && strcmp(input, output) == 0)
            return coil_error_set(&run->error, -EEXIST,
                                  "the generated C source would overwrite %s: give that file another name", path);
    }
    return 0;
}

static int generate(struct run *run)
{
    struct coil_list sections = { 0 };
    const char *init_code = "";
    const char *c_source = "";
    const char *source = NULL;
    const char *header = NULL;
    int r = read_sections(run, &sections);

    if (r == 0)
        r = read_c_source(run, &c_source);
    if (r == 0)
        r = read_init_code(run, &init_code);
    if (r < 0)
        return r;
    run->module = coil_module_new(run->arena, &run->diagnostics, run->options.module);
    run->module->init_code = init_code;
    run->module->c_source = c_source;
    run->module->is_in_process_only = run->options.is_in_process_only;
    r = run_passes(run, &sections, &source, &header);
    if (run->options.is_explaining)
        return r;
    if (r == 0 && run->options.header)
        r = choose_outputs(run);
    if (r == 0)
        r = check_overwriting(run);
    if (r == 0 && run->options.output_c)
        r = write_text(run, run->options.output_c, source);
    if (r == 0 && run->options.output_header)
        r = write_text(run, run->options.output_header, header);
    if (r == 0 && (run->options.output_library || run->options.output_descriptor))
        r = compile(run, source);
    return r;
}

/* Build scripts run the core in folders of their own, so it is made absolute. */
static int choose_registry(struct run *run)
{
    struct coil_options *options = &run->options;
    char folder[PATH_MAX];

    if (!options->into)
        options->into = coil_arena_printf(run->arena, "%s/%s", run->prefix, COIL_MODULES_FROM_PREFIX);
    if (*options->into == '/')
        return 0;
    if (!getcwd(folder, sizeof folder))
        return coil_error_set(&run->error, -errno, "cannot find the current folder for --into: %s", strerror(errno));
    options->into = coil_arena_printf(run->arena, "%s/%s", folder, options->into);
    return 0;
}

static void deinit_arena(struct coil_arena *arena)
{
    coil_arena_deinit(arena);
}

static int run_action(struct run *run, int argc, char **argv)
{
    int r = coil_options_parse(&run->options, run->arena, argc, argv, &run->error);

    if (r < 0)
        return r;
    if (run->options.action == COIL_ACTION_HELP)
        return fputs(coil_options_help, stdout) < 0 ? -EIO : 0;
    if (run->options.action == COIL_ACTION_VERSION)
        return puts("coil-stubgen " COIL_VERSION) < 0 ? -EIO : 0;
    r = find_prefix(run);
    if (r < 0)
        return r;
    r = choose_registry(run);
    if (r < 0)
        return r;
    return run->options.action == COIL_ACTION_SCRIPT     ? run_script(run, argc, argv)
           : run->options.action == COIL_ACTION_REGISTER ? register_all(run)
                                                         : generate(run);
}

int main(int argc, char **argv)
{
    COIL_CLEANUP(deinit_arena) struct coil_arena arena = { 0 };
    struct run *run = coil_arena_take(&arena, sizeof *run);
    int r;

    run->arena = &arena;
    run->diagnostics.arena = &arena;
    r = run_action(run, argc, argv);
    if (r == 0)
        return 0;
    if (run->error.code)
        (void)fprintf(stderr, "coil-stubgen: error: %s\n", run->error.text);
    return run->options.action == COIL_ACTION_GENERATE && !run->prefix ? 2 : 1;
}
