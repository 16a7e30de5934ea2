/*
 * What a call has been lent: loan.h says how it goes.
 *
 * While C runs, the program's memory is the truth, as everywhere: so for an ask all that the calls under way have been
 * lent is given back, and lent again afterwards, from their frames on; meanwhile, calls within them may have it.  A
 * pointer that is no good any more then is NULL for Python.
 *
 * What has pointers in it is cleared when the call ends: whoever has kept it finds nothing to follow.
 */
#include "daemon/worker/loan.h"

#include <sys/mman.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "proto/cleanup.h"

#define PAGE 4096u
#define LARGE ((uint64_t)64 << 10) /* from here on memory is given back to the system */
#define ROOTS_MAX 1024u            /* answers that are looked at again; the others stay what they were */
#define RECENT 8u                  /* a power of two */

struct coil_loan_piece {
    uint64_t address, size;
    bool is_taken;     /* its bytes are this call's alone */
    bool comes_back;   /* Python may have changed it */
    bool has_pointers;
};

/* Where pointers to lent memory were found. */
struct coil_loan_root {
    const struct coil_descriptor *image;
    struct coil_reach_frame frame;
    struct coil_descriptor_value *value; /* of the frame's only one, if it was made up; owned */
    void *memory;                        /* of frames that were answers; owned */
};

static struct coil_session *session_of(const struct coil_loan *loan)
{
    return loan->channel->session;
}

static unsigned char *memory_at(uint64_t address)
{
    return (unsigned char *)(uintptr_t)address;
}

/* In staging, or, with `programs`, in the half in which the program puts what it passes? */
static bool is_staged(const struct coil_session *session, uint64_t address, uint64_t size, bool programs)
{
    uint64_t offset = address - (session->base + COIL_STAGING_OFFSET);
    uint64_t room = programs ? COIL_STAGING_CLIENT_SIZE : COIL_STAGING_SIZE;

    return offset < room && size <= room - offset;
}

static bool comes_back(const struct coil_descriptor_value *value)
{
    return value->crossing == COIL_CROSS_STRING_INOUT || value->crossing == COIL_CROSS_BLOCK_INOUT ||
           value->crossing == COIL_CROSS_BLOCK_OUT;
}

void coil_loan_begin(struct coil_loan *loan, struct coil_channel *channel)
{
    if (!channel->session->mirror)
        return;
    loan->channel = channel;
    loan->outer = channel->loan;
    channel->loan = loan;
}

/* ---- pieces ---- */

/* Room for one more entry of `*array`.  False: no memory. */
static bool grow(void *array, size_t count, size_t *room, size_t size)
{
    void **at = array;
    void *grown;

    if (count < *room)
        return true;
    grown = reallocarray(*at, *room ? *room * 2 : 16, size);
    if (!grown)
        return false;
    *at = grown;
    *room = *room ? *room * 2 : 16;
    return true;
}

static int add_piece(struct coil_loan *loan, const struct coil_loan_piece *piece)
{
    if (!grow(&loan->pieces, loan->piece_count, &loan->piece_room, sizeof *loan->pieces)) {
        loan->has_failed = true;
        return -ENOMEM;
    }
    loan->pieces[loan->piece_count++] = *piece;
    return 0;
}

/* One block that is being taken. */
struct taking {
    struct coil_loan *loan;
    struct coil_loan_piece piece;
    uint64_t taken;
};

static int note_taken(void *context, uint64_t address, uint64_t size)
{
    struct taking *taking = context;
    struct coil_loan_piece piece = taking->piece;

    piece.address = address;
    piece.size = size;
    piece.is_taken = true;
    taking->taken += size;
    return add_piece(taking->loan, &piece);
}

/* Copies in what no call has; the rest is as it is here. */
static bool take_staged(struct coil_loan *loan, uint64_t address, uint64_t size, bool back, bool has_pointers)
{
    struct taking taking = { loan, { address, size, false, back, has_pointers }, 0 };

    if (!is_staged(session_of(loan), address, size, true) || (loan->is_passing && has_pointers) ||
        coil_mirror_take(loan->channel, address, size, note_taken, &taking) < 0)
        return false;
    return !back || taking.taken == size || add_piece(loan, &taking.piece) == 0;
}

/* A block of Python's, and where in it something is about to be taken. */
struct claim {
    const struct coil_heap_block *block;
    uint64_t offset;
};

static int look_at_word(void *context, const struct coil_place *place)
{
    const struct claim *claim = context;
    uint64_t offset = claim->offset + coil_place_offset(place);

    return offset % sizeof(uint64_t) != 0 || coil_mirror_is_programs(claim->block, offset);
}

/* Where the declaration says that pointers are, has Python put some?  What the program can change is no pointer. */
static bool has_such_pointers(const struct coil_descriptor *image, const struct coil_descriptor_value *value,
                              const struct coil_heap_block *block, uint64_t address, uint64_t size)
{
    struct claim claim = { block, address - block->begin };

    return !value->shape || !coil_places_visit_elements(image, value->shape, size, look_at_word, &claim);
}

static bool take_block(struct coil_loan *loan, const struct coil_descriptor *image,
                       const struct coil_descriptor_value *value, uint64_t address, uint64_t size)
{
    const struct coil_loan_piece piece = { .address = address, .size = size, .comes_back = true };
    bool back = comes_back(value);
    struct coil_heap_block block;

    return coil_blocks_find(address, &block) && has_such_pointers(image, value, &block, address, size) &&
           coil_mirror_read(session_of(loan), &block, address, size) == 0 &&
           (!back || add_piece(loan, &piece) == 0);
}

const unsigned char *coil_loan_bytes(struct coil_session *session, uint64_t address)
{
    return is_staged(session, address, 1, false) ? coil_mirror_at(session, address) : memory_at(address);
}

/* Of what goes on to its end: the end must be among the bytes that were copied. */
static bool has_end(const struct coil_descriptor_value *value, uint64_t address, uint64_t size)
{
    uint64_t last;

    if (value->crossing == COIL_CROSS_STRING_IN || value->crossing == COIL_CROSS_STRING_INOUT)
        return memchr(memory_at(address), 0, size) != NULL;
    if (value->count != COIL_COUNT_TO_NULL)
        return true;
    memcpy(&last, memory_at(address + size - value->extent), sizeof last);
    return last == 0;
}

bool coil_loan_is_unsaid(const struct coil_loan *loan, const struct coil_descriptor_value *value, uint64_t place)
{
    if (value->crossing != COIL_CROSS_UNSAID)
        return false;
    if (!is_staged(session_of(loan), place, sizeof(uint64_t), true))
        return !coil_heap_room(place); /* there it is Python's */
    memset(memory_at(place), 0, sizeof(uint64_t));
    return false;
}

bool coil_loan_take(struct coil_loan *loan, const struct coil_descriptor *image,
                    const struct coil_descriptor_value *value, uint64_t address, uint64_t size)
{
    if (coil_heap_room(address) ? !take_block(loan, image, value, address, size)
                                : !take_staged(loan, address, size, comes_back(value), value->shape != 0))
        return false;
    return has_end(value, address, size);
}

/* Whoever has kept it finds zeros; what was large costs nobody anything. */
static void clear(const struct coil_loan_piece *piece)
{
    uint64_t begin = (piece->address + PAGE - 1) & ~(uint64_t)(PAGE - 1);
    uint64_t end = (piece->address + piece->size) & ~(uint64_t)(PAGE - 1);

    if (piece->has_pointers)
        memset(memory_at(piece->address), 0, piece->size);
    if (piece->size >= LARGE && begin < end)
        (void)madvise(memory_at(begin), end - begin, MADV_DONTNEED);
}

/* Lets go of all bytes.  `clears`: they mean nothing any more. */
static void release(struct coil_loan *loan, bool clears)
{
    for (size_t i = 0; i < loan->piece_count; i++) {
        const struct coil_loan_piece *piece = &loan->pieces[i];

        if (!piece->is_taken)
            continue;
        if (clears)
            clear(piece);
        coil_mirror_give_back(session_of(loan), piece->address, piece->size);
    }
    loan->piece_count = 0;
}

static void root_deinit(struct coil_loan_root *root)
{
    free(root->value);
    free(root->memory);
}

void coil_loan_end(struct coil_loan *loan)
{
    if (!loan->channel)
        return;
    release(loan, !loan->is_passing);
    for (size_t i = 0; i < loan->root_count; i++)
        root_deinit(&loan->roots[i]);
    free(loan->pieces);
    free(loan->roots);
    loan->channel->loan = loan->outer;
    loan->channel = NULL;
}

/* ---- to the program ---- */

/* Blocks that pointers lead to are given once in a row. */
struct giving {
    struct coil_session *session;
    uint64_t recent[RECENT];
    int result;
};

static void give(void *context, uint64_t address)
{
    struct giving *giving = context;
    struct coil_heap_block block;
    uint64_t *recent;

    if (giving->result < 0 || !coil_heap_room(address) || !coil_blocks_find(address, &block) ||
        (block.owner && block.owner != giving->session->number))
        return;
    recent = &giving->recent[block.begin / 64 % RECENT];
    if (*recent == block.serial)
        return;
    *recent = block.serial;
    giving->result = coil_mirror_give(giving->session, &block);
}

static void give_seen(void *context, const struct coil_descriptor_value *value, uint64_t place, uint64_t address)
{
    (void)value;
    (void)place;
    give(context, address);
}

static bool is_shared(void *context, uint64_t address, uint64_t size)
{
    const struct giving *giving = context;

    return size <= coil_shared_room(giving->session, address);
}

/* Pointers that lead nowhere are somebody else's business. */
static int ignore_stray(void *context, const struct coil_reach_stray *stray)
{
    (void)context;
    (void)stray;
    return 0;
}

/* What Python has put where a pointer leads that it hands to the program. */
static bool show(void *context, const struct coil_descriptor_value *value, uint64_t address, uint64_t size)
{
    const struct giving *giving = context;

    (void)value;
    if (is_staged(giving->session, address, size, false))
        memcpy(coil_mirror_at(giving->session, address), memory_at(address), size);
    return true;
}

static int give_from(struct giving *giving, const struct coil_descriptor *image, const struct coil_reach_frame *frame,
                     bool shows)
{
    const struct coil_reach reach = { .image = image,
                                      .is_shared = is_shared,
                                      .stray = ignore_stray,
                                      .seen = give_seen,
                                      .context = giving,
                                      .take = shows ? show : NULL };
    struct coil_error error;

    /* What cannot be followed is the host's to say: it has looked. */
    if (coil_reach_walk(&reach, frame, &error) == -ENOMEM)
        return -ENOMEM;
    return giving->result;
}

/* What the call has been lent, as Python has left it. */
static int pieces_back(const struct coil_loan *loan, struct giving *giving)
{
    for (size_t i = 0; i < loan->piece_count && giving->result == 0; i++) {
        const struct coil_loan_piece *piece = &loan->pieces[i];

        if (!piece->comes_back)
            continue;
        if (coil_heap_room(piece->address))
            give(giving, piece->address);
        else
            memcpy(coil_mirror_at(giving->session, piece->address), memory_at(piece->address), piece->size);
    }
    return giving->result;
}

static int explain(int r, struct coil_error *error)
{
    return r < 0 ? coil_error_set(error, -ENOMEM, "no memory for what the program is given: %s", strerror(-r)) : 0;
}

static struct coil_reach_frame frame_of(const struct coil_descriptor *image,
                                        const struct coil_descriptor_function *function, const void *call)
{
    return (struct coil_reach_frame){ .values = coil_image_values(image) + function->first_value,
                                      .count = function->parameter_count,
                                      .first_value = function->first_value,
                                      .arguments = call,
                                      .frame = call };
}

int coil_loan_return(struct coil_loan *loan, const struct coil_descriptor *image,
                     const struct coil_descriptor_function *function, const void *call, const void *result,
                     struct coil_error *error)
{
    const struct coil_reach_frame arguments = frame_of(image, function, call);
    const struct coil_reach_frame answer = { .values = &function->result,
                                             .count = function->result_size ? 1 : 0,
                                             .first_value = function->first_value,
                                             .arguments = call,
                                             .frame = result };
    struct giving giving = { 0 };
    int r;

    if (!loan->channel)
        return 0;
    giving.session = session_of(loan);
    r = give_from(&giving, image, &arguments, false);
    if (r == 0)
        r = give_from(&giving, image, &answer, false);
    if (r == 0)
        r = pieces_back(loan, &giving);
    return explain(r, error);
}

/* ---- from the program ---- */

/* A walk over what the program says. */
struct looking {
    struct coil_loan *loan;
    const struct coil_descriptor *image;
    bool has_unsaid; /* a pointer of which nothing is said, in the frame itself */
    struct coil_error *error;
    bool mends; /* what leads elsewhere becomes NULL */
};

static bool is_programs(void *context, uint64_t address, uint64_t size)
{
    const struct looking *looking = context;

    return size <= coil_shared_room_of(session_of(looking->loan), address);
}

static bool is_callable(void *context, const struct coil_descriptor_value *value, uint64_t address)
{
    const struct looking *looking = context;

    (void)value;
    return coil_function_is_slot(session_of(looking->loan), address);
}

static int judge_stray(void *context, const struct coil_reach_stray *stray)
{
    struct looking *looking = context;

    if (!looking->mends)
        return coil_error_set(looking->error, -EFAULT, "'%s' leads outside of the memory that the program has lent",
                              stray->path->text);
    if (is_staged(session_of(looking->loan), stray->place, sizeof(uint64_t), true))
        memset(memory_at(stray->place), 0, sizeof(uint64_t));
    return 0;
}

static const unsigned char *bytes(void *context, uint64_t address)
{
    return coil_loan_bytes(session_of(((const struct looking *)context)->loan), address);
}

static bool take(void *context, const struct coil_descriptor_value *value, uint64_t address, uint64_t size)
{
    const struct looking *looking = context;

    return coil_loan_take(looking->loan, looking->image, value, address, size);
}

static void see(void *context, const struct coil_descriptor_value *value, uint64_t place, uint64_t address)
{
    struct looking *looking = context;

    (void)address;
    looking->has_unsaid = coil_loan_is_unsaid(looking->loan, value, place) || looking->has_unsaid;
}

static int look(struct coil_loan *loan, const struct coil_descriptor *image, const struct coil_reach_frame *frame,
                bool mends, struct coil_error *error)
{
    struct looking looking = { .loan = loan, .image = image, .error = error, .mends = mends };
    const struct coil_reach reach = { .image = image,
                                      .is_shared = is_programs,
                                      .stray = judge_stray,
                                      .is_callable = is_callable,
                                      .seen = see,
                                      .context = &looking,
                                      .bytes = bytes,
                                      .take = take };
    int r;

    loan->has_failed = false;
    r = coil_reach_walk(&reach, frame, error);
    if (r == 0 && looking.has_unsaid && !mends)
        return coil_error_set(error, -EFAULT, "nothing is said of what a pointer in the program's answer leads to");
    return loan->has_failed ? coil_error_set(error, -ENOMEM, "no memory for the arguments") : r;
}

/* The program has run: everything is looked at again. */
static int refresh(struct coil_loan *loan, struct coil_error *error)
{
    int r = 0;

    for (size_t i = 0; i < loan->root_count && r == 0; i++)
        r = look(loan, loan->roots[i].image, &loan->roots[i].frame, true, error);
    /* Nobody has judged what lies there. */
    for (size_t i = 0; r < 0 && i < loan->piece_count; i++)
        clear(&loan->pieces[i]);
    return r;
}

int coil_loan_root(struct coil_loan *loan, const struct coil_descriptor *image, const struct coil_reach_frame *frame,
                   struct coil_error *error)
{
    if (!grow(&loan->roots, loan->root_count, &loan->root_room, sizeof *loan->roots))
        return coil_error_set(error, -ENOMEM, "no memory for the arguments");
    loan->roots[loan->root_count++] = (struct coil_loan_root){ .image = image, .frame = *frame };
    return 0;
}

/* ---- asks ---- */

/* What an ask is about. */
struct subject {
    const struct coil_descriptor *image;             /* NULL: it has no pointers that are followed */
    const struct coil_descriptor_function *function; /* NULL: it is about a variable */
    const struct coil_descriptor_value *variable;
    const unsigned char *arguments;
    const unsigned char *extra; /* of a variadic function: 16 bytes for each of `count` arguments */
    const unsigned char *types;
    uint32_t count;
};

/* COIL_ASK_VARIADIC in proto/ring.h. */
static void subject_variadic(struct subject *s, const struct coil_host_ask *ask)
{
    const unsigned char *payload = ask->payload;

    memcpy(&s->count, payload, sizeof s->count);
    s->types = payload + sizeof s->count;
    s->arguments = s->types + s->count * sizeof s->count;
    s->extra = s->arguments + ((s->function->call_size + 7u) & ~(size_t)7u);
}

static struct subject subject_of(const struct coil_host_ask *ask)
{
    struct coil_worker_module *module = ask->module ? coil_modules_find(coil_worker_host->module_hash(ask->module))
                                                    : NULL;
    struct subject s = { .image = module ? module->image : NULL };

    if (!s.image)
        return s;
    switch ((enum coil_ask)ask->kind) {
    case COIL_ASK_RUN:
    case COIL_ASK_VARIADIC:
    case COIL_ASK_POINTER:
        s.function = &coil_image_signatures(s.image)[ask->number];
        s.arguments = (const unsigned char *)ask->payload + (ask->kind == COIL_ASK_POINTER ? sizeof(uint64_t) : 0);
        if (ask->kind == COIL_ASK_VARIADIC)
            subject_variadic(&s, ask);
        break;
    case COIL_ASK_READ:
    case COIL_ASK_WRITE:
    case COIL_ASK_REFER:
        s.variable = &coil_image_variables(s.image)[ask->number];
        break;
    default:
        s.image = NULL;
    }
    return s;
}

/* What lies beyond the declared arguments are bare addresses. */
static void visit_extra(const struct subject *s, void (*visit)(void *context, uint64_t address), void *context)
{
    for (uint32_t i = 0; i < s->count; i++) {
        uint64_t address;
        uint32_t type;

        memcpy(&type, s->types + i * sizeof type, sizeof type);
        memcpy(&address, s->extra + i * (size_t)16, sizeof address);
        if (type == COIL_PRIM_COUNT && address)
            visit(context, address);
    }
}

/* All changes go to the program, and the bytes are free for whatever the program does now. */
static int suspend(struct coil_channel *channel, struct giving *giving)
{
    int r = 0;

    for (struct coil_loan *loan = channel->loan; loan; loan = loan->outer) {
        if (r == 0)
            r = pieces_back(loan, giving);
        release(loan, false);
    }
    return r;
}

int coil_loans_suspend(struct coil_channel *channel, struct coil_error *error)
{
    struct giving giving = { .session = channel->session };

    return explain(suspend(channel, &giving), error);
}

int coil_loans_resume(struct coil_channel *channel, struct coil_error *error)
{
    int r = 0;

    for (struct coil_loan *loan = channel->loan; loan && r == 0; loan = loan->outer)
        r = refresh(loan, error);
    return r;
}

int coil_loan_lend(struct coil_channel *channel, const struct coil_host_ask *ask, struct coil_error *error)
{
    struct giving giving = { .session = channel->session };
    const struct subject s = subject_of(ask);
    int r = suspend(channel, &giving);

    if (r == 0 && s.image && s.function) {
        const struct coil_reach_frame frame = frame_of(s.image, s.function, s.arguments);

        r = give_from(&giving, s.image, &frame, true);
        visit_extra(&s, give, &giving);
    } else if (r == 0 && s.image && ask->kind == COIL_ASK_WRITE) {
        const struct coil_reach_frame frame = { s.variable, 1, 0, ask->payload, ask->payload };

        r = give_from(&giving, s.image, &frame, true);
    }
    return explain(r < 0 ? r : giving.result, error);
}

/* A block of Python's that the program was given as an argument. */
static void read_block(void *context, uint64_t address)
{
    struct coil_session *session = ((const struct giving *)context)->session;
    struct coil_heap_block block;

    if (coil_heap_room(address) && coil_blocks_find(address, &block))
        (void)coil_mirror_read(session, &block, block.begin, block.size);
}

static void read_seen(void *context, const struct coil_descriptor_value *value, uint64_t place, uint64_t address)
{
    (void)value;
    (void)place;
    read_block(context, address);
}

static void read_arguments(struct coil_channel *channel, const struct subject *s)
{
    struct giving giving = { .session = channel->session };
    const struct coil_reach_frame frame = frame_of(s->image, s->function, s->arguments);
    const struct coil_reach reach = { .image = s->image,
                                      .is_shared = is_shared,
                                      .stray = ignore_stray,
                                      .seen = read_seen,
                                      .context = &giving };
    struct coil_error error;

    (void)coil_reach_walk(&reach, &frame, &error);
    visit_extra(s, read_block, &giving);
}

/*
 * Looks at an answer; what it leads to stays lent as long as the call runs.  `made_up`: what is there, if no row says
 * so; taken.
 */
static int look_at_answer(struct coil_loan *loan, const struct subject *s, const struct coil_host_ask *ask,
                          struct coil_descriptor_value *made_up, struct coil_error *error)
{
    COIL_CLEANUP(coil_memory_free) struct coil_descriptor_value *owned = made_up;
    COIL_CLEANUP(coil_memory_free) unsigned char *memory = NULL;
    size_t arguments_size = s->function ? s->function->call_size : 0;
    struct coil_reach_frame frame = { .values = made_up       ? made_up
                                                : s->function ? &s->function->result
                                                              : s->variable,
                                      .count = 1,
                                      .first_value = s->function ? s->function->first_value : 0 };
    int r;

    memory = malloc(arguments_size + ask->answer_size + 16u);
    if (!memory)
        return coil_error_set(error, -ENOMEM, "no memory for an answer");
    memcpy(memory, ask->answer, ask->answer_size);
    frame.frame = memory;
    frame.arguments = memory + ((ask->answer_size + 7u) & ~(size_t)7u);
    if (arguments_size)
        memcpy(memory + ((ask->answer_size + 7u) & ~(size_t)7u), s->arguments, arguments_size);
    r = look(loan, s->image, &frame, false, error);
    if (r < 0 || loan->is_passing || loan->root_count >= ROOTS_MAX)
        return r;
    r = coil_loan_root(loan, s->image, &frame, error);
    if (r == 0) {
        loan->roots[loan->root_count - 1].memory = coil_steal_memory(&memory);
        loan->roots[loan->root_count - 1].value = coil_steal_memory(&owned);
    }
    return r;
}

/* The address of a variable's copy: of the whole variable, with the pointers in it. */
static int look_at_reference(struct coil_loan *loan, const struct subject *s, const struct coil_host_ask *ask,
                             struct coil_error *error)
{
    struct coil_descriptor_value *value;

    if (s->variable->size == 0)
        return 0;
    if (s->variable->crossing != COIL_CROSS_VALUE || coil_image_is_pointer(s->image, s->variable))
        return coil_error_set(error, -EFAULT,
                              "'%s' is a pointer: a daemon of several users lets Python read it, but not refer to it",
                              coil_image_text(s->image, s->variable->name));
    value = malloc(sizeof *value);
    if (!value)
        return coil_error_set(error, -ENOMEM, "no memory for a variable");
    *value = *s->variable;
    value->crossing = COIL_CROSS_BLOCK_INOUT;
    value->offset = 0;
    value->extent = s->variable->size;
    value->size = sizeof(uint64_t);
    value->count = 0;
    value->length = 0;
    return look_at_answer(loan, s, ask, value, error);
}

/* What is bare bytes and addresses. */
static int look_at_plain(struct coil_loan *loan, const struct coil_host_ask *ask, struct coil_error *error)
{
    uint64_t answer[2] = { 0 };

    memcpy(answer, ask->answer, ask->answer_size < sizeof answer ? ask->answer_size : sizeof answer);
    switch ((enum coil_ask)ask->kind) {
    case COIL_ASK_ADDRESS:
    case COIL_ASK_FUNCTION:
        if (answer[0] && !coil_function_is_slot(session_of(loan), answer[0]))
            return coil_error_set(error, -EFAULT, "the program's answer is no function");
        return 0;
    case COIL_ASK_ENVIRON:
        if (answer[1] && !take_staged(loan, answer[0], answer[1], false, false))
            return coil_error_set(error, -EFAULT, "the program's answer makes no sense");
        return 0;
    default:
        return 0;
    }
}

bool coil_loan_is_touched(const struct coil_channel *channel, const struct coil_host_ask *ask)
{
    for (const struct coil_loan *loan = channel->loan; loan; loan = loan->outer)
        if (loan->root_count)
            return true;
    return ask->kind != COIL_ASK_POINTER || !subject_of(ask).function ||
           subject_of(ask).function->result.crossing != COIL_CROSS_VALUE ||
           subject_of(ask).function->parameter_count > 0;
}

int coil_loan_answered(struct coil_channel *channel, const struct coil_host_ask *ask, bool is_done,
                       struct coil_error *error)
{
    struct coil_loan *loan = channel->loan;
    const struct subject s = subject_of(ask);
    int r = coil_loans_resume(channel, error);

    if (r == 0 && s.image && s.function)
        read_arguments(channel, &s);
    if (r < 0 || !is_done)
        return r;
    if (!s.image)
        return look_at_plain(loan, ask, error);
    if (ask->kind == COIL_ASK_REFER)
        return look_at_reference(loan, &s, ask, error);
    return ask->kind == COIL_ASK_WRITE || ask->answer_size == 0 ? 0 : look_at_answer(loan, &s, ask, NULL, error);
}
