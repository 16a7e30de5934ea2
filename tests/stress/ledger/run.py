"""Clients add numbered entries to a ledger while whatever can be killed is killed, at random: what coil has acknowledged
is there once, what it has not is there at most once, nothing is out of order, and nobody waits for ever.

    LEDGER_KILLS=10000 LEDGER_SEED=7 tests/run.py --suite stress -k ledger

Two environments, so two workers under one daemon; for each some clients with some threads.  Handlers append to a file by
one write() before they return.  What the clients have seen stands in records of their own (client.c).  A round is some
hundred kills; after each one everything is compared, and the daemon must hold no more than in the beginning.
"""
import collections
import glob
import os
import random
import signal
import subprocess
import time

import case as support

KILLS = 100  # times the scale
ROUND = 250  # kills
ENVIRONMENTS = 2
CLIENTS = 3  # in each
SLOTS = 3  # threads of each client that call
PAUSE_US = 3000  # at most, after some calls: the ledger shall not grow without end
WAIT_MAX_MS = 30000  # one call: workers that are killed as they start delay the next one by up to a second
QUIET_S = 10  # between two kills
OPEN_MAX = 6  # calls of one thread that may be under way at once
FDS_MAX = 20  # of a client, at its end

OK, EXCEPTION, NOT_ATTACHED, INIT, DIED, NO_DAEMON, REFUSED, NOT_STARTED = 0, 1, 2, 3, 4, 5, 6, 14
NAMES = {"c": "a call", "i": "an idempotent call", "o": "a one-way call", "t": "a call with a text",
         "b": "a call with bytes", "e": "a call that raises", "p": "a call that prints", "n": "a call that calls back",
         "x": "a call that kills its worker after it", "y": "a call that kills its worker before it",
         "f": "coil_flush()", "-": "nothing"}


class Client:
    """One process."""

    def __init__(self, test, place, number):
        self.test, self.place, self.number = test, place, number
        self.record = test.case.path("record-%d" % number)
        self.stderr = test.case.path("stderr-%d" % number)
        self.killed = False
        self.until = time.monotonic() + test.random.uniform(0.1, 6)
        with open(self.stderr, "wb") as stderr:
            self.process = test.case.popen(
                self.record, number, SLOTS, test.seed, PAUSE_US, program=test.program, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                stderr=stderr, env={"PYTHONLEDGER": test.ledgers[place % ENVIRONMENTS]})

    def ask_to_end(self):
        self.process.stdin.close()

    def kill(self):
        self.killed = True
        self.process.kill()

    def await_end(self):
        try:
            status = self.process.wait(60 * self.test.case.slow)
        except subprocess.TimeoutExpired:
            raise support.Failure("client %d (process %d) does not end\n%s" % (
                self.number, self.process.pid, support.stacks(support.descendants())))
        finally:
            self.process.stdin.close()
        if status != (-signal.SIGKILL if self.killed else 0):
            with open(self.stderr, errors="replace") as file:
                text = file.read()
            said = [text[text.index("LEDGER"):][:5000]] if "LEDGER" in text else [text[-3000:]]
            raise support.Failure("client %d ended with status %d: %s" % (self.number, status, "\n".join(said)))


class Killer:
    """Kills a place's workers; each has its hour, drawn when it is first seen."""

    def __init__(self, test, place):
        self.test, self.place = test, place
        self.worker = None

    def see(self, worker):
        random = self.test.random
        self.worker, self.size = worker, self.size_now()
        draw = random.random()
        if draw < 0.1:  # in its first moments
            self.at, self.signal = time.monotonic() + random.uniform(0, 0.005), signal.SIGKILL
        elif draw < 0.2:  # while it starts, attaches, runs the init code
            self.at, self.signal = time.monotonic() + random.uniform(0, 0.3), signal.SIGKILL
        else:  # when it serves calls
            self.at = None
            self.after = random.expovariate(1 / 0.02) if random.random() < 0.9 else random.uniform(0, 0.5)
            self.signal = random.choices([signal.SIGKILL, signal.SIGSTOP, signal.SIGSEGV, signal.SIGTERM],
                                         [80, 8, 8, 4])[0]

    def serves(self, worker):
        """Has it run the init code?  Signals that look like crashes are not for workers that start."""
        try:
            return any(os.readlink(path) == self.test.ledgers[self.place]
                       for path in glob.glob("/proc/%d/fd/*" % worker))
        except OSError:
            return False

    def size_now(self):
        try:
            return os.stat(self.test.ledgers[self.place]).st_size
        except OSError:
            return 0

    def look(self, worker):
        """The worker that there is now, or None.  True: it has been killed."""
        if worker is None:
            return False
        if worker != self.worker:
            self.see(worker)
        now = time.monotonic()
        if self.at is None:
            if self.size_now() == self.size:
                return False
            self.at = now + self.after
        if now < self.at:
            return False
        if self.signal != signal.SIGKILL and not self.serves(worker):
            self.signal = signal.SIGKILL
        if self.signal == signal.SIGSTOP:
            self.test.send(worker, signal.SIGSTOP)
            time.sleep(self.test.random.uniform(0, 0.03))
        self.test.send(worker, signal.SIGKILL if self.signal == signal.SIGSTOP else self.signal)
        self.at = now + 1  # one that does not obey is killed once more
        self.signal = signal.SIGKILL
        return True


class Test:
    def __init__(self, case):
        self.case = case
        self.seed = int(os.environ.get("LEDGER_SEED", 0)) or int.from_bytes(os.urandom(4), "big")
        self.random = random.Random(self.seed)
        self.ledgers = [case.path("ledger-%d" % place) for place in range(ENVIRONMENTS)]
        self.places = {}  # worker's process: its environment
        self.clients = {}  # by place
        self.commands = []  # coilctl
        self.gone = []  # clients of this round that have ended
        self.last_client = 0
        self.count = collections.Counter()
        self.longest = (0, "-")
        self.most_fds = 0
        self.mappings = 0
        self.baseline = None
        self.deaths = collections.Counter()

    # ---- processes ----

    def send(self, pid, number):
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass

    def children(self, pid):
        found = []
        for task in glob.glob("/proc/%d/task/*/children" % pid):
            try:
                with open(task) as file:
                    found += [int(word) for word in file.read().split()]
            except OSError:
                pass
        return found

    def daemon(self):
        """The youngest: one that has been killed may not be reaped yet."""
        found = [pid for pid in self.children(os.getpid()) if support.program_name(pid) == "coild"]
        return found[-1] if found else None

    def workers(self):
        """{environment: process}"""
        found = {}
        daemon = self.daemon()
        for pid in self.children(daemon) if daemon else []:
            if pid not in self.places:
                try:
                    with open("/proc/%d/environ" % pid, "rb") as file:
                        words = file.read().split(b"\0")
                except OSError:
                    continue
                path = [word[13:].decode() for word in words if word.startswith(b"PYTHONLEDGER=")]
                if not path or support.program_name(pid) != "coil-worker":
                    continue  # not yet what it will be
                self.places[pid] = self.ledgers.index(path[0])
            found[self.places[pid]] = pid
        return found

    def reap(self):
        """The daemons that have died are ours, and those of processes that have."""
        known = {process.pid for process in self.commands + [client.process for client in self.all_clients()]}
        self.commands = [process for process in self.commands if process.poll() is None]
        for pid in self.children(os.getpid()):
            if pid not in known:
                try:
                    os.waitpid(pid, os.WNOHANG)
                except ChildProcessError:
                    pass

    # ---- a round ----

    def all_clients(self):
        return list(self.clients.values()) + self.gone

    def start_client(self, place):
        self.last_client += 1
        self.clients[place] = Client(self, place, self.last_client)

    def turn_over(self):
        """Clients come and go, except for one in each environment."""
        for place, client in list(self.clients.items()):
            if place >= ENVIRONMENTS and time.monotonic() > client.until:
                if self.random.random() < 0.3:
                    client.kill()
                    self.count["clients killed"] += 1
                else:
                    client.ask_to_end()
                del self.clients[place]
                self.gone.append(client)
                self.start_client(place)
            elif client.process.poll() is not None:
                client.await_end()
                raise support.Failure("client %d has ended by itself" % client.number)

    def disturb(self):
        """Besides the workers."""
        draw = self.random.random()
        if draw < 0.02:
            daemon = self.daemon()
            if daemon:
                self.send(daemon, signal.SIGKILL)
                self.count["daemons killed"] += 1
        elif draw < 0.025:
            self.command("stop")
            self.count["stops"] += 1
        elif draw < 0.045:
            self.command("reload")
            self.count["reloads"] += 1

    def command(self, word):
        self.commands.append(self.case.popen(word, program=self.coilctl, stdout=subprocess.DEVNULL,
                                             stderr=subprocess.DEVNULL))

    def one_round(self, kills):
        for place in range(ENVIRONMENTS * CLIENTS):
            self.start_client(place)
        killers = [Killer(self, place) for place in range(ENVIRONMENTS)]
        done, last = 0, time.monotonic()
        looked = 0
        while done < kills:
            now = time.monotonic()
            workers = self.workers()
            for killer in killers:
                if killer.look(workers.get(killer.place)):
                    done, last = done + 1, now
                    self.disturb()
            if now - last > QUIET_S * self.case.slow:
                raise support.Failure("for %d s there was no worker that served a call\n%s" % (
                    QUIET_S * self.case.slow, support.stacks(support.descendants())))
            if now - looked > 0.05:
                looked = now
                self.turn_over()
                self.reap()
            time.sleep(0.001)
        self.count["kills"] += done
        for client in self.clients.values():
            client.ask_to_end()
        self.gone += self.clients.values()
        self.clients = {}
        for client in self.gone:
            client.await_end()
        self.compare()
        self.check_baseline()
        self.gone = []
        self.places = {}

    # ---- what has come of it ----

    def read_record(self, client):
        """{thread: [(number, kind, status)]}, with the status of one-way calls from their coil_flush()."""
        threads = collections.defaultdict(list)
        ended = False
        with open(client.record) as file:
            for line in file:
                words = line.split()
                if words[0] == "end":
                    ended = True
                    self.longest = max(self.longest, (float(words[1]), words[2]))
                    self.most_fds, self.mappings = max(self.most_fds, int(words[3])), max(self.mappings, int(words[4]))
                else:
                    threads[int(words[0])].append((int(words[1]), words[2], int(words[3])))
        self.case.equal(ended, not client.killed, "whether the record of client %d has its last line" % client.number)
        for thread, calls in threads.items():
            status = None
            for i in range(len(calls) - 1, -1, -1):
                number, kind, _ = calls[i]
                if kind == "f":
                    status = calls[i][2]
                elif kind == "o":
                    calls[i] = (number, kind, status)
        return threads

    def judge(self, kind, status, times):
        """None, or what is wrong with a call that ended with `status` and has as many entries."""
        if kind == "o":
            if status is None or status != OK:
                self.count["unacknowledged"] += 1
                return "is there %d times" % times if times > 1 else None
            self.count["acknowledged"] += 1
            return None if times == 1 else "has been flushed and is there %d times" % times
        if status == OK or (kind == "e" and status == EXCEPTION):
            if kind in "xye" and status == OK:
                return "returned"
            self.count["acknowledged"] += 1
            if kind == "i":
                self.count["repeated"] += times > 1
                return None if times else "was acknowledged and is lost"
            return None if times == 1 else "was acknowledged and is there %d times" % times
        self.count["unacknowledged"] += 1
        self.deaths[status] += 1
        if status == DIED:
            if kind == "y" and times:
                return "was to die before its entry, which is there"
            return None if times <= 1 or kind == "i" else "is there %d times" % times
        if status in (NOT_STARTED, NO_DAEMON) or (status == REFUSED and kind in "xy"):
            return None if not times or kind == "i" else "has status %d, but is there" % status
        return "has status %d" % status

    def compare(self):
        """The ledgers against the records."""
        entries = collections.defaultdict(list)  # by (client, thread), in order
        for path in self.ledgers:
            with open(path) as file:
                for line in file:
                    words = line.split()
                    if len(words) == 4:
                        client, thread, number = map(int, words[:3])
                        entries[client, thread].append(number)
            os.unlink(path)
        wrong = []
        for client in self.gone:
            record = self.read_record(client)
            for thread in set(record) | {thread for number, thread in entries if number == client.number}:
                wrong += self.compare_thread(client, thread, record[thread], entries.pop((client.number, thread), []))
            os.unlink(client.record)
        wrong += ["entries of client %d, thread %d, which there never was" % key for key in entries]
        if wrong:
            raise support.Failure("%d entries are wrong (seed %d):\n%s" % (len(wrong), self.seed, "\n".join(wrong[:40])))

    def compare_thread(self, client, thread, calls, numbers):
        wrong = []
        times = collections.Counter(numbers)
        kinds = {}

        def say(number, what):
            wrong.append("client %d, thread %d, number %d (%s): %s" % (
                client.number, thread, number, NAMES[kinds.get(number, "-")], what))

        for number, kind, status in calls:
            if kind == "f":
                self.deaths[status] += status != OK
                continue
            kinds[number] = kind
            what = self.judge(kind, status, times.pop(number, 0))
            if what:
                say(number, what)
        # Of a client that was killed, calls that were under way, nested in each other, are not written down.
        if times and (not client.killed or len(times) > OPEN_MAX):
            for number in times:
                say(number, "is in the ledger, but not in the record")
        for i, (earlier, later) in enumerate(zip(numbers, numbers[1:])):
            if later < earlier:
                said = ["%d %s %s" % call for call in calls
                        if later - 5 < call[0] < later + 5 or earlier - 10 < call[0] < earlier + 10]
                with open(client.stderr, errors="replace") as file:
                    words = file.read()[-3000:]
                say(later, "comes behind %d (%s); in the ledger: %s; in the record: %s; on stderr:\n%s" % (
                    earlier, NAMES[kinds.get(earlier, "-")], numbers[max(0, i - 20):i + 20], ", ".join(said), words))
        return wrong

    def quiet_daemon(self):
        """Without programs and workers: what it holds."""
        def is_quiet():
            for pid in self.workers().values():
                self.send(pid, signal.SIGKILL)
            self.reap()
            return not self.children(daemon)

        if not self.daemon():  # killed just now
            self.case.coilctl("status")
            self.use_once()
        daemon = self.case.wait_for(self.daemon, "a daemon")
        self.case.wait_for(is_quiet, "no worker is left")
        return daemon, {"fds": self.case.fds(daemon), "threads": len(os.listdir("/proc/%d/task" % daemon))}

    def use_once(self):
        client = Client(self, 0, 0)
        self.case.wait_for(lambda: os.path.exists(self.ledgers[0]), "the first entry")
        client.ask_to_end()
        client.await_end()
        os.unlink(client.record)
        os.unlink(self.ledgers[0])

    def check_baseline(self):
        end = time.monotonic() + 10 * self.case.slow
        while True:
            daemon, held = self.quiet_daemon()
            if all(held[name] <= self.baseline[name] for name in held):
                break
            if time.monotonic() > end:
                links = [os.readlink(path) for path in glob.glob("/proc/%d/fd/*" % daemon)]
                raise support.Failure("without programs the daemon holds %s, in the beginning it was %s: %s" % (
                    held, self.baseline, ", ".join(sorted(links))))
            time.sleep(0.05)
        self.case.expect(self.most_fds <= FDS_MAX, "a client ended with %d fds" % self.most_fds)
        self.case.expect(self.longest[0] <= WAIT_MAX_MS * self.case.slow, "%s took %d ms (seed %d)" % (
            NAMES[self.longest[1]], self.longest[0], self.seed))

    def figures(self):
        c = self.count
        return ("%d kills of workers, %d of daemons, %d of clients, %d reloads, %d stops; %d calls acknowledged, %d not "
                "(by status: %s), %d idempotent ones repeated; lost = 0, doubled = 0; longest wait %.0f ms (%s); a client "
                "had %d fds and %d mappings at most" % (
                    c["kills"], c["daemons killed"], c["clients killed"], c["reloads"], c["stops"], c["acknowledged"],
                    c["unacknowledged"], ", ".join("%d: %d" % item for item in sorted(self.deaths.items())),
                    c["repeated"], self.longest[0], NAMES[self.longest[1]], self.most_fds, self.mappings))


def run(case):
    case.crashes = True
    test = Test(case)
    test.program = case.path("client")
    if not os.path.exists(test.program):
        case.compile_with_coil("client.c", "client")
    test.coilctl = os.path.join(case.build, "bin", "coilctl")
    kills = int(os.environ.get("LEDGER_KILLS", 0)) or KILLS * case.scale
    case.note("seed %d" % test.seed)
    test.use_once()
    _, test.baseline = test.quiet_daemon()
    test.longest = (0, "-")
    began = time.monotonic()
    while test.count["kills"] < kills:
        test.one_round(min(ROUND, kills - test.count["kills"]))
        case.note("%.0f s: %s" % (time.monotonic() - began, test.figures()))
