/*
 * Bodies of control messages: whatever is accepted is exactly one message of the table, and means the same when it is
 * encoded and decoded again.
 */
#include "tests/fuzz/fuzz.h"

#include "proto/cleanup.h"
#include "proto/message.h"

static bool same_text(const char *a, const char *b)
{
    return (!a && !b) || (a && b && strcmp(a, b) == 0);
}

static bool same_bytes(struct coil_bytes a, struct coil_bytes b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

static bool same_list(const char *const *a, const char *const *b)
{
    if (!a || !b)
        return !a && !b;
    while (*a && *b && strcmp(*a, *b) == 0) {
        a++;
        b++;
    }
    return !*a && !*b;
}

static bool same_hash(const uint8_t *a, const uint8_t *b)
{
    return memcmp(a, b, 16) == 0;
}

static void check_same(const struct coil_message *a, const struct coil_message *b)
{
#define SAME_U(member) MUST(a->member == b->member);
#define SAME_S(member) MUST(same_text(a->member, b->member));
#define SAME_B(member) MUST(same_bytes(a->member, b->member));
#define SAME_H(member) MUST(same_hash(a->member, b->member));
#define SAME_L(member) MUST(same_list(a->member, b->member));
#define SAME(key, member, form) SAME_##form(member)
    MUST(a->type == b->type);
    COIL_MESSAGE_KEYS(SAME)
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    COIL_CLEANUP(coil_memory_free) void *body = input_copy(data, size);
    COIL_CLEANUP(coil_memory_free) void *memory = NULL;
    COIL_CLEANUP(coil_memory_free) void *again_memory = NULL;
    COIL_CLEANUP(coil_memory_free) void *wire = NULL;
    struct coil_message message, again;
    struct coil_error error = { 0 };
    size_t wire_size;

    if (coil_message_decode(body, size, &message, &memory, &error) < 0) {
        MUST(error.text[0] != '\0');
        return 0;
    }
    memset(body, 0xee, size); /* the message does not borrow from it */
    MUST(coil_message_encode(&message, &wire, &wire_size, &error) == 0);
    MUST(wire_size > 4);
    MUST(coil_message_decode((char *)wire + 4, wire_size - 4, &again, &again_memory, &error) == 0);
    check_same(&message, &again);
    return 0;
}
