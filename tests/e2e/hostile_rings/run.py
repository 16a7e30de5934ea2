"""Clients that write nonsense into their rings, headers and staging: their channel ends, the log names them, and a
neighbour's calls in the same interpreter go on and are right."""
import os
import random
import struct
import time

import peer

ADD, SUM, LENGTH, SUM_BIG, MAKE_BIG, ASK, SAY, WATCH, NOTE = range(9)


def pointer_frame(address, *integers):
    return struct.pack("=Q", address) + b"".join(struct.pack("=i", i) for i in integers)


# ---- breaches: each ends its channel with a line in the log; (name, what it does, what the log says) ----


def record(channel, kind, payload=b"", **fields):
    channel.publish(kind, payload, **fields)


def unknown_kind(p, c):
    record(c, 200)


def reply_as_request(p, c):
    record(c, p.numbers.RECORD_RETURN, b"1234")


def answer_to_nothing(p, c):
    record(c, p.numbers.RECORD_ANSWER, b"1234")


def size_of_the_whole_ring(p, c):
    record(c, p.numbers.RECORD_CALL, b"", size=p.numbers.RING_SIZE)


def size_beyond_everything(p, c):
    record(c, p.numbers.RECORD_CALL, b"", size=0xffffffff)


def pad_of_no_size(p, c):
    # Pads that lead nowhere, until the cursor stands where no header fits.
    record(c, p.numbers.RECORD_PAD, b"", size=p.numbers.RING_SIZE - 24 + 1)


def function_that_is_not_there(p, c):
    record(c, p.numbers.RECORD_CALL, bytes(8), function=p.slot << 16 | 999)


def module_that_is_not_there(p, c):
    record(c, p.numbers.RECORD_CALL, bytes(8), function=0xffff << 16)


def frame_too_small(p, c):
    record(c, p.numbers.RECORD_CALL, bytes(4), function=p.slot << 16 | ADD)


def frame_too_large(p, c):
    record(c, p.numbers.RECORD_CALL, bytes(4000), function=p.slot << 16 | ADD)


def frame_that_lies_about_its_size(p, c):
    record(c, p.numbers.RECORD_CALL, bytes(8), size=16, function=p.slot << 16 | ADD)


def frame_from_elsewhere(p, c):
    record(c, p.numbers.RECORD_CALL, struct.pack("=Q", p.requests.base), flags=p.numbers.CALL_STAGED_FRAME,
           function=p.slot << 16 | SUM_BIG)


def frame_that_ends_elsewhere(p, c):
    record(c, p.numbers.RECORD_CALL, struct.pack("=Q", p.staging.base + p.staging.size - 100),
           flags=p.numbers.CALL_STAGED_FRAME, function=p.slot << 16 | SUM_BIG)


def frame_at_the_end_of_all_addresses(p, c):
    record(c, p.numbers.RECORD_CALL, struct.pack("=Q", (1 << 64) - 8), flags=p.numbers.CALL_STAGED_FRAME,
           function=p.slot << 16 | SUM_BIG)


def result_to_elsewhere(p, c):
    record(c, p.numbers.RECORD_CALL, struct.pack("=iQ", 7, 0x7fff00000000), flags=p.numbers.CALL_STAGED_RESULT,
           function=p.slot << 16 | MAKE_BIG)


def result_to_the_heap(p, c):
    record(c, p.numbers.RECORD_CALL, struct.pack("=iQ", 7, p.attached["heap"]), flags=p.numbers.CALL_STAGED_RESULT,
           function=p.slot << 16 | MAKE_BIG)


def text_at_an_unmapped_place(p, c):
    record(c, p.numbers.RECORD_CALL, pointer_frame(0x1000), function=p.slot << 16 | LENGTH)


def text_in_the_kernel(p, c):
    record(c, p.numbers.RECORD_CALL, pointer_frame(0xffffffff81000000), function=p.slot << 16 | LENGTH)


def array_that_ends_elsewhere(p, c):
    record(c, p.numbers.RECORD_CALL, pointer_frame(p.staging.base + p.staging.size - 16, 5, 0),
           function=p.slot << 16 | SUM)


def array_of_negative_length(p, c):
    record(c, p.numbers.RECORD_CALL, pointer_frame(p.staging.base, -1, 0), function=p.slot << 16 | SUM)


def array_larger_than_staging(p, c):
    record(c, p.numbers.RECORD_CALL, pointer_frame(p.staging.base, 0x7fffffff, 0), function=p.slot << 16 | SUM)


def oneway_of_a_function_that_answers(p, c):
    record(c, p.numbers.RECORD_CALL, bytes(8), flags=p.numbers.CALL_ONEWAY, function=p.slot << 16 | ADD)


def open_of_nothing(p, c):
    record(c, p.numbers.RECORD_OPEN, b"")


def open_of_an_unknown_module(p, c):
    record(c, p.numbers.RECORD_OPEN, bytes(range(16)))


def call_of_an_empty_slot(p, c):
    record(c, p.numbers.RECORD_CALL, bytes(8), flags=p.numbers.CALL_SLOT, function=p.slot << 16, slot=12345)


def answer_of_a_wrong_size(p, c):
    record(c, p.numbers.RECORD_CALL, struct.pack("=i", 3), function=p.slot << 16 | ASK)
    ask = c.receive()
    c.step_over(ask)
    record(c, p.numbers.RECORD_ANSWER, bytes(4000))


def answer_that_is_none(p, c):
    record(c, p.numbers.RECORD_CALL, struct.pack("=i", 3), function=p.slot << 16 | ASK)
    ask = c.receive()
    c.step_over(ask)
    record(c, p.numbers.RECORD_ANSWER, bytes(4), outcome=77)


BREACHES = [
    (unknown_kind, "unknown kind 200"),
    (reply_as_request, "unknown kind"),
    (answer_to_nothing, "unknown kind|answer"),
    (size_of_the_whole_ring, "does not fit its ring"),
    (size_beyond_everything, "does not fit its ring"),
    (pad_of_no_size, "does not fit its ring"),
    (function_that_is_not_there, "function that is not there"),
    (module_that_is_not_there, "function that is not there"),
    (frame_too_small, "frame of a wrong size"),
    (frame_too_large, "frame of a wrong size"),
    (frame_that_lies_about_its_size, "frame of a wrong size"),
    (frame_from_elsewhere, "frame lies outside"),
    (frame_that_ends_elsewhere, "frame lies outside"),
    (frame_at_the_end_of_all_addresses, "frame lies outside"),
    (result_to_elsewhere, "result outside"),
    (result_to_the_heap, "result outside"),
    (oneway_of_a_function_that_answers, "does not wait for add"),
    (open_of_nothing, "without naming it"),
    (open_of_an_unknown_module, "has not sent"),
    (answer_of_a_wrong_size, "wrong size"),
    (answer_that_is_none, "makes no sense"),
]

# A pointer that leads nowhere is an error of the call: it is refused and the channel stays.
POINTERS = [text_at_an_unmapped_place, text_in_the_kernel, array_that_ends_elsewhere, array_larger_than_staging,
            array_of_negative_length]


def log(case):
    with open(os.path.join(case.run_folder, "coild.log"), encoding="utf-8", errors="replace") as file:
        return file.read()


def breach(case, offer, numbers, attack, words):
    with peer.Peer(case, offer, numbers) as p:
        channel = p.channel(0)
        attack(p, channel)
        case.wait_for(channel.ended, "%s: the channel ends" % attack.__name__)
        session = p.session
        case.wait_for(lambda: "session %d," % session in log(case), "%s: the log names the session" % attack.__name__)
        lines = [line for line in log(case).splitlines() if "session %d," % session in line]
        case.matches("\n".join(lines), words, "the log after " + attack.__name__)
        case.matches("\n".join(lines), r"process %d\b" % os.getpid(), "the log after " + attack.__name__)
        # What broke is one channel: the session's others serve as before.
        other = p.channel(1)
        case.equal(other.call(ADD, struct.pack("=ii", 40, 2)).payload, struct.pack("=i", 42), "another channel's call")


def refused_pointer(case, offer, numbers, attack):
    with peer.Peer(case, offer, numbers) as p:
        channel = p.channel(0)
        attack(p, channel)
        answer = channel.answer()
        case.expect(answer is not None and answer.kind == numbers.RECORD_FAILED,
                    "%s was not refused: %r" % (attack.__name__, answer and vars(answer)))


# ---- what breaks no rule that anybody could check ----


def thread_that_ends_in_c(case, offer, numbers):
    """RESET in place of an ANSWER: the handler is left, the call is not answered, the channel serves the next thread."""
    with peer.Peer(case, offer, numbers) as p:
        channel = p.channel(0)
        record(channel, numbers.RECORD_CALL, struct.pack("=i", 3), function=p.slot << 16 | ASK)
        place = channel.place
        channel.step_over(channel.receive())
        record(channel, numbers.RECORD_RESET)
        channel.cursor = channel.place = place
        case.equal(channel.answer().kind, numbers.RECORD_RESET_DONE, "the answer to RESET")
        case.equal(channel.call(ADD, struct.pack("=ii", 40, 2)).payload, struct.pack("=i", 42), "a call of the next thread")


def replayed_commit_words(case, offer, numbers):
    """A call that is written again under the number it had runs once."""
    with peer.Peer(case, offer, numbers) as p:
        channel = p.channel(0)
        for _ in range(20):
            before = channel.sequence
            case.equal(channel.call(ADD, struct.pack("=ii", 1, 2)).payload, struct.pack("=i", 3), "a call")
            old = channel.out_ring + channel.cursor % numbers.RING_SIZE
            for replay in (before, before - 1, 0, channel.sequence + 1, before | 1 << 31):
                channel.out.write_word(old, replay)
                channel.out.wake(old)
            time.sleep(0.002)
            case.expect(not channel.ready(), "a replayed call was answered")
        case.equal(channel.call(ADD, struct.pack("=ii", 1, 2)).payload, struct.pack("=i", 3), "the call after them")


def garbage_everywhere(case, offer, numbers, generator, seconds):
    """Random bytes all over what the client can write, and what it can only read, while calls run."""
    with peer.Peer(case, offer, numbers) as p:
        channels = [p.channel(i) for i in range(4)]
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for channel in channels:
                if not channel.ended():
                    channel.publish(numbers.RECORD_CALL, struct.pack("=ii", 1, 2), function=p.slot << 16 | ADD)
            for _ in range(50):
                memory = generator.choice((p.requests, p.requests, p.replies))
                ring = numbers.REQUESTS_RING if memory is p.requests else numbers.REPLIES_RING
                at = generator.choice((generator.randrange(4 * numbers.CONTROL_SIZE),
                                       ring + generator.randrange(4 * numbers.RING_SIZE)))
                memory.write(at, generator.randbytes(generator.choice((1, 4, 8, 64))))
            channel = generator.choice(channels)
            channel.out.write_word(channel.out_ring + generator.randrange(512) * 64, channel.sequence)
            channel.out.wake(channel.out_ring + channel.cursor % numbers.RING_SIZE)


def consumer_that_lies(case, offer, numbers, generator):
    """How far the client has read, and whether it sleeps, is whatever it says."""
    with peer.Peer(case, offer, numbers) as p:
        channel = p.channel(0)
        for value in (0, 1, 63, (1 << 64) - 1, 1 << 63, numbers.RING_SIZE, generator.getrandbits(64)):
            struct.pack_into("@Q", channel.out.map, channel.control, value)
            channel.out.write_word(channel.control + 8, generator.getrandbits(32))
            answer = channel.call(ADD, struct.pack("=ii", 40, 2))
            case.equal(answer and answer.payload, struct.pack("=i", 42), "a call with consumed = %#x" % value)


def text_that_nobody_reads(case, offer, numbers, neighbour):
    """The ring of replies is full: the handler waits, without holding up anybody."""
    with peer.Peer(case, offer, numbers) as p:
        channel = p.channel(0)
        channel.publish(numbers.RECORD_CALL, struct.pack("=i", 200000), function=p.slot << 16 | SAY)
        time.sleep(0.2)
        neighbour()


# Sizes of texts whose records, with their headers, leave of the ring no more than one line.
FILL = [3584 - 24] * 9 + [256 - 24, 128 - 24, 64 - 24]


def nonsense_behind_text_that_nobody_reads(case, offer, numbers, neighbour):
    """One-way calls fill the ring of replies to its last line, then comes a record that has to be refused."""
    with peer.Peer(case, offer, numbers) as p:
        channel = p.channel(0)
        channel.hold()
        for size in FILL:
            record(channel, numbers.RECORD_CALL, struct.pack("=i", size), flags=numbers.CALL_ONEWAY,
                   function=p.slot << 16 | NOTE)
        record(channel, 200)
        channel.release()
        for _ in range(5):
            neighbour()


def nonsense_for_an_answer_behind_text_that_nobody_reads(case, offer, numbers, neighbour):
    """The same, and the record is the answer that a handler waits for."""
    with peer.Peer(case, offer, numbers) as p:
        channel = p.channel(0)
        record(channel, numbers.RECORD_CALL, struct.pack("=i", 3), function=p.slot << 16 | ASK)
        channel.step_over(channel.receive())
        channel.hold()
        for size in FILL[:-1]:
            record(channel, numbers.RECORD_CALL, struct.pack("=i", size), flags=numbers.CALL_ONEWAY,
                   function=p.slot << 16 | NOTE)
        record(channel, numbers.RECORD_ANSWER, bytes(4), outcome=77)
        channel.release()
        for _ in range(5):
            neighbour()
    neighbour()


def staging_rewritten_under_a_handler(case, offer, numbers, generator):
    """What a handler reads changes while it reads."""
    size = 100000
    with peer.Peer(case, offer, numbers) as p:
        channel = p.channel(0)
        p.staging.write(0, b"a" * (size - 1) + b"\0")
        channel.publish(numbers.RECORD_CALL, pointer_frame(p.staging.base, size, 300), function=p.slot << 16 | WATCH)
        end = time.monotonic() + 0.3
        while time.monotonic() < end:
            p.staging.write(generator.randrange(size - 100), generator.randbytes(100))
            p.staging.write(size - 1, b"x")
        answer = channel.answer()
        case.equal((answer and answer.payload, channel.text), (struct.pack("=i", size), b""),
                   "the handler whose memory changed")


def texts_without_an_end(case, offer, numbers):
    """A text that fills the end of staging."""
    with peer.Peer(case, offer, numbers) as p:
        channel = p.channel(0)
        p.staging.write(p.staging.size - 4096, b"x" * 4096)
        answer = channel.call(LENGTH, pointer_frame(p.staging.base + p.staging.size - 4096))
        case.expect(answer is not None and answer.kind == numbers.RECORD_FAILED, "a text without an end was not refused")


def asks_answered_with_calls(case, offer, numbers):
    """Each question of the worker is answered with a call that leads to the next question."""
    with peer.Peer(case, offer, numbers) as p:
        channel = p.channel(0)
        questions = 0
        for _ in range(3000):
            channel.publish(numbers.RECORD_CALL, struct.pack("=i", 3), function=p.slot << 16 | ASK)
            answer = channel.receive()
            if not answer or answer.kind != numbers.RECORD_ASK:
                break
            channel.step_over(answer)
            questions += 1
        case.expect(100 < questions < 1000, "%d questions within each other" % questions)


def attack_all(case, offer, numbers, other_program):
    generator = random.Random(11)
    for attack, words in BREACHES:
        breach(case, offer, numbers, attack, words)
    for attack in POINTERS:
        refused_pointer(case, offer, numbers, attack)
    thread_that_ends_in_c(case, offer, numbers)
    replayed_commit_words(case, offer, numbers)
    consumer_that_lies(case, offer, numbers, generator)
    text_that_nobody_reads(case, offer, numbers, other_program)
    nonsense_behind_text_that_nobody_reads(case, offer, numbers, other_program)
    nonsense_for_an_answer_behind_text_that_nobody_reads(case, offer, numbers, other_program)
    staging_rewritten_under_a_handler(case, offer, numbers, generator)
    texts_without_an_end(case, offer, numbers)
    asks_answered_with_calls(case, offer, numbers)
    garbage_everywhere(case, offer, numbers, generator, 0.5 * case.scale)


def run(case):
    numbers = peer.Numbers(case.work)
    offer = peer.sniff(case)
    neighbour = case.popen(stdin=-1)
    case.wait_for(case.workers, "a worker")
    worker = case.worker()

    def other_program():
        case.check(case.run(timeout=20), "called, 0 wrong\n")

    try:
        other_program()
        attack_all(case, offer, numbers, other_program)
        other_program()
        case.equal(case.worker(), worker, "the worker's process")
        neighbour.stdin.close()
        neighbour.stdin = None
        case.check(case.finish(neighbour), "called, 0 wrong\n")
    finally:
        neighbour.kill()
        neighbour.wait()
