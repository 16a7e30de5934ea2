/*
 * The C compiler: one command makes the library.
 *
 * $CC, $CFLAGS and $LDFLAGS are honoured as by make; a C++ source goes to $CXX.  When
 * the compiler fails, its words are shown as they are; if they say that a declared
 * name is not in the C source, a sentence of ours says so in the user's terms.
 */
#include "stubgen/compile.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "proto/location.h"
#include "stubgen/process.h"

/* Adds the words of a text that a user wrote for the shell. */
static void add_words(struct coil_list *argv, struct coil_arena *arena, const char *text)
{
    while (text && *text) {
        size_t size;

        text += strspn(text, " \t\n");
        size = strcspn(text, " \t\n");
        if (size > 0)
            coil_list_add(argv, arena, coil_arena_copy(arena, text, size));
        text += size;
    }
}

static void add_all(struct coil_list *argv, struct coil_arena *arena, const struct coil_list *more)
{
    for (size_t i = 0; i < more->count; i++)
        coil_list_add(argv, arena, more->items[i]);
}

static bool is_cplusplus(const char *path)
{
    const char *end = strrchr(path, '.');

    return end &&
           (strcmp(end, ".cc") == 0 || strcmp(end, ".cpp") == 0 || strcmp(end, ".cxx") == 0 || strcmp(end, ".C") == 0);
}

static const char *compiler_for(const char *c_source)
{
    const char *variable = is_cplusplus(c_source) ? "CXX" : "CC";
    const char *compiler = getenv(variable);

    if (compiler && compiler[strspn(compiler, " \t")])
        return compiler;
    return is_cplusplus(c_source) ? "c++" : "cc";
}

/* Libraries in the system's own folders are found without a path in the program. */
static bool is_system_folder(const char *prefix)
{
    return strcmp(prefix, "/usr") == 0 || strcmp(prefix, "/") == 0 || strcmp(prefix, "") == 0;
}

static struct coil_list command_for(struct coil_arena *arena, const struct coil_options *options, const char *prefix,
                                    const char *c_source, const char *output)
{
    /* An object is enough for the descriptor, if it is code and no notes for a linker. */
    const char *const fixed[] = { options->output_library ? "-shared" : "-c", "-fPIC" };
    struct coil_list argv = { 0 };

    add_words(&argv, arena, compiler_for(c_source));
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
        coil_list_add(&argv, arena, (void *)(uintptr_t)fixed[i]);
    add_words(&argv, arena, options->is_debug ? "-g -O0" : "-O2");
    add_words(&argv, arena, getenv("CFLAGS"));
    add_all(&argv, arena, &options->cflags);
    if (!options->output_library)
        coil_list_add(&argv, arena, (void *)(uintptr_t) "-fno-lto");
    if (!is_system_folder(prefix))
        coil_list_add(&argv, arena, coil_arena_printf(arena, "-I%s/include", prefix));
    coil_list_add(&argv, arena, (void *)(uintptr_t) "-o");
    coil_list_add(&argv, arena, (void *)(uintptr_t)output);
    coil_list_add(&argv, arena, (void *)(uintptr_t)c_source);
    if (!options->output_library)
        return argv;
    add_all(&argv, arena, &options->extra_sources);
    add_all(&argv, arena, &options->extra_objects);
    add_all(&argv, arena, &options->ldflags);
    add_words(&argv, arena, getenv("LDFLAGS"));
    if (!is_system_folder(prefix)) {
        coil_list_add(&argv, arena, coil_arena_printf(arena, "-L%s/" COIL_LIBDIR, prefix));
        coil_list_add(&argv, arena, coil_arena_printf(arena, "-Wl,-rpath,%s/" COIL_LIBDIR, prefix));
    }
    coil_list_add(&argv, arena, (void *)(uintptr_t) "-lcoil");
    return argv;
}

static const char *command_text(struct coil_arena *arena, const struct coil_list *argv)
{
    struct coil_buffer text = COIL_BUFFER_INIT(arena);

    for (size_t i = 0; i < argv->count; i++)
        coil_buffer_printf(&text, "%s%s", i > 0 ? " " : "", (const char *)argv->items[i]);
    return text.text;
}

/* What stands between quotes at `text`: 'struct point' gives "point". */
static const char *quoted_name(struct coil_arena *arena, const char *text)
{
    const char *start = text + 1;
    const char *name;
    size_t size = strcspn(start, "'\n");

    name = coil_arena_copy(arena, start, size);
    for (const char *space = strchr(name, ' '); space; space = strchr(name, ' '))
        name = space + 1;
    return name;
}

/* "text" without its quotes. */
static const char *unquoted(struct coil_arena *arena, const char *text)
{
    return coil_arena_copy(arena, text + 1, strcspn(text + 1, "\""));
}

static const struct coil_type *find_tag(const struct coil_module_model *module, const char *name)
{
    return coil_table_get(&module->tags, name);
}

/* The sentence for a compiler's error line, or NULL if it is not about a declared name. */
static const char *explain_line(struct coil_module_model *module, const char *line)
{
    static const char *const signs[] = { "unknown type name", "incomplete type",      "undeclared", "undefined type",
                                         "was not declared",  "does not name a type", "isn't known" };
    struct coil_arena *arena = module->arena;
    bool is_about_missing = false;

    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        is_about_missing |= strstr(line, signs[i]) != NULL;
    for (const char *quote = strchr(line, '\''); quote; quote = strchr(quote + 1, '\'')) {
        const char *text = quoted_name(arena, quote);
        struct coil_name *name = coil_table_get(&module->names, text);
        const struct coil_type *tag = find_tag(module, text);

        if (strstr(line, "has no member named") && tag)
            return coil_arena_printf(arena, "'%s' has other fields in the C source than in its declaration",
                                     coil_type_name(arena, (struct coil_type *)(uintptr_t)tag));
        if (!is_about_missing)
            continue;
        if (name && name->kind == COIL_NAME_TYPEDEF)
            return coil_arena_printf(
                arena,
                "the declarations use the type '%s', which the C source does not define: define it "
                "there, or #include the header that does",
                text);
        if (name && (name->kind == COIL_NAME_INTEGER || name->kind == COIL_NAME_REAL))
            return coil_arena_printf(
                arena,
                "the declarations have the constant '%s', which the C source does not define: define "
                "it there, or #include the header that does",
                text);
        if (name &&
            ((name->kind == COIL_NAME_FUNCTION && name->linkage == COIL_LINKAGE_C) || name->kind == COIL_NAME_VARIABLE))
            return coil_arena_printf(
                arena,
                "the declarations have the %s '%s', which the C source does not declare: define it there, "
                "#include the header that does, or remove it",
                name->kind == COIL_NAME_VARIABLE ? "variable" : "function", text);
        if (tag)
            return coil_arena_printf(
                arena,
                "the declarations give the fields of '%s', which the C source does not define: define "
                "it there, or #include the header that does",
                coil_type_name(arena, (struct coil_type *)(uintptr_t)tag));
    }
    /* gcc quotes the sentence, clang does not. */
    if (strstr(line, "as its declaration says") || strstr(line, "() must "))
        return coil_arena_printf(arena, "%s",
                                 strstr(line, "failed: \"")
                                     ? unquoted(arena, strstr(line, "failed: \"") + 8)
                                     : "a constant has another value than it is declared or annotated with");
    if (strstr(line, "cannot find -lcoil"))
        return "libcoil was not found: is coil installed beside this coil-stubgen?";
    if (strstr(line, "coil/stub.h: No such file"))
        return "<coil/stub.h> was not found: is coil installed beside this coil-stubgen?";
    return NULL;
}

static const char *explain(struct coil_module_model *module, const char *output)
{
    while (*output) {
        size_t size = strcspn(output, "\n");
        const char *line = coil_arena_copy(module->arena, output, size);
        const char *sentence = strstr(line, "error") || strstr(line, "cannot find") ? explain_line(module, line) : NULL;

        if (sentence)
            return sentence;
        output += size + (output[size] == '\n');
    }
    return NULL;
}

int coil_compile(struct coil_module_model *module, const struct coil_options *options, const char *prefix,
                 const char *c_source, const char *output, const char **ret_output, const char **ret_command,
                 struct coil_error *error)
{
    struct coil_arena *arena = module->arena;
    struct coil_list argv = command_for(arena, options, prefix, c_source, output);
    const char *explanation;
    int r;

    *ret_output = "";
    *ret_command = command_text(arena, &argv);
    coil_list_add(&argv, arena, NULL);
    r = coil_process_run(arena, (const char *const *)argv.items, "", 0, ret_output, error);
    if (r == -ENOENT)
        return coil_error_set(error, r,
                              "there is no C compiler '%s': install one (Debian: apt install gcc), or name it in $%s",
                              (const char *)argv.items[0], is_cplusplus(c_source) ? "CXX" : "CC");
    if (r <= 0)
        return r;
    explanation = explain(module, *ret_output);
    if (explanation)
        return coil_error_set(error, -ENOEXEC, "%s", explanation);
    return coil_error_set(error, -ENOEXEC, "the C compiler failed on the source of module '%s'; what it said is above",
                          module->name);
}
