/*
 * One client thread and the generations of workers that it meets, for spin(1).
 *
 * The thread makes calls and one-way calls; a handler may ask the program, whose C code may make calls and one-way
 * calls before it answers, so requests nest in both rings and rewind as I4 says (proto/ring.h).  Workers
 * are killed at any step.  A killed worker runs on for a while after its sockets have closed, until its pidfd is readable.
 *
 * What must hold, however it all interleaves:
 *   - no handler is entered twice, unless the function is idempotent, and handlers are entered in the order of the calls;
 *   - what a call returns is the answer to this very call, by the generation it was sent to;
 *   - a call fails only if its worker is dead and no answer to it was published; one that had not begun does not fail
 *     (but for those made inside a call whose worker is dead);
 *   - nobody waits for ever (spin reports every state in which nobody can go on).
 *
 * Each of these defines takes one rule away, and the model must find what comes of it (tests/model/run.py):
 *   DEAD_BY_EOF    a closed socket counts as death
 *   STARTED_LATE   `started` is stored after the handler has been entered
 *   ASKED_FORGOTTEN  a call that has asked counts as not begun once a later one has begun
 *   NO_LAST_LOOK   the rings are not looked at again after the death
 *   NEVER_LOOKS    a sleeping client does not ask the pidfd
 *   NO_REWIND      the worker does not go back to the request before it answers
 *   NO_WAKE        an answer does not wake its sleeper
 *   OPENED_INSIDE  a call made inside a call whose worker is dead goes to the next one, if another thread knows already
 *
 * Stores are in order here: what store buffers do to the wake protocol is wake.pml's affair.  Names as in the code:
 * client/remote/{call,channel,ask,open,unsent}.c, daemon/worker/{channel,call,oneway,ask}.c.
 */
#ifndef GENERATIONS
#define GENERATIONS 3 /* the last one is not killed */
#endif
#ifndef CALLS
#define CALLS 4 /* that are made in all */
#endif
#ifndef DEPTH
#define DEPTH 2 /* of calls within each other, at most */
#endif
#define PLACES 6 /* of records in a ring, which never runs full here */

#define NONE 0
#define CALL 1
#define ONEWAY 2
#define RETURN 3
#define ASK 4
#define ANSWER 5

/* ---- shared memory: fresh for each generation ---- */

#define AT(g, place) ((g) * PLACES + (place))
byte request_commit[GENERATIONS * PLACES]; /* sequence number of the record there */
byte request_kind[GENERATIONS * PLACES];
byte request_id[GENERATIONS * PLACES];
byte reply_commit[GENERATIONS * PLACES];
byte reply_kind[GENERATIONS * PLACES];
byte reply_id[GENERATIONS * PLACES];
byte started[GENERATIONS];         /* sequence number of the request whose handler was entered last */
byte client_sleeps[GENERATIONS];   /* the sleeping flags: for which record */
byte worker_sleeps[GENERATIONS];

/* ---- the kernel ---- */

bool attached[GENERATIONS];        /* the worker has its first session */
bool eof[GENERATIONS];             /* its sockets have closed */
bool dead[GENERATIONS];            /* its pidfd is readable */
bool client_waits, worker_waits[GENERATIONS]; /* queued on a commit word ... */
byte client_waits_at, worker_waits_at[GENERATIONS]; /* ... at this place */

#ifdef DEAD_BY_EOF
#define LOOKS_DEAD(g) eof[g]
#else
#define LOOKS_DEAD(g) dead[g]
#endif

/* ---- what is checked ---- */

byte entered;               /* the latest call whose handler has been entered */
bool once[CALLS + 1];       /* its handler has been entered */
bool idempotent[CALLS + 1]; /* it may be again */
bool finished;              /* the client has done all it wanted */

inline enter(id)
{
    atomic {
        assert(idempotent[id] || (!once[id] && id > entered));
        once[id] = true;
        if
        :: id > entered -> entered = id
        :: else
        fi
    }
}

/* ---- a worker ---- */

#define OUT AT(g, out)
#define IN AT(g, in)

/* Publishes a record in `replies` at `out` (I8: it is there, or it is not). */
inline worker_store(kind_, id_)
{
    reply_kind[OUT] = kind_; reply_id[OUT] = id_; reply_commit[OUT] = out_sequence;
    place = OUT;
    out_sequence++
}

/* And wakes the client if it sleeps for it. */
inline worker_wake()
{
    if
    :: client_sleeps[g] == out_sequence - 1 ->
        atomic {
            if
            :: client_waits && client_waits_at == place -> client_waits = false
            :: else
            fi;
            place = 0
        }
    :: else -> place = 0
    fi
}

/* Waits until the record at `in` has been committed. */
inline worker_await()
{
    do
    :: request_commit[IN] == in_sequence -> break
    :: else ->
        atomic {
            worker_sleeps[g] = in_sequence;
            if
            :: request_commit[IN] != in_sequence -> worker_waits[g] = true; worker_waits_at[g] = IN
            :: else
            fi
        }
end_idle:
        !worker_waits[g];
        d_step { worker_sleeps[g] = 0; worker_waits_at[g] = 0 }
    od
}

/* Notes that the handler of the request at hand is entered (S), and enters it. */
inline note()
{
#ifndef STARTED_LATE
    started[g] = in_sequence - 1
#else
    skip
#endif
}

inline handle()
{
    enter(id);
#ifdef STARTED_LATE
    started[g] = in_sequence - 1;
#endif
    id = 0
}

proctype worker(byte g)
{
    byte in = 0, in_sequence = 1, out = 0, out_sequence = 1;
    byte depth = 0;      /* of synchronous handlers that run */
    byte call_id[2]; /* theirs ... */
    byte call_at[2]; /* ... and where their requests lie */
    byte ask_at[2];
    bool asks[2];    /* it waits for an answer */
    bool may_ask[2]; /* a handler asks once at most */
    bool oneways[2]; /* one-way calls have been carried out since it asked */
    byte id = 0, place = 0;

end_unused:
    attached[g];
    {
        do
        :: depth == 0 || asks[depth - 1] ->
            worker_await();
            if
            :: atomic {
                request_kind[IN] == ONEWAY ->
                id = request_id[IN];
                in++; in_sequence++;
                note();
                if
                :: depth > 0 -> oneways[depth - 1] = true
                :: else
                fi }
                handle()
            :: atomic {
                request_kind[IN] == CALL ->
                assert(depth < DEPTH);
                id = request_id[IN];
                call_id[depth] = id; call_at[depth] = in; asks[depth] = false; may_ask[depth] = true;
                depth++;
                in++; in_sequence++;
                note() }
                handle()
            :: atomic {
                request_kind[IN] == ANSWER ->
                assert(depth > 0 && asks[depth - 1] && request_id[IN] == call_id[depth - 1]);
                in_sequence++; /* coil_consumer_answered: its place is used again */
                if
                :: !oneways[depth - 1] -> out = ask_at[depth - 1]
                :: else
                fi;
                asks[depth - 1] = false; ask_at[depth - 1] = 0; oneways[depth - 1] = false }
            fi
        :: atomic {
            /* lib.f() */
            depth > 0 && !asks[depth - 1] && may_ask[depth - 1] ->
            may_ask[depth - 1] = false; asks[depth - 1] = true; oneways[depth - 1] = false; ask_at[depth - 1] = out;
            worker_store(ASK, call_id[depth - 1]);
            out++ }
            worker_wake()
        :: atomic {
            /* the handler returns */
            depth > 0 && !asks[depth - 1] ->
            depth--;
#ifndef NO_REWIND
            in = call_at[depth];
#endif
            worker_store(RETURN, call_id[depth]); /* and `out` stays: coil_producer_answer */
            call_id[depth] = 0; call_at[depth] = 0; may_ask[depth] = false }
#ifdef NO_WAKE
            place = 0
#else
            worker_wake()
#endif
        od
    } unless {
        atomic {
            dead[g] ->
            in = 0; in_sequence = 0; out = 0; out_sequence = 0; depth = 0; id = 0; place = 0;
            call_id[0] = 0; call_at[0] = 0; ask_at[0] = 0; asks[0] = false; may_ask[0] = false; oneways[0] = false;
            call_id[1] = 0; call_at[1] = 0; ask_at[1] = 0; asks[1] = false; may_ask[1] = false; oneways[1] = false
        }
    }
}

/* ---- the client thread ---- */

#undef OUT
#undef IN
#define OUT AT(g, out)
#define IN AT(g, in)

inline client_store(kind_, id_)
{
    assert(out < PLACES);
    request_kind[OUT] = kind_; request_id[OUT] = id_; request_commit[OUT] = out_sequence;
    place = OUT;
    out_sequence++
}

inline client_wake()
{
    if
    :: worker_sleeps[g] == out_sequence - 1 ->
        atomic {
            if
            :: worker_waits[g] && worker_waits_at[g] == place -> worker_waits[g] = false
            :: else
            fi;
            place = 0
        }
    :: else -> place = 0
    fi
}

/* Waits for a record at `in`, or for the worker's death: `lost`. */
inline client_await()
{
    do
    :: reply_commit[IN] == in_sequence -> break
    :: else ->
        if
        :: LOOKS_DEAD(g) ->
            /* What was published before the end counts. */
            atomic {
#ifdef NO_LAST_LOOK
                lost = true
#else
                lost = reply_commit[IN] != in_sequence
#endif
            }
            break
        :: else
        fi;
        atomic {
            client_sleeps[g] = in_sequence;
            if
            :: reply_commit[IN] != in_sequence -> client_waits = true; client_waits_at = IN
            :: else
            fi
        }
        /* Or a slice of the sleep is over: it is looked again. */
#ifdef NEVER_LOOKS
        !client_waits;
#else
        !client_waits || LOOKS_DEAD(g);
#endif
        d_step { client_waits = false; client_waits_at = 0; client_sleeps[g] = 0 }
    od
}

/* Queues a one-way call and remembers where it lies. */
inline store_oneway(id_)
{
    client_store(ONEWAY, id_);
    pending_id[pending] = id_; pending_sequence[pending] = out_sequence - 1; pending++;
    out++
}

/* The channel is lost, seen from the outermost level: one-way calls that have not begun are kept, in order. */
inline save_unsent()
{
    d_step {
        i = 0;
        do
        :: i < pending ->
            if
            :: pending_sequence[i] > started[g] -> unsent[unsents] = pending_id[i]; unsents++
            :: else
            fi;
            pending_id[i] = 0; pending_sequence[i] = 0;
            i++
        :: else -> break
        od;
        pending = 0;
        i = 0
    }
}

/* Attaches to the next generation, and sends what was not begun. */
inline attach()
{
    d_step {
        i = 0;
        do /* nobody looks there again: fewer states to tell apart */
        :: i < PLACES ->
            request_commit[AT(g, i)] = 0; request_kind[AT(g, i)] = 0; request_id[AT(g, i)] = 0;
            reply_commit[AT(g, i)] = 0; reply_kind[AT(g, i)] = 0; reply_id[AT(g, i)] = 0;
            i++
        :: else -> break
        od;
        started[g] = 0; client_sleeps[g] = 0; worker_sleeps[g] = 0; worker_waits[g] = false; worker_waits_at[g] = 0;
        client_waits_at = 0; i = 0;
        g++;
        out = 0; out_sequence = 1; in = 0; in_sequence = 1; lost = false
    }
    attached[g] = true;
    i = 0;
    do
    :: atomic { i < unsents -> store_oneway(unsent[i]); unsent[i] = 0; i++ }
        client_wake()
    :: else -> break
    od;
    atomic { unsents = 0; i = 0 }
}

proctype client()
{
    byte g = 0;
    byte in = 0, in_sequence = 1, out = 0, out_sequence = 1;
    byte made = 0;                  /* calls so far: their numbers */
    byte depth = 0;                 /* of calls that wait for their return */
    byte call_id[2], call_sequence[2];
    byte call_at[2];            /* where their requests lie */
    bool asked[2];              /* COIL_LEVEL_ASKED */
    bool in_c = true;               /* the program's own code runs: at the outermost level, or to answer a question */
    byte ask_at[2];
    bool oneways[2];            /* one-way calls have been made since it was asked */
    byte pending = 0, pending_id[CALLS], pending_sequence[CALLS];
    byte unsents = 0, unsent[CALLS];
    byte i = 0, place = 0;
    bool lost = false, has_begun = false;

    attached[0] = true;
    do
    :: atomic {
        /* A call.  The first may be one that can run twice. */
        in_c && made < CALLS && depth < DEPTH && !lost ->
        made++;
        call_id[depth] = made;
        if
        :: made == 1 -> idempotent[made] = true
        :: true
        fi }
again:
        atomic {
            call_at[depth] = out; call_sequence[depth] = out_sequence; asked[depth] = false; in_c = false;
            client_store(CALL, call_id[depth]);
            depth++; out++
        }
        client_wake()
    :: atomic {
        in_c && made < CALLS && !lost ->
        made++;
        if
        :: depth > 0 -> oneways[depth - 1] = true
        :: else
        fi;
        store_oneway(made) }
        client_wake()
    :: atomic {
        /* Another thread has found out that the worker is dead: the call would open the module anew, and fails. */
        in_c && depth > 0 && made < CALLS && !lost && LOOKS_DEAD(g) ->
        made++;
#ifdef OPENED_INSIDE
        enter(made)
#endif
        }
    :: atomic {
        /* The C code that was asked for returns. */
        in_c && depth > 0 && !lost ->
        if
        :: !oneways[depth - 1] -> in = ask_at[depth - 1]
        :: else
        fi;
        ask_at[depth - 1] = 0; oneways[depth - 1] = false; in_c = false;
        client_store(ANSWER, call_id[depth - 1]) } /* and `out` stays */
        client_wake()
    :: !in_c && !lost ->
        client_await();
        if
        :: lost
        :: !lost && reply_kind[IN] == ASK ->
            assert(depth > 0 && reply_id[IN] == call_id[depth - 1]);
            atomic {
                ask_at[depth - 1] = in; asked[depth - 1] = true; oneways[depth - 1] = false; in_c = true;
                in++; in_sequence++
            }
        :: !lost && reply_kind[IN] == RETURN ->
            atomic {
                depth--;
                assert(reply_id[IN] == call_id[depth]); /* this generation's: others' memory is never looked at */
                assert(once[call_id[depth]]);
                in_sequence++;                          /* coil_consumer_answered */
                out = call_at[depth];
                call_id[depth] = 0; call_at[depth] = 0; call_sequence[depth] = 0; asked[depth] = false;
                in_c = true
            }
        fi
    :: lost && depth > 1 ->
        /* A call made inside a call: it fails, and whoever waits further out will learn it, too. */
        atomic {
            depth--; in_c = false;
            call_id[depth] = 0; call_at[depth] = 0; call_sequence[depth] = 0; asked[depth] = false
        }
    :: lost && depth == 1 ->
        atomic {
            depth = 0;
            in_c = true;
            has_begun = asked[0] || started[g] == call_sequence[0];
#ifdef ASKED_FORGOTTEN
            has_begun = started[g] == call_sequence[0];
#endif
            /* It fails only if it must. */
            assert(has_begun || !once[call_id[0]] || idempotent[call_id[0]]);
            assert(reply_commit[IN] != in_sequence || reply_kind[IN] != RETURN || reply_id[IN] != call_id[0])
        }
        save_unsent();
        attach();
        if
        :: !has_begun || idempotent[call_id[0]] -> goto again
        :: else
        fi
    :: lost && depth == 0 ->
        save_unsent();
        attach()
    :: in_c && depth == 0 && !lost && LOOKS_DEAD(g) && pending > 0 ->
        lost = true /* a one-way call's sleeper was not there, or coil_flush() looks */
    :: in_c && depth == 0 && made == CALLS && !lost && !LOOKS_DEAD(g) ->
        break
    :: in_c && depth == 0 && made == CALLS && !lost && LOOKS_DEAD(g) && pending == 0 ->
        break
    od;
    finished = true
}

/* ---- deaths ---- */

proctype killer()
{
    byte g = 0;

    do
    :: g < GENERATIONS - 1 ->
end:
        attached[g];
#ifdef DEAD_BY_EOF
        eof[g] = true;
#endif
        dead[g] = true;
        g++
    :: else -> break
    od
}

init
{
    byte g = 0;

    atomic {
        do
        :: g < GENERATIONS -> run worker(g); g++
        :: else -> break
        od;
        run client();
        run killer()
    }
}
