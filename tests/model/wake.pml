/*
 * The wake protocol of the ring, for spin(1).
 *
 * A producer publishes N records without waiting for anything (one-way calls); a consumer takes them, and may
 * sleep on the commit word of the one it waits for.  The producer wakes whoever sleeps on the record it has just
 * published, if that is what the flag says (I7).  Stores are buffered as on a machine with store buffers
 * (total store order), and a fence empties the buffer, so that taking out either
 * fence W lets the model find the lost wake-up (-DNO_PRODUCER_FENCE,
 * -DNO_CONSUMER_FENCE; tests/model/run.py checks that it does).
 *
 * Names as in the code: coil_producer_commit (proto/ring.h), coil_consumer_sleep (proto/wait.c).
 * Timeouts are left out: the protocol must not need them.
 */
#define N 3

byte commit;      /* shared memory: how many records have been committed */
byte sleeping;    /* shared memory: the record that the consumer sleeps for; 0: it is awake */

/* One buffered store for each side; a side has no more than one under way here. */
bool commit_buffered;
byte commit_value;
bool sleeping_buffered;
byte sleeping_value;

bool waiting;     /* the kernel: the consumer is queued on a commit word */
byte waiting_for; /* that of this record */
byte taken;

/* The memory system carries out a buffered store at any moment. */
active proctype memory()
{
end:
    do
    :: atomic { commit_buffered -> commit = commit_value; commit_buffered = false }
    :: atomic { sleeping_buffered -> sleeping = sleeping_value; sleeping_buffered = false }
    od
}

active proctype producer()
{
    byte i = 0;
    byte seen;

    do
    :: i < N ->
        i++;
        atomic { !commit_buffered -> commit_value = i; commit_buffered = true }
#ifndef NO_PRODUCER_FENCE
        !commit_buffered;                /* W */
#endif
        seen = sleeping;
        if
        :: seen == i ->
            /* The system call is a fence in itself; FUTEX_WAKE wakes whoever is queued on this very word. */
            !commit_buffered;
            atomic {
                if
                :: waiting && waiting_for == i -> waiting = false
                :: else
                fi
            }
        :: else
        fi
    :: else -> break
    od
}

active proctype consumer()
{
    byte seen;

    do
    :: taken < N ->
        if
        :: commit > taken -> taken++     /* coil_consumer_ready */
        :: else ->
            atomic { !sleeping_buffered -> sleeping_value = taken + 1; sleeping_buffered = true }
#ifndef NO_CONSUMER_FENCE
            !sleeping_buffered;          /* W */
#endif
            seen = commit;
            if
            :: seen <= taken ->
                /* FUTEX_WAIT: the kernel compares and queues in one step. */
                atomic {
                    if
                    :: commit <= taken -> waiting_for = taken + 1; waiting = true
                    :: else
                    fi
                }
                !waiting
            :: else
            fi;
            atomic { !sleeping_buffered -> sleeping_value = 0; sleeping_buffered = true }
        fi
    :: else -> break
    od
}

/* No lost wake-up: the consumer gets everything in the end; spin reports any state in which nobody can go on. */
