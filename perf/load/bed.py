# SPDX-License-Identifier: Apache-2.0
"""A bed for load: two namespaces, two veth pairs, huge pages, and a gateway between them that ends with the bed.

    gen  acc-peer  ---- veth ---- acc-agw  [ gw: eims-agw or rtpengine ]  core-agw ---- veth ---- core-peer  gen
         203.0.113.2                  203.0.113.10                     198.51.100.10         198.51.100.2
"""
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
NR_HUGEPAGES = pathlib.Path("/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages")
HUGEPAGES = 320  # of 2 MB
GENERATOR_CORE, SYSTEM_CORE = 0, 1
NICE = -18  # of both: others use the machine too
LINKS = (("acc-agw", "acc-peer", "203.0.113.10", "203.0.113.2", "02:00:00:00:01"), ("core-agw", "core-peer", "198.51.100.10", "198.51.100.2", "02:00:00:00:02"))
NG_PORT = 2223
RINGS = {"af_packet": 2048, "af_xdp": 4096}  # packets that a receive queue of eims-agw holds

CONFIG = """log: info
gateway: {gateway}
ports:
  - {{name: a, device: "{access}", descriptors: {ring}}}
  - {{name: c, device: "{core}", descriptors: {ring}}}
networks:
  - {{name: access, role: access, port: a, addresses: [203.0.113.10/24], udp_ports: {{first: 20000, last: 29999}}}}
  - {{name: core, role: core, port: c, addresses: [198.51.100.10/24], udp_ports: {{first: 30000, last: 49999}}}}
workers: {{main_core: 0, cores: [1]}}
memory: {{hugepages: on, size_mb: 512}}
contexts_max: 4000
idle: {idle}
dtls: {{retention: linger, linger_s: 5}}
iq: {{socket: {tmp}/iq.sock}}
"""
DEVICES = {
    "af_packet": "net_af_packet{n},iface={iface},blocksz=65536,framesz=2048,framecnt={ring},qdisc_bypass=1",
    "af_xdp": "net_af_xdp{n},iface={iface},busy_budget=0",
}


class Failure(Exception):
    pass


def run(*words):
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Failure(f"{' '.join(words)}: {done.stderr.strip()}")


def prefer():
    """In a process about to be: ahead of what else runs, also where the kernel schedules session by session."""
    os.setsid()
    os.nice(NICE)
    autogroup = pathlib.Path("/proc/self/autogroup")
    if autogroup.exists():
        autogroup.write_text(str(NICE))


def hugepages_add(count):
    """How many more there are then: others may reserve at the same time, and only what was added is taken back."""
    before = int(NR_HUGEPAGES.read_text())
    NR_HUGEPAGES.write_text(str(max(before + count, 0)))
    return int(NR_HUGEPAGES.read_text()) - before


class Bed:
    """With its gateway: `with Bed(build) as bed: bed.agw_start("af_packet")`."""

    def __init__(self, build):
        self.build = pathlib.Path(build)
        self.gen, self.gw = (f"perf{os.getpid()}-{name}" for name in ("gen", "gw"))
        self.tmp = self.process = None
        self.hugepages = 0

    def __enter__(self):
        for name in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(name, self.on_signal)
        self.tmp = pathlib.Path(tempfile.mkdtemp(prefix="perf-"))
        self.hugepages = hugepages_add(HUGEPAGES)
        try:
            self.network_make()
        except Failure:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.stop()
        for namespace in (self.gen, self.gw):
            subprocess.run(["ip", "netns", "del", namespace], stderr=subprocess.DEVNULL, check=False)
        hugepages_add(-self.hugepages)
        shutil.rmtree(self.tmp, ignore_errors=True)

    @staticmethod
    def on_signal(*_):
        raise Failure("interrupted")

    def network_make(self):
        for namespace in (self.gen, self.gw):
            run("ip", "netns", "add", namespace)
            run("ip", "-n", namespace, "link", "set", "lo", "up")
        for device, peer, _, address, mac in LINKS:
            run("ip", "link", "add", device, "netns", self.gw, "address", mac + ":0a", "type", "veth",
                "peer", "name", peer, "netns", self.gen, "address", mac + ":02")
            run("ip", "-n", self.gen, "addr", "add", address + "/24", "dev", peer)
            for namespace, name in ((self.gw, device), (self.gen, peer)):
                self.inside(namespace, "sysctl", "-qw", f"net.ipv6.conf.{name}.disable_ipv6=1")
                run("ip", "-n", namespace, "link", "set", name, "up")

    def inside(self, namespace, *words):
        run("ip", "netns", "exec", namespace, *words)

    def addresses_set(self, verb):
        for device, _, address, _, _ in LINKS:
            run("ip", "-n", self.gw, "addr", verb, address + "/24", "dev", device)

    def agw_start(self, device, idle="poll"):
        access, core = (DEVICES[device].format(n=n, iface=link[0], ring=RINGS[device]) for n, link in enumerate(LINKS))
        config = self.tmp / "agw.yaml"
        config.write_text(CONFIG.format(gateway=os.getpid() % 200 + 20, access=access, core=core, tmp=self.tmp, idle=idle,
                                        ring=RINGS[device]))
        self.start([self.build / "dataplane/main/eims-agw", "--config", config], " running: ")

    def rtpengine_start(self):
        self.addresses_set("add")
        words = ["taskset", "-c", str(SYSTEM_CORE), shutil.which("rtpengine") or "rtpengine", "--foreground", "--log-stderr"]
        words += ["--table=-1", "--num-threads=1", "--log-level=4", "--interface=access/203.0.113.10", "--delete-delay=0"]
        words += ["--interface=core/198.51.100.10", f"--listen-ng=203.0.113.10:{NG_PORT}", "--port-min=20000", "--port-max=49999"]
        words += ["--config-file=none", f"--pidfile={self.tmp}/pid", "--timeout=600"]
        self.start(words, None)
        time.sleep(1)
        if self.process.poll() is not None:
            raise Failure(f"rtpengine ended:\n{self.log_read()}")

    def start(self, words, ready):
        with open(self.tmp / "log", "wb") as log:
            self.process = subprocess.Popen(["ip", "netns", "exec", self.gw, *map(str, words)], stdout=log, stderr=log, preexec_fn=prefer)
        until = time.monotonic() + 30
        while ready is not None and ready not in self.log_read():
            if self.process.poll() is not None or time.monotonic() > until:
                raise Failure(f"{words[0]} did not come up:\n{self.log_read()}")
            time.sleep(0.1)

    def stop(self):
        """`ip netns exec` execs, so the process is the gateway itself."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def log_read(self):
        return (self.tmp / "log").read_text(errors="replace")

    def generator(self, program, *words, timeout):
        """Runs a program of perf/load in the generator's namespace, on its core; what it printed."""
        command = ["ip", "netns", "exec", self.gen, "taskset", "-c", str(GENERATOR_CORE), self.build / "perf/load" / program, *words]
        done = subprocess.run(list(map(str, command)), stdout=subprocess.PIPE, text=True, timeout=timeout, check=False, preexec_fn=prefer)
        if done.returncode != 0:
            raise Failure(f"{program} failed; the gateway's last lines:\n{self.log_read()[-2000:]}")
        return done.stdout
