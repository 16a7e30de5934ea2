"""The configuration: what it sets, who may use a module, what single modules get, mistakes, and reading it again."""
import os
import subprocess


def write(case, text, name="coild.conf"):
    folder = os.path.dirname(case.path("config", "coil", name))
    os.makedirs(folder, exist_ok=True)
    with open(case.path("config", "coil", name), "w") as file:
        file.write(text)


def restart(case):
    if case.daemons():
        case.equal(case.coilctl("stop").status, 0, "coilctl stop")
        case.wait_for(lambda: not case.daemons(), "the daemon stops")


def coild(case, *arguments):
    done = subprocess.run([os.path.join(case.build, "bin", "coild")] + list(arguments), env=case.env, cwd=case.work,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          timeout=20 * case.slow)
    return done.returncode, done.stdout, done.stderr


def log(case):
    with open(case.socket.replace(".sock", ".log")) as file:
        return file.read()


def mistakes(case):
    """Each mistake is one line, with the file and the line."""
    write(case, "[daemon]\nwarm-workers = many\n[module guarded]\nallow-users = root no-such-user\nallowed = 1\n")
    write(case, "[daemon]\n\nno value\n", "coild.conf.d/10.conf")
    path = case.path("config", "coil", "coild.conf")
    status, out, err = coild(case, "--check-config")
    case.equal((status, out), (1, ""), "coild --check-config of a wrong file")
    case.equal(err.splitlines(), [
        "coild: %s:2: warm-workers needs a number from 0 to 1000000, not \"many\"" % path,
        "coild: %s:4: allow-users: there is no user \"no-such-user\"" % path,
        "coild: %s:5: there is no setting \"allowed\" in [module guarded]: there are allow-users, allow-groups, max-call-ms, "
        "python, interpreters" % path,
        "coild: %s.d/10.conf:3: this is neither [a section] nor name = value" % path], "what it says")
    # A program whose daemon cannot start because of it is told the first of them.
    result = case.run("plain", 0)
    case.check(result, "plain: 0\n", None)
    case.matches(result.stderr, r"the daemon did not start: .*coild\.conf:2: warm-workers needs")
    # A file that is named, and one that is not there.
    write(case, "[daemon]\nwarm-workers = 2\n", "other.conf")
    case.equal(coild(case, "--check-config", "--config", case.path("config", "coil", "other.conf")),
               (0, "coild: nothing is wrong with %s\n" % case.path("config", "coil", "other.conf"), ""), "--config")
    status, _, err = coild(case, "--check-config", "--config", "no-such-file.conf")
    case.equal(status, 1, "--config of a file that is not there")
    case.matches(err, r'--config: "no-such-file.conf" cannot be read: No such file')
    os.unlink(path + ".d/10.conf")


def permission(case):
    """Who is not named is refused, that one module only; and a reload changes it."""
    stranger = os.getuid() + 1
    write(case, "[module guarded]\nallow-users = %d\n" % stranger)
    program = case.popen("plain", 0, "guarded", 0, "plain", 0)
    result = case.finish(program)
    case.check(result, "plain: 1\nguarded: 0\nplain: 1\n",
               "~ coil: guarded\\.guarded\\(\\): user %d, of group %d, may not use the module: \\[module guarded\\] of .*; the "
               "call returned its error value\n" % (os.getuid(), os.getgid()))
    case.matches(log(case), r'client pid %d uid %d: module "guarded": user %d' % (program.pid, os.getuid(), os.getuid()))
    # The first module of a program, too.
    case.check(case.run("guarded", 0, "plain", 0), "guarded: 0\nplain: 1\n", None)
    # A group, the program's own or one of its others; and a file in the folder wins.
    for group in (os.getgid(), 54321) if os.getuid() == 0 else (os.getgid(),):
        write(case, "[module guarded]\nallow-groups = 54320 %d\n" % group, "coild.conf.d/50.conf")
        reload = case.coilctl("reload")
        case.check(reload, None, "")
        case.matches(reload.stdout, r"the configuration was read: \S+/coild\.conf \S+/coild\.conf\.d/50\.conf\n")
        options = {"extra_groups": [54321]} if os.getuid() == 0 else {}
        case.check(case.finish(case.popen("guarded", 0, **options)), "guarded: 1\n")
    if os.getuid() == 0:
        case.check(case.run("guarded", 0), "guarded: 0\n", None)
    # A mistake keeps what there is.
    write(case, "[module guarded]\nallow-groups = no-such-group\n", "coild.conf.d/50.conf")
    reload = case.coilctl("reload")
    case.equal(reload.status, 1, "status of coilctl reload with a wrong configuration")
    case.matches(reload.stdout, r"the configuration stays as it was: there are mistakes in the new one\n\S+50\.conf:2: "
                 r'allow-groups: there is no group "no-such-group"\n')
    case.matches(log(case), r'50\.conf:2: allow-groups: there is no group')
    case.check(case.run("plain", 0, "guarded", 0), None, None)
    os.unlink(case.path("config", "coil", "coild.conf.d", "50.conf"))


def limits(case):
    """max-call-ms of a module, in either order, beside that of all."""
    late = "~ coil: %s\\.%s\\(\\): .*deadline of %d ms.*\n"
    slow = late % ("guarded", "guarded", 150)
    write(case, "[daemon]\nmax-call-ms = 60000\n[module guarded]\nmax-call-ms = 150\n")
    case.check(case.coilctl("reload"), None, "")
    case.check(case.run("plain", 400, "guarded", 1500, "plain", 400), "plain: 1\nguarded: -1\nplain: 1\n", slow)
    case.check(case.run("guarded", 1500, "plain", 400), "guarded: -1\nplain: 1\n", slow)
    # The command line wins over files.
    restart(case)
    daemon = case.start_daemon("--max-call-ms", "100")
    case.check(case.run("plain", 1500, "guarded", 1500), "plain: -1\nguarded: -1\n",
               late % ("plain", "plain", 100) + late % ("guarded", "guarded", 100))
    restart(case)
    daemon.wait()


def python(case):
    """A module with a Python of its own, whatever the program says, and beside one that has none."""
    case.tool(["/usr/bin/python3", "-m", "venv", "--without-pip", "--system-site-packages", case.path("venv")])
    write(case, "[module guarded]\npython = %s\n" % case.path("venv", "bin", "python"))
    case.check(case.run("plain", 0, "guarded", 0, "plain", 0), "plain: 1\nguarded: 2\nplain: 1\n")
    case.equal(len(case.workers()), 2, "workers")
    case.check(case.run("guarded", 0, "plain", 0), None, "")
    restart(case)


def run(case):
    case.env["XDG_CONFIG_HOME"] = case.path("config")
    mistakes(case)
    permission(case)
    limits(case)
    python(case)
    # Where the log goes.
    write(case, "[daemon]\nlog = %s\n" % case.path("run-daemon", "elsewhere.log"))
    case.check(case.run("plain", 0), "plain: 1\n")
    case.matches(case.coilctl("status").stdout, r"log: \S+/elsewhere\.log\n")
    os.rename(case.path("run-daemon", "elsewhere.log"), case.path("run-daemon", "moved.log"))
    case.check(case.coilctl("reload"), None, "")
    case.check(case.run("plain", 0), "plain: 1\n")
    case.expect(os.path.exists(case.path("run-daemon", "elsewhere.log")), "the log that was moved away is begun anew")
