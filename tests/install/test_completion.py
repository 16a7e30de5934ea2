"""What bash offers after some words and a tab."""
import os
import re

COMPLETE = '''
export PATH=%s/bin:$PATH
shopt -s extglob
. %s
compopt() { :; }
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
function=$(complete -p "$1" | sed 's/.*-F \\([^ ]*\\).*/\\1/')
$function "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%%s\\n' "${COMPREPLY[@]}"
'''


def run(place):
    folder = place.installed("share", "bash-completion", "completions")
    place.write("build.py", "")
    place.write("api.h", "")
    place.write("extra.c", "")
    place.write("main.coil", "")
    place.write("texts/readme", "")

    def offered(*words):
        script = COMPLETE % (place.prefix, folder + "/" + words[0])
        return sorted(word for word in place.run("bash", "-c", script, "bash", *words, stderr="").stdout.split()
                      if word != os.path.basename(place.run_folder))

    def options(program):
        return sorted(set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", place.run(place.installed("bin", program), "--help").stdout)))

    for program in ("coild", "coilctl", "coil-stubgen"):
        place.equal(offered(program, "--"), options(program), "options of " + program)
        place.expect({"--help", "--version"} <= set(offered(program, "--")), program + " has no --help or no --version")
    place.equal(offered("coilctl", "st"), ["status", "stop"], "coilctl st")
    place.equal(offered("coilctl", "status", ""), [], "coilctl status")
    place.equal(offered("coild", "--recycle-calls", ""), [], "coild --recycle-calls")
    place.equal(offered("coild", "--log", "te"), ["texts"], "coild --log te")
    place.equal(offered("coil-stubgen", ""), ["api.h", "build.py", "texts"], "coil-stubgen")
    place.equal(offered("coil-stubgen", "api.h", "--init", ""), ["build.py", "texts"], "coil-stubgen --init")
    place.equal(offered("coil-stubgen", "api.h", "--source", ""), ["extra.c", "texts"], "coil-stubgen --source")
    place.equal(offered("coil-stubgen", "--included", ""), ["main.coil", "texts"], "coil-stubgen --included")
    place.equal(offered("coil-stubgen", "-o", ""), ["texts"], "coil-stubgen -o")
    place.equal(offered("coil-stubgen", "api.h", "--in"), ["--in-process-only", "--included", "--init", "--into"], "coil-stubgen --in")
