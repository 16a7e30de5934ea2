/*
 * The control plane's messages as msgpack.
 *
 * Purpose: one encoder and one decoder for every message, driven by the tables
 * in message.h, so that a new message is a new row there and nothing here.  This
 * is the only file that knows msgpack.
 *
 * A body is one map.  Its key "message" holds the message's wire name, every
 * other key is the C member's name.  msgpack-c believes the counts it reads: a
 * five-byte array header can make it allocate gigabytes.  So a walk of our own
 * (shape_check) goes over the bytes first and accepts only the few forms that
 * messages are made of, with every length compared to the bytes that remain and
 * every count to its limit; only then does msgpack-c see them.
 *
 * Called by wire.c.  Any thread; no state.  A decoded message lives in one block
 * that the caller frees.
 */
#include "proto/message.h"

#include <errno.h>
#include <msgpack.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "proto/cleanup.h"

#define NAME_KEY "message"
#define LENGTH_SIZE 4u  /* bytes of the length in front of a body */
#define BLOCK_ALIGN 16u /* of a received descriptor: its tables are read in place */

enum form { FORM_U, FORM_S, FORM_B, FORM_H, FORM_L };

static const struct key {
    const char *name;
    size_t offset; /* of the member in struct coil_message */
    enum form form;
} keys[COIL_KEY_COUNT] = {
#define KEY_ROW(key, member, form) { #member, offsetof(struct coil_message, member), FORM_##form },
    COIL_MESSAGE_KEYS(KEY_ROW)
#undef KEY_ROW
};

static const struct row {
    const char *name;
    unsigned fds;
    uint32_t keys; /* COIL_K() of each */
} rows[COIL_MESSAGE_COUNT] = {
#define MESSAGE_ROW(type, name, fds, keys) { name, fds, keys },
    COIL_MESSAGES(MESSAGE_ROW)
#undef MESSAGE_ROW
};

#define MESSAGE_FDS_CHECK(type, name, fds, keys)                                                                       \
    _Static_assert((fds) <= COIL_MESSAGE_FDS_MAX, "too many file descriptors in a message");
COIL_MESSAGES(MESSAGE_FDS_CHECK)
#undef MESSAGE_FDS_CHECK
_Static_assert(COIL_KEY_COUNT <= 32, "the keys of a message no longer fit in 32 bits");

static void sbuffer_deinit(msgpack_sbuffer *buffer)
{
    msgpack_sbuffer_destroy(buffer);
}

static void unpacked_deinit(msgpack_unpacked *unpacked)
{
    msgpack_unpacked_destroy(unpacked);
}

const char *coil_message_name(enum coil_message_type type)
{
    return (unsigned)type < COIL_MESSAGE_COUNT ? rows[type].name : "unknown";
}

unsigned coil_message_fds(enum coil_message_type type)
{
    return (unsigned)type < COIL_MESSAGE_COUNT ? rows[type].fds : 0;
}

/* ---- encoding ---- */

static int pack_text(msgpack_packer *packer, const char *text)
{
    size_t size = text ? strlen(text) : 0;

    return msgpack_pack_str(packer, size) || (size && msgpack_pack_str_body(packer, text, size));
}

static int pack_bytes(msgpack_packer *packer, const void *data, size_t size)
{
    return msgpack_pack_bin(packer, size) || (size && msgpack_pack_bin_body(packer, data, size));
}

static int pack_list(msgpack_packer *packer, const char *const *list)
{
    size_t count = 0;

    while (list && list[count])
        count++;
    if (msgpack_pack_array(packer, count))
        return -1;
    for (size_t i = 0; i < count; i++) {
        if (pack_text(packer, list[i]))
            return -1;
    }
    return 0;
}

static int pack_value(msgpack_packer *packer, const struct key *key, const struct coil_message *message)
{
    const void *member = (const char *)message + key->offset;
    const struct coil_bytes *bytes;

    switch (key->form) {
    case FORM_U:
        return msgpack_pack_uint64(packer, *(const uint64_t *)member);
    case FORM_S:
        return pack_text(packer, *(const char *const *)member);
    case FORM_B:
        bytes = member;
        return pack_bytes(packer, bytes->data, bytes->size);
    case FORM_H:
        return pack_bytes(packer, member, sizeof message->hash);
    case FORM_L:
        return pack_list(packer, *(const char *const *const *)member);
    }
    return -1;
}

/* What the message's variable parts take, so that a huge one is refused before it is copied. */
static size_t variable_size(const struct coil_message *message, const struct row *row, size_t *ret_strings)
{
    size_t size = 0;
    size_t strings = 0;

    for (unsigned i = 0; i < COIL_KEY_COUNT; i++) {
        const void *member = (const char *)message + keys[i].offset;

        if (!(row->keys & (1u << i)))
            continue;
        if (keys[i].form == FORM_S && *(const char *const *)member)
            size += strlen(*(const char *const *)member);
        else if (keys[i].form == FORM_B)
            size += ((const struct coil_bytes *)member)->size;
        else if (keys[i].form == FORM_L) {
            const char *const *list = *(const char *const *const *)member;

            for (; list && list[strings]; strings++)
                size += strlen(list[strings]);
        }
        if (size > COIL_MESSAGE_SIZE_MAX)
            break;
    }
    *ret_strings = strings;
    return size;
}

static int too_large(const struct row *row, struct coil_error *error)
{
    return coil_error_set(error, -EMSGSIZE, "the message \"%s\" is larger than %u bytes", row->name,
                          COIL_MESSAGE_SIZE_MAX);
}

int coil_message_encode(const struct coil_message *message, void **ret_data, size_t *ret_size, struct coil_error *error)
{
    static const char length_space[LENGTH_SIZE];
    COIL_CLEANUP(sbuffer_deinit) msgpack_sbuffer buffer;
    const struct row *row;
    msgpack_packer packer;
    size_t strings;
    size_t size;
    bool failed;

    msgpack_sbuffer_init(&buffer);
    if ((unsigned)message->type >= COIL_MESSAGE_COUNT)
        return coil_error_set(error, -EINVAL, "there is no message number %u", (unsigned)message->type);
    row = &rows[message->type];
    if (variable_size(message, row, &strings) > COIL_MESSAGE_SIZE_MAX)
        return too_large(row, error);
    if (strings > COIL_MESSAGE_STRINGS_MAX)
        return coil_error_set(error, -EMSGSIZE, "the message \"%s\" has more than %u strings in its list", row->name,
                              COIL_MESSAGE_STRINGS_MAX);

    failed = msgpack_sbuffer_write(&buffer, length_space, sizeof length_space) != 0;
    msgpack_packer_init(&packer, &buffer, msgpack_sbuffer_write);
    failed = failed || msgpack_pack_map(&packer, (size_t)__builtin_popcount(row->keys) + 1);
    failed = failed || pack_text(&packer, NAME_KEY) || pack_text(&packer, row->name);
    for (unsigned i = 0; i < COIL_KEY_COUNT && !failed; i++) {
        if (row->keys & (1u << i))
            failed = pack_text(&packer, keys[i].name) || pack_value(&packer, &keys[i], message);
    }
    if (failed)
        return coil_error_set(error, -ENOMEM, "no memory for the message \"%s\"", row->name);

    size = buffer.size - LENGTH_SIZE;
    if (size > COIL_MESSAGE_SIZE_MAX)
        return too_large(row, error);
    for (unsigned i = 0; i < LENGTH_SIZE; i++)
        buffer.data[i] = (char)(size >> (8 * i) & 0xff);
    *ret_size = buffer.size;
    *ret_data = msgpack_sbuffer_release(&buffer);
    return 0;
}

/* ---- the walk before msgpack-c ---- */

struct cursor {
    const uint8_t *next;
    const uint8_t *end;
};

/* The kinds of values that messages have; everything else is KIND_OTHER and is refused. */
enum kind { KIND_UNSIGNED, KIND_TEXT, KIND_BYTES, KIND_LIST, KIND_MAP, KIND_OTHER };

static bool take(struct cursor *cursor, size_t size, uint64_t *ret_value)
{
    uint64_t value = 0;

    if ((size_t)(cursor->end - cursor->next) < size)
        return false;
    for (size_t i = 0; i < size; i++)
        value = value << 8 | *cursor->next++;
    *ret_value = value;
    return true;
}

/* Reads a value's first byte and what belongs to it: a number's value, or how many bytes or entries follow. */
static bool take_head(struct cursor *cursor, enum kind *ret_kind, uint64_t *ret_value)
{
    uint64_t byte;

    if (!take(cursor, 1, &byte))
        return false;
    *ret_value = byte;
    *ret_kind = KIND_OTHER;
    if (byte <= 0x7f) {
        *ret_kind = KIND_UNSIGNED;
    } else if (byte <= 0x8f) {
        *ret_kind = KIND_MAP;
        *ret_value = byte & 0x0f;
    } else if (byte <= 0x9f) {
        *ret_kind = KIND_LIST;
        *ret_value = byte & 0x0f;
    } else if (byte <= 0xbf) {
        *ret_kind = KIND_TEXT;
        *ret_value = byte & 0x1f;
    } else if (byte >= 0xc4 && byte <= 0xc6) {
        *ret_kind = KIND_BYTES;
        return take(cursor, (size_t)1 << (byte - 0xc4), ret_value);
    } else if (byte >= 0xcc && byte <= 0xcf) {
        *ret_kind = KIND_UNSIGNED;
        return take(cursor, (size_t)1 << (byte - 0xcc), ret_value);
    } else if (byte >= 0xd9 && byte <= 0xdb) {
        *ret_kind = KIND_TEXT;
        return take(cursor, (size_t)1 << (byte - 0xd9), ret_value);
    } else if (byte == 0xdc || byte == 0xdd) {
        *ret_kind = KIND_LIST;
        return take(cursor, byte == 0xdc ? 2 : 4, ret_value);
    } else if (byte == 0xde || byte == 0xdf) {
        *ret_kind = KIND_MAP;
        return take(cursor, byte == 0xde ? 2 : 4, ret_value);
    }
    return true;
}

/* Goes over one text, byte string or number.  What it announces must be there. */
static bool skip_scalar(struct cursor *cursor, enum kind kind, uint64_t size)
{
    if (kind == KIND_UNSIGNED)
        return true;
    if ((kind != KIND_TEXT && kind != KIND_BYTES) || size > (uint64_t)(cursor->end - cursor->next))
        return false;
    cursor->next += size;
    return true;
}

static bool skip_value(struct cursor *cursor)
{
    enum kind kind;
    uint64_t count;

    if (!take_head(cursor, &kind, &count))
        return false;
    if (kind != KIND_LIST)
        return skip_scalar(cursor, kind, count);
    if (count > COIL_MESSAGE_STRINGS_MAX)
        return false;
    for (uint64_t i = 0; i < count; i++) {
        uint64_t size;

        if (!take_head(cursor, &kind, &size) || kind != KIND_TEXT || !skip_scalar(cursor, kind, size))
            return false;
    }
    return true;
}

/* True if the bytes are exactly one map of texts to numbers, texts, byte strings and lists of texts. */
static bool shape_check(const void *data, size_t size)
{
    struct cursor cursor = { data, (const uint8_t *)data + size };
    enum kind kind;
    uint64_t count;

    if (!take_head(&cursor, &kind, &count) || kind != KIND_MAP || count > COIL_KEY_COUNT + 1)
        return false;
    for (uint64_t i = 0; i < count; i++) {
        uint64_t length;

        if (!take_head(&cursor, &kind, &length) || kind != KIND_TEXT || !skip_scalar(&cursor, kind, length))
            return false;
        if (!skip_value(&cursor))
            return false;
    }
    return cursor.next == cursor.end;
}

/* ---- decoding ---- */

static bool text_is(const msgpack_object_str *text, const char *expected)
{
    return text->size == strlen(expected) && memcmp(text->ptr, expected, text->size) == 0;
}

static const struct row *find_row(const msgpack_object_map *map)
{
    const struct row *found = NULL;

    for (uint32_t i = 0; i < map->size; i++) {
        const msgpack_object_kv *entry = &map->ptr[i];

        if (!text_is(&entry->key.via.str, NAME_KEY))
            continue;
        if (found || entry->val.type != MSGPACK_OBJECT_STR)
            return NULL;
        for (unsigned type = 0; type < COIL_MESSAGE_COUNT; type++) {
            if (text_is(&entry->val.via.str, rows[type].name))
                found = &rows[type];
        }
        if (!found)
            return NULL;
    }
    return found;
}

/*
 * The block that a decoded message borrows from.  Lists of pointers grow from
 * its start, texts from its end part; every text's NUL is paid for by the text's
 * head in the encoded form, so the body's size bounds all of them.
 */
struct block {
    char *pointers;
    char *bytes;
    char *texts;
};

static const char *copy_text(struct block *block, const msgpack_object_str *text)
{
    char *copy = block->texts;

    if (text->size && memchr(text->ptr, 0, text->size))
        return NULL;
    if (text->size)
        memcpy(copy, text->ptr, text->size);
    copy[text->size] = '\0';
    block->texts += text->size + 1;
    return copy;
}

static const char *const *copy_list(struct block *block, const msgpack_object_array *list)
{
    const char **copy = (const char **)(void *)block->pointers;

    block->pointers += (list->size + 1) * sizeof *copy;
    for (uint32_t i = 0; i < list->size; i++) {
        copy[i] = copy_text(block, &list->ptr[i].via.str);
        if (!copy[i])
            return NULL;
    }
    copy[list->size] = NULL;
    return copy;
}

/* Stores a value in its member.  False if it has not the form of the key. */
static bool store_value(struct coil_message *message, const struct key *key, const msgpack_object *value,
                        struct block *block)
{
    void *member = (char *)message + key->offset;
    struct coil_bytes *bytes;

    switch (key->form) {
    case FORM_U:
        if (value->type != MSGPACK_OBJECT_POSITIVE_INTEGER)
            return false;
        *(uint64_t *)member = value->via.u64;
        return true;
    case FORM_S:
        if (value->type != MSGPACK_OBJECT_STR)
            return false;
        *(const char **)member = copy_text(block, &value->via.str);
        return *(const char **)member != NULL;
    case FORM_B:
        if (value->type != MSGPACK_OBJECT_BIN)
            return false;
        bytes = member;
        bytes->data = block->bytes;
        bytes->size = value->via.bin.size;
        if (bytes->size)
            memcpy(block->bytes, value->via.bin.ptr, bytes->size);
        block->bytes += (bytes->size + BLOCK_ALIGN - 1) & ~(size_t)(BLOCK_ALIGN - 1);
        return true;
    case FORM_H:
        if (value->type != MSGPACK_OBJECT_BIN || value->via.bin.size != sizeof message->hash)
            return false;
        memcpy(member, value->via.bin.ptr, sizeof message->hash);
        return true;
    case FORM_L:
        if (value->type != MSGPACK_OBJECT_ARRAY)
            return false;
        *(const char *const **)member = copy_list(block, &value->via.array);
        return *(const char *const **)member != NULL;
    }
    return false;
}

/* Lays out the block for the values of a map.  False: no memory. */
static bool block_new(const msgpack_object_map *map, size_t size, void **ret_memory, struct block *ret_block)
{
    size_t pointers = 0;
    size_t bytes = 0;
    char *memory;

    for (uint32_t i = 0; i < map->size; i++) {
        const msgpack_object *value = &map->ptr[i].val;

        if (value->type == MSGPACK_OBJECT_ARRAY)
            pointers += (value->via.array.size + 1) * sizeof(char *);
        else if (value->type == MSGPACK_OBJECT_BIN)
            bytes += value->via.bin.size + BLOCK_ALIGN;
    }
    pointers = (pointers + BLOCK_ALIGN - 1) & ~(size_t)(BLOCK_ALIGN - 1);
    bytes = (bytes + BLOCK_ALIGN - 1) & ~(size_t)(BLOCK_ALIGN - 1);
    memory = malloc(pointers + bytes + size);
    if (!memory)
        return false;
    *ret_memory = memory;
    *ret_block = (struct block){ memory, memory + pointers, memory + pointers + bytes };
    return true;
}

static int find_key(const msgpack_object_str *name)
{
    for (int i = 0; i < COIL_KEY_COUNT; i++) {
        if (text_is(name, keys[i].name))
            return i;
    }
    return -1;
}

static int decode_map(const msgpack_object_map *map, size_t size, struct coil_message *ret_message, void **ret_memory,
                      struct coil_error *error)
{
    COIL_CLEANUP(coil_memory_free) void *memory = NULL;
    struct coil_message message = { 0 };
    const struct row *row = find_row(map);
    uint32_t seen = 0;
    struct block block;

    if (!row)
        return coil_error_set(error, -EBADMSG, "a message came whose name is missing or unknown");
    if (!block_new(map, size, &memory, &block))
        return coil_error_set(error, -ENOMEM, "no memory for the message \"%s\"", row->name);
    message.type = (enum coil_message_type)(row - rows);
    for (uint32_t i = 0; i < map->size; i++) {
        const msgpack_object_kv *entry = &map->ptr[i];
        int key;

        if (text_is(&entry->key.via.str, NAME_KEY))
            continue;
        key = find_key(&entry->key.via.str);
        if (key < 0 || !(row->keys & (1u << key)))
            return coil_error_set(error, -EBADMSG, "the message \"%s\" has a key that it must not have", row->name);
        if (seen & (1u << key))
            return coil_error_set(error, -EBADMSG, "the message \"%s\" has the key \"%s\" twice", row->name,
                                  keys[key].name);
        seen |= 1u << key;
        if (!store_value(&message, &keys[key], &entry->val, &block))
            return coil_error_set(error, -EBADMSG, "the message \"%s\" has a wrong value for \"%s\"", row->name,
                                  keys[key].name);
    }
    if (seen != row->keys)
        return coil_error_set(error, -EBADMSG, "the message \"%s\" lacks the key \"%s\"", row->name,
                              keys[__builtin_ctz(row->keys & ~seen)].name);
    *ret_message = message;
    *ret_memory = coil_steal_memory(&memory);
    return 0;
}

int coil_message_decode(const void *data, size_t size, struct coil_message *ret_message, void **ret_memory,
                        struct coil_error *error)
{
    COIL_CLEANUP(unpacked_deinit) msgpack_unpacked unpacked;
    size_t offset = 0;

    msgpack_unpacked_init(&unpacked);
    if (size > COIL_MESSAGE_SIZE_MAX || !shape_check(data, size))
        return coil_error_set(error, -EBADMSG, "a message of %zu bytes came that is not one of coil's", size);
    switch (msgpack_unpack_next(&unpacked, data, size, &offset)) {
    case MSGPACK_UNPACK_SUCCESS:
        break;
    case MSGPACK_UNPACK_NOMEM_ERROR:
        return coil_error_set(error, -ENOMEM, "no memory to read a message of %zu bytes", size);
    default:
        return coil_error_set(error, -EBADMSG, "a message of %zu bytes came that is not msgpack", size);
    }
    if (unpacked.data.type != MSGPACK_OBJECT_MAP || offset != size)
        return coil_error_set(error, -EBADMSG, "a message came that is not one msgpack map");
    return decode_map(&unpacked.data.via.map, size, ret_message, ret_memory, error);
}
