"""Where the lab is, how a test enters one of its namespaces, how it tells what it checks."""
import ctypes
import json
import os
import signal
import subprocess
import sys
import time

RUN = "/run/isthmus-lab"
TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
CLONE_NEWNET = 0x40000000
SKIPPED = 77


def enter(namespace):
    """Moves this thread into a namespace of the lab; sockets stay where they were made."""
    with open(f"/run/netns/{namespace}", encoding="ascii") as handle:
        if ctypes.CDLL(None, use_errno=True).setns(handle.fileno(), CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def need(*parts):
    """Ends the test as skipped, saying why, when a part of the lab isn't there."""
    for part in parts:
        if not os.path.exists(f"{RUN}/{part}.pid"):
            print(f"skipped: the lab runs no {part} (scripts/lab up)")
            sys.exit(SKIPPED)


def run(*words, **options):
    return subprocess.run(words, check=False, capture_output=True, text=True, **options)


def ctl(*words, door=None):
    """isthmusctl: its exit status and what it printed (JSON as an object), or its sentence."""
    with open(f"{RUN}/build", encoding="utf-8") as file:
        program = file.read().strip() + "/controlplane/ctl/isthmusctl"
    saw = run(program, "--admin", door or f"{RUN}/ep-cscf.sock", *words)
    if "--json" in words and saw.returncode == 0:
        return 0, json.loads(saw.stdout)
    return saw.returncode, saw.stdout + saw.stderr


def contexts():
    """What the gateway holds."""
    return ctl("contexts", "--json")[1]["contexts"]


def kill(part):
    """kill -9 of a daemon of the lab."""
    with open(f"{RUN}/{part}.pid", encoding="ascii") as file:
        os.kill(int(file.read().split()[0]), signal.SIGKILL)


def start(part, **settings):
    """A daemon anew, after kill(): whether it got ready. settings: of tests/lab/parts.sh."""
    run(f"{TOP}/scripts/lab", "stop", part)
    return run(f"{TOP}/scripts/lab", "start", part, env={**os.environ, **settings}).returncode == 0


def until(holds, seconds=8):
    """Asks until it holds; whether it did in time."""
    end = time.monotonic() + seconds
    while not (held := holds()) and time.monotonic() < end:
        time.sleep(0.1)
    return held


def tone(path):
    """The strongest frequency of a recording in Hz and the seconds it is heard for."""
    hertz, seconds = run(f"{TOP}/tests/lab/tone", path).stdout.split()
    return int(hertz), float(seconds)


class Checks:
    """Prints each check with its outcome; done() ends the test."""

    def __init__(self):
        self.failed = 0

    def check(self, holds, what, saw=""):
        print(f"{'ok  ' if holds else 'FAIL'} {what}" + ("" if holds or saw == "" else f" (saw: {saw})"), flush=True)
        self.failed += not holds
        return holds

    def done(self):
        sys.exit(1 if self.failed else 0)
