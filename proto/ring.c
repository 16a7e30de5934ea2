/*
 * The ring's rare paths: setting up, growing, wrapping around, waking.
 *
 * The frequent ones are inline in ring.h, where the invariants stand.  Callers:
 * client/remote for its end of each channel, daemon/worker for the other.
 */
#include "proto/ring.h"

#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "proto/populate.h"

void coil_producer_init(struct coil_producer *producer, void *ring, const struct coil_control *peer)
{
    *producer = (struct coil_producer){ .ring = ring, .sequence = 1, .reach = COIL_RING_RESERVED, .peer = peer };
}

void coil_consumer_init(struct coil_consumer *consumer, const void *ring, struct coil_control *own)
{
    *consumer = (struct coil_consumer){ .ring = ring, .sequence = 1, .own = own };
}

bool coil_ring_wake(const _Atomic uint32_t *commit)
{
    /* Not FUTEX_PRIVATE: the sleeper is in another process.  Fails only for addresses that are not mapped. */
    return syscall(SYS_futex, commit, FUTEX_WAKE, INT_MAX, NULL, NULL, 0) > 0;
}

static void *claim_wrapped(struct coil_producer *p, uint32_t size)
{
    uint32_t bytes = coil_record_bytes(size);
    uint32_t left = COIL_RING_SIZE - (uint32_t)(p->cursor & (COIL_RING_SIZE - 1));
    struct coil_header pad = { .kind = COIL_RECORD_PAD, .size = left - (uint32_t)sizeof(struct coil_record) };

    if (!coil_producer_has_room(p, left + bytes))
        return NULL;
    p->claimed = left;
    (void)coil_producer_publish(p, &pad);
    return coil_producer_claim(p, size);
}

void *coil_producer_claim_further(struct coil_producer *p, uint32_t size)
{
    if (p->reach == COIL_RING_SIZE)
        return claim_wrapped(p, size);
    p->is_starved = coil_populate(p->ring, COIL_RING_SIZE) < 0; /* I10 */
    if (p->is_starved)
        return NULL;
    p->reach = COIL_RING_SIZE;
    return coil_producer_claim(p, size);
}
