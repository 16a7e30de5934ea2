/*
 * Structs, unions and enums: mentioning them, and declaring what is in them.
 *
 * A tag may be mentioned any number of times and be given its braces once,
 * before or after.  A struct without tag gets its name from the typedef around
 * it (parse.c), or none.
 */
#include <string.h>

#include "proto/descriptor.h"
#include "stubgen/parser.h"

static void check_new_field(struct coil_parser *parser, const struct coil_record *record, const char *name,
                            struct coil_position position)
{
    for (const struct coil_field *f = record->fields; f; f = f->next) {
        struct coil_type *type = coil_type_strip(f->type);

        if (*name && strcmp(f->name, name) == 0)
            coil_refuse_at(parser->diagnostics, position, "there are two fields called '%s': rename one of them", name);
        if (!*f->name && type->kind == COIL_KIND_RECORD)
            check_new_field(parser, type->record, name, position);
    }
}

/* The same for all members of an anonymous struct or union. */
static void check_new_members(struct coil_parser *parser, const struct coil_record *record,
                              const struct coil_record *anonymous)
{
    for (const struct coil_field *f = anonymous->fields; f; f = f->next) {
        struct coil_type *type = coil_type_strip(f->type);

        if (*f->name)
            check_new_field(parser, record, f->name, f->position);
        else if (type->kind == COIL_KIND_RECORD)
            check_new_members(parser, record, type->record);
    }
}

static void check_field_type(struct coil_parser *parser, struct coil_record *record, const struct coil_field *field)
{
    struct coil_type *type = coil_type_strip(field->type);

    if (type->kind == COIL_KIND_FUNCTION)
        coil_refuse_at(parser->diagnostics, field->position,
                       "a field cannot be a function: write (*%s)(...) for a pointer to one", field->name);
    if (type->kind == COIL_KIND_ARRAY && type->length_kind == COIL_LENGTH_OPEN && record->is_union)
        coil_refuse_at(parser->diagnostics, field->position, "an array of open length cannot be in a union");
    for (; type->kind == COIL_KIND_ARRAY; type = coil_type_strip(type->item))
        if (type->length_kind == COIL_LENGTH_COMPILED)
            record->is_partial = true;
    if (type->kind == COIL_KIND_RECORD && type->record == record)
        coil_refuse_at(parser->diagnostics, field->position, "a struct cannot contain itself: write a pointer to it");
    if (coil_type_is_incomplete(type))
        coil_refuse_at(parser->diagnostics, field->position,
                       "a field cannot have the type '%s', whose size is not known: declare it in full first",
                       coil_type_name(parser->arena, type));
    if (type->kind == COIL_KIND_RECORD && type->record->is_partial)
        record->is_partial = true;
}

/* bits = ":" expression */
static void parse_bits(struct coil_parser *parser, struct coil_field *field)
{
    const struct coil_token *first = parser->token;
    struct coil_type *type = coil_type_strip(field->type);
    struct coil_number bits = coil_parse_known(parser);

    if (!coil_type_is_integer(type) && type->kind != COIL_KIND_ENUM &&
        !(type->kind == COIL_KIND_PRIMITIVE &&
          (type->primitive == COIL_PRIM_BOOL || type->primitive == COIL_PRIM_CHAR)))
        coil_refuse_at(parser->diagnostics, first->position, "a bit-field must be an integer, not '%s'",
                       coil_type_name(parser->arena, type));
    if (coil_number_is_negative(bits) || bits.bits > 64)
        coil_refuse_at(parser->diagnostics, first->position,
                       "a bit-field cannot have %lld bits: it has from 1 to as many as its type", (long long)bits.bits);
    if (bits.bits == 0 && *field->name)
        coil_refuse_at(parser->diagnostics, first->position,
                       "a bit-field without width cannot have a name: remove the name");
    field->bits = (int)bits.bits;
}

/* field = declarator (":" expression)? */
static struct coil_field *parse_field(struct coil_parser *parser, struct coil_record *record, struct coil_type *base,
                                      const struct coil_token *first)
{
    struct coil_field *field = coil_arena_take(parser->arena, sizeof *field);
    struct coil_declarator declarator;

    parser->allows_compiled_length = true;
    declarator = coil_parse_declarator(parser, base);
    parser->allows_compiled_length = false;
    field->name = declarator.name ? declarator.name : "";
    field->type = declarator.type;
    field->position = declarator.position;
    field->bits = -1;
    if (coil_parse_accept(parser, ":"))
        parse_bits(parser, field);
    else if (!declarator.name)
        coil_parse_refuse(parser, "expected a field's name instead of %s", coil_parse_found(parser));
    field->annotation = coil_parse_annotation(parser, first);
    coil_type_set_subject(field->type, field->name, record);
    check_new_field(parser, record, field->name, field->position);
    check_field_type(parser, record, field);
    return field;
}

static struct coil_field *anonymous_field(struct coil_parser *parser, struct coil_type *type,
                                          struct coil_position position)
{
    struct coil_field *field = coil_arena_take(parser->arena, sizeof *field);

    field->name = "";
    field->type = type;
    field->bits = -1;
    field->position = position;
    return field;
}

/* member = specifiers (field ("," field)*)? ";" | "..." ";" | ";" */
static void parse_member(struct coil_parser *parser, struct coil_record *record, struct coil_field ***last)
{
    const struct coil_token *first = parser->token;
    struct coil_specifiers specifiers;
    struct coil_type *type;

    if (coil_parse_accept(parser, ";"))
        return;
    if (coil_parse_accept(parser, "...")) {
        coil_parse_expect(parser, ";", "after '...'");
        record->is_partial = true;
        return;
    }
    specifiers = coil_parse_specifiers(parser);
    if (specifiers.is_typedef || specifiers.is_static || specifiers.is_extern)
        coil_refuse_at(parser->diagnostics, first->position, "a field has no storage class: remove '%s'", first->text);
    type = coil_type_strip(specifiers.type);
    if (coil_token_is(parser->token, ";") && type->kind == COIL_KIND_RECORD && !type->record->tag &&
        type == specifiers.type) {
        check_new_members(parser, record, type->record);
        type->record->is_anonymous = true;
        record->is_partial |= type->record->is_partial;
        **last = anonymous_field(parser, type, first->position);
        *last = &(**last)->next;
    } else if (!(coil_token_is(parser->token, ";") &&
                 (type->kind == COIL_KIND_RECORD || type->kind == COIL_KIND_ENUM))) {
        do {
            struct coil_field *field = parse_field(parser, record, specifiers.type, first);

            **last = field;
            *last = &field->next;
        } while (coil_parse_accept(parser, ","));
    }
    coil_parse_expect(parser, ";", "after this field");
}

static bool has_bits(const struct coil_record *record)
{
    for (const struct coil_field *f = record->fields; f; f = f->next)
        if (f->bits >= 0)
            return true;
    return false;
}

/* A typedef may have been made before the struct behind it was declared: the struct knows. */
static void note_depth(struct coil_parser *parser, struct coil_record *record, const struct coil_field *field)
{
    struct coil_type *type = coil_type_strip(field->type);
    unsigned depth = field->type->depth;

    while (type->kind == COIL_KIND_ARRAY)
        type = coil_type_strip(type->item);
    if (depth < type->depth)
        depth = type->depth;
    if (record->type->depth <= depth)
        record->type->depth = depth + 1;
    if (depth > COIL_TYPE_DEPTH_MAX)
        coil_refuse_at(parser->diagnostics, field->position,
                       "this struct is nested too deeply: more than %d levels are not supported", COIL_TYPE_DEPTH_MAX);
}

/* members = member* "}" */
static void parse_members(struct coil_parser *parser, struct coil_record *record)
{
    const struct coil_token *first = parser->token - 1;
    const struct coil_record *outer = parser->outer;
    struct coil_field **last = &record->fields;

    coil_parse_enter(parser);
    parser->outer = record;
    while (!coil_parse_accept(parser, "}")) {
        if (parser->token->kind == COIL_TOKEN_END)
            coil_refuse_at(parser->diagnostics, first->position, "this '{' has no '}'");
        parse_member(parser, record, &last);
    }
    parser->outer = outer;
    coil_parse_leave(parser);
    record->is_complete = true;
    record->section = parser->section;
    record->pack = parser->pack;
    if (record->is_partial && has_bits(record))
        coil_refuse_at(parser->diagnostics, first->position,
                       "bit-fields and '...' in one struct are not possible: the compiler cannot be asked "
                       "where bit-fields are");
    for (const struct coil_field *f = record->fields; f; f = f->next)
        note_depth(parser, record, f);
    for (const struct coil_field *f = record->fields; f && f->next; f = f->next) {
        struct coil_type *type = coil_type_strip(f->type);

        if (type->kind == COIL_KIND_ARRAY && type->length_kind == COIL_LENGTH_OPEN)
            coil_refuse_at(parser->diagnostics, f->position, "an array of open length must be the last field");
    }
}

/* record = ("struct" | "union") (tag | tag? "{" members) */
struct coil_type *coil_parse_record(struct coil_parser *parser)
{
    const struct coil_token *first = parser->token++;
    bool is_union = coil_token_is(first, "union");
    struct coil_record *record = NULL;
    const char *tag = NULL;

    if (coil_token_is(parser->token, "__attribute__"))
        coil_parse_refuse(parser, "attributes have no place in declarations: use packed= or pack= of cdef()");
    if (parser->token->kind == COIL_TOKEN_WORD) {
        struct coil_type *known = coil_table_get(&parser->module->tags, parser->token->text);

        tag = parser->token->text;
        if (known && (known->kind != COIL_KIND_RECORD || known->record->is_union != is_union))
            coil_parse_refuse(parser,
                              "'%s' was declared before as another kind of type, '%s': use that, or another "
                              "tag",
                              tag, coil_type_name(parser->arena, known));
        record = known ? known->record : coil_module_add_record(parser->module, is_union, tag, parser->token->position);
        parser->token++;
    }
    if (!tag)
        record = coil_module_add_record(parser->module, is_union, NULL, first->position);
    if (!coil_token_is(parser->token, "{")) {
        if (!tag)
            coil_parse_refuse(parser, "expected a tag or '{' after '%s' instead of %s", first->text,
                              coil_parse_found(parser));
        return record->type;
    }
    if (record->is_complete || record->is_open)
        coil_parse_refuse(parser, "the fields of '%s' were declared before: remove one of the two",
                          coil_type_name(parser->arena, record->type));
    parser->token++;
    record->is_open = true;
    record->outer = parser->outer;
    parse_members(parser, record);
    return record->type;
}

/* enumerator = name ("=" ("..." | expression))? */
static struct coil_enumerator *parse_enumerator(struct coil_parser *parser, struct coil_enumeration *enumeration,
                                                struct coil_number *inout_next)
{
    struct coil_enumerator *enumerator = coil_arena_take(parser->arena, sizeof *enumerator);
    struct coil_name *name;

    if (parser->token->kind != COIL_TOKEN_WORD)
        coil_parse_refuse(parser, "expected an enumerator's name instead of %s", coil_parse_found(parser));
    enumerator->name = parser->token->text;
    enumerator->position = parser->token->position;
    parser->token++;
    if (coil_parse_accept(parser, "=")) {
        if (coil_parse_accept(parser, "...")) {
            inout_next->is_known = false;
            enumeration->is_partial = true;
        } else {
            *inout_next = coil_parse_expression(parser);
        }
    }
    name = coil_module_declare(parser->module, COIL_NAME_INTEGER, enumerator->name, NULL, enumerator->position);
    if (!name)
        coil_refuse_at(parser->diagnostics, enumerator->position, "'%s' is already declared", enumerator->name);
    name->enumeration = enumeration;
    name->number = *inout_next;
    inout_next->bits++;
    return enumerator;
}

/* enumerators = (enumerator | "...") ("," (enumerator | "..."))* ","? "}" */
static void parse_enumerators(struct coil_parser *parser, struct coil_enumeration *enumeration)
{
    struct coil_enumerator **last = &enumeration->enumerators;
    struct coil_number next = { .is_known = true };

    while (!coil_token_is(parser->token, "}")) {
        if (coil_parse_accept(parser, "...")) {
            enumeration->is_partial = true;
            next.is_known = false;
        } else {
            *last = parse_enumerator(parser, enumeration, &next);
            last = &(*last)->next;
        }
        if (!coil_parse_accept(parser, ","))
            break;
    }
    coil_parse_expect(parser, "}", "after the enumerators");
    if (!enumeration->enumerators && !enumeration->is_partial)
        coil_refuse_at(parser->diagnostics, enumeration->position, "an enum needs at least one enumerator");
    enumeration->is_complete = true;
    enumeration->section = parser->section;
}

/* enumeration = "enum" (tag | tag? "{" enumerators) */
struct coil_type *coil_parse_enumeration(struct coil_parser *parser)
{
    const struct coil_token *first = parser->token++;
    struct coil_enumeration *enumeration = NULL;
    const char *tag = NULL;

    if (parser->token->kind == COIL_TOKEN_WORD) {
        struct coil_type *known = coil_table_get(&parser->module->tags, parser->token->text);

        tag = parser->token->text;
        if (known && known->kind != COIL_KIND_ENUM)
            coil_parse_refuse(parser,
                              "'%s' was declared before as another kind of type, '%s': use that, or another "
                              "tag",
                              tag, coil_type_name(parser->arena, known));
        enumeration =
            known ? known->enumeration : coil_module_add_enumeration(parser->module, tag, parser->token->position);
        parser->token++;
    }
    if (!coil_token_is(parser->token, "{")) {
        if (!tag)
            coil_parse_refuse(parser, "expected a tag or '{' after 'enum' instead of %s", coil_parse_found(parser));
        return enumeration->type;
    }
    if (!tag)
        enumeration = coil_module_add_enumeration(parser->module, NULL, first->position);
    if (enumeration->is_complete)
        coil_parse_refuse(parser, "the enumerators of '%s' were declared before: remove one of the two",
                          coil_type_name(parser->arena, enumeration->type));
    parser->token++;
    enumeration->outer = parser->outer;
    parse_enumerators(parser, enumeration);
    return enumeration->type;
}
