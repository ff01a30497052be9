#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""W2 over loopback: what a scripted client gets from the real threads, TLS included."""
import base64
import os
import queue
import re
import resource
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest

ECHO = sys.argv.pop(1)
ORIGIN = "https://web.ims.test"
KEY = "dGhlIHNhbXBsZSBub25jZQ=="


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Server:
    """One run of the echo server; its lines are kept, so that a test can wait for one."""

    def __init__(self, folder, threads=2, per_address=2500, ping_s=2, certificate="cert.pem"):
        self.port = free_port()
        self.folder = folder
        self.lines = []
        self.process = subprocess.Popen(
            [ECHO, f"{folder}/{certificate}", f"{folder}/key.pem", str(self.port), str(threads), str(per_address),
             str(ping_s)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.told = queue.Queue()
        self.reader = threading.Thread(target=self.read)
        self.reader.start()

    def read(self):
        # All the time: a server that waits for us to read its lines serves nobody.
        for line in self.process.stdout:
            self.told.put(line)
        self.process.stdout.close()
        self.told.put("")

    def wait(self, pattern):
        for line in iter(lambda: self.told.get(timeout=60), ""):
            self.lines.append(line.strip())
            found = re.match(pattern, line)
            if found:
                return found
        raise AssertionError(f"no {pattern} in {self.lines}")

    def counters(self):
        self.process.stdin.write("c")
        self.process.stdin.flush()
        return dict(p.split("=") for p in self.wait("counters (.*)").group(1).split())

    def stop(self):
        self.process.stdin.close()
        self.wait("stopped")
        self.ended(0)

    def ended(self, status):
        self.process.stdin.close()
        assert self.process.wait(60) == status, self.process.returncode
        self.reader.join()


class Client:
    def __init__(self, server, host="127.0.0.1", alpn=("http/1.1",), tls=None, connect=True, buffer=None):
        raw = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        raw.settimeout(30)
        if buffer:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        raw.connect((host, server.port))
        context = ssl.create_default_context(cafile=f"{server.folder}/cert.pem")
        context.set_alpn_protocols(list(alpn))
        if tls:
            context.minimum_version = ssl.TLSVersion.TLSv1
            context.maximum_version = tls
            context.set_ciphers("ALL:@SECLEVEL=0")
        self.sock = context.wrap_socket(raw, server_hostname="localhost")
        self.data = b""
        if connect:
            self.head = self.request()
            assert self.head.startswith("HTTP/1.1 101 "), self.head

    def request(self, line="GET / HTTP/1.1", drop=(), **change):
        headers = {"Host": "localhost", "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Key": KEY,
                   "Sec-WebSocket-Version": "13", "Sec-WebSocket-Protocol": "sip", "Origin": ORIGIN}
        headers.update({k.replace("_", "-"): v for k, v in change.items()})
        text = line + "\r\n" + "".join(f"{k}: {v}\r\n" for k, v in headers.items() if k not in drop) + "\r\n"
        self.sock.sendall(text.encode())
        return self.read_head()

    def read_head(self):
        while b"\r\n\r\n" not in self.data:
            more = self.sock.recv(4096)
            assert more, f"end in the middle of {self.data}"
            self.data += more
        head, self.data = self.data.split(b"\r\n\r\n", 1)
        return head.decode() + "\r\n"

    def take(self, n):
        while len(self.data) < n:
            more = self.sock.recv(65536)
            if not more:
                return None
            self.data += more
        out, self.data = self.data[:n], self.data[n:]
        return out

    def send(self, payload, opcode=1, fin=True, masked=True, rsv=0):
        if isinstance(payload, str):
            payload = payload.encode()
        head = bytes([(0x80 if fin else 0) | rsv | opcode])
        bit = 0x80 if masked else 0
        if len(payload) < 126:
            head += bytes([bit | len(payload)])
        elif len(payload) < 65536:
            head += struct.pack("!BH", bit | 126, len(payload))
        else:
            head += struct.pack("!BQ", bit | 127, len(payload))
        if masked:
            mask = os.urandom(4)
            head += mask
            payload = bytes(b ^ mask[i & 3] for i, b in enumerate(payload))
        self.sock.sendall(head + payload)

    def frame(self):
        """(opcode, payload); (None, None) at the end of the stream; pings are passed over."""
        while True:
            head = self.take(2)
            if head is None:
                return None, None
            assert head[0] & 0x70 == 0 and head[0] & 0x80 and head[1] & 0x80 == 0, head
            length = head[1]
            if length == 126:
                length = struct.unpack("!H", self.take(2))[0]
            elif length == 127:
                length = struct.unpack("!Q", self.take(8))[0]
            payload = self.take(length)
            if head[0] & 15 != 9:
                return head[0] & 15, payload

    def closing(self):
        """The code of the next Close, which must be followed by the end of the stream."""
        while True:
            opcode, payload = self.frame()
            assert opcode is not None, "end of the stream without a Close"
            if opcode == 8:
                break
        code = struct.unpack("!H", payload[:2])[0] if payload else 1005
        self.ended = self.frame()
        return code


class Loopback(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="ws_loopback_")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-keyout", f"{cls.folder.name}/key.pem", "-out", f"{cls.folder.name}/cert.pem", "-days", "2",
                        "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"],
                       check=True, capture_output=True)
        cls.server = Server(cls.folder.name)
        cls.server.wait("ready")

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()
        cls.folder.cleanup()

    def refused(self, status, **kwargs):
        client = Client(self.server, connect=False)
        head = client.request(**kwargs)
        self.assertTrue(head.startswith(f"HTTP/1.1 {status} "), head)
        body = client.take(int(re.search(r"Content-Length: (\d+)", head).group(1)))
        self.assertTrue(body.endswith(b"\n"))
        self.assertIsNone(client.take(1))
        return head

    def test_vector(self):
        for host in "127.0.0.1", "::1":
            client = Client(self.server, host)
            self.assertIn("\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n", client.head)
            self.assertIn("\r\nSec-WebSocket-Protocol: sip\r\n", client.head)
            self.assertEqual(client.sock.selected_alpn_protocol(), "http/1.1")
            opened = self.server.wait(r"opened (\w+) (\S*) (\S+) (\d+)")
            self.assertEqual(opened.group(2), ORIGIN)
            self.assertEqual(opened.group(3), host)
            self.assertEqual(int(opened.group(4)), client.sock.getsockname()[1])
            client.send("OPTIONS sip:ims.test SIP/2.0\r\n\r\n")
            self.assertEqual(client.frame(), (1, b"OPTIONS sip:ims.test SIP/2.0\r\n\r\n"))
            client.send(b"\xff\xfe", opcode=2)
            self.assertEqual(client.frame(), (2, b"\xff\xfe"))
            client.send(struct.pack("!H", 1000), opcode=8)
            self.assertEqual(client.closing(), 1000)
            self.server.wait(f"closed {opened.group(1)}")

    def test_extensions_are_not_accepted(self):
        client = Client(self.server, connect=False)
        head = client.request(Sec_WebSocket_Extensions="permessage-deflate")
        self.assertTrue(head.startswith("HTTP/1.1 101 "))
        self.assertNotIn("Extensions", head)

    def test_refusals(self):
        before = self.server.counters()
        self.refused(403, Origin="https://evil.test")
        self.refused(403, Origin="null")
        self.refused(403, drop=["Origin"])
        self.assertIn("\r\nSec-WebSocket-Version: 13\r\n", self.refused(426, Sec_WebSocket_Version="8"))
        self.refused(400, Sec_WebSocket_Protocol="chat")
        self.refused(400, drop=["Sec-WebSocket-Protocol"])
        self.refused(400, Sec_WebSocket_Key="c2hvcnQ=")
        self.refused(400, drop=["Host"])
        self.refused(400, line="GET / HTTP/1.0")
        self.refused(400, line="POST / HTTP/1.1")
        self.refused(400, line="REGISTER sip:ims.test SIP/2.0")
        self.refused(431, X_Long="x" * 17000)
        after = self.server.counters()
        self.assertEqual(int(after["origin"]) - int(before["origin"]), 3)
        self.assertEqual(int(after["protocol"]) - int(before["protocol"]), 9)
        self.assertEqual(after["opened"], before["opened"])

    def test_tls(self):
        with self.assertRaises(ssl.SSLError):
            Client(self.server, tls=ssl.TLSVersion.TLSv1_1)
        with self.assertRaises(ssl.SSLError):
            Client(self.server, alpn=("h2",))
        self.assertEqual(Client(self.server, tls=ssl.TLSVersion.TLSv1_2).sock.version(), "TLSv1.2")
        self.assertEqual(Client(self.server).sock.version(), "TLSv1.3")
        with socket.create_connection(("127.0.0.1", self.server.port), 30) as plain:
            plain.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            try:
                self.assertNotIn(b"HTTP", plain.recv(4096))
            except ConnectionResetError:
                pass

    def test_frames_behind_the_request(self):
        client = Client(self.server, connect=False)
        frame = b"\x81\x82\0\0\0\0hi"
        text = (f"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: {KEY}\r\n"
                f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: sip\r\nOrigin: {ORIGIN}\r\n\r\n").encode()
        client.sock.sendall(text + frame)
        self.assertTrue(client.read_head().startswith("HTTP/1.1 101 "))
        self.assertEqual(client.frame(), (1, b"hi"))

    def test_request_byte_by_byte(self):
        client = Client(self.server, connect=False)
        text = (f"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: {KEY}\r\n"
                f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: sip\r\nOrigin: {ORIGIN}\r\n\r\n")
        for char in text:
            client.sock.sendall(char.encode())
        self.assertTrue(client.read_head().startswith("HTTP/1.1 101 "))

    def test_fragments_with_ping(self):
        client = Client(self.server)
        client.send("INVITE ", fin=False)
        client.send("are you there", opcode=9)
        client.send("sip:bob", opcode=0, fin=False)
        client.send("@ims.test", opcode=0)
        self.assertEqual(client.frame(), (10, b"are you there"))
        self.assertEqual(client.frame(), (1, b"INVITE sip:bob@ims.test"))

    def test_two_messages_in_one_segment(self):
        client = Client(self.server)
        client.sock.sendall(b"\x81\x83\0\0\0\0one\x81\x83\0\0\0\0two")
        self.assertEqual([client.frame(), client.frame()], [(1, b"one"), (1, b"two")])

    def test_keep_alive(self):
        client = Client(self.server)
        client.send("\r\n\r\n")
        self.assertEqual(client.frame(), (1, b"\r\n"))
        client.send("\r\n")
        client.send("next")
        self.assertEqual(client.frame(), (1, b"next"))

    def test_sizes(self):
        client = Client(self.server)
        for size in 1, 125, 126, 16384, 65535, 65536:
            client.send("y" * size)
            self.assertEqual(client.frame(), (1, b"y" * size))
        client.send("z" * 65537)
        self.assertEqual(client.closing(), 1009)
        self.assertEqual(client.ended, (None, None))
        client = Client(self.server)
        client.send("z" * 40000, fin=False)
        client.send("z" * 40000, opcode=0)
        self.assertEqual(client.closing(), 1009)

    def test_protocol_errors(self):
        cases = [(1002, dict(payload="a", masked=False)), (1002, dict(payload="a", rsv=0x40)),
                 (1002, dict(payload="a", opcode=3)), (1002, dict(payload="a", opcode=0)),
                 (1002, dict(payload="a" * 126, opcode=9)), (1002, dict(payload="a", opcode=9, fin=False)),
                 (1007, dict(payload=b"\xc3\x28")), (1002, dict(payload=b"\x03", opcode=8)),
                 (1002, dict(payload=struct.pack("!H", 1005), opcode=8)),
                 (1007, dict(payload=struct.pack("!H", 1000) + b"\xff", opcode=8))]
        for code, frame in cases:
            client = Client(self.server)
            client.send(**frame)
            self.assertEqual(client.closing(), code, frame)
            self.assertEqual(client.ended, (None, None))

    def test_close_codes(self):
        for sent, got in ((1000, 1000), (1001, 1001), (3000, 3000), (4999, 4999)):
            client = Client(self.server)
            client.send(struct.pack("!H", sent) + b"bye", opcode=8)
            self.assertEqual(client.closing(), got)
        client = Client(self.server)
        client.send("", opcode=8)
        self.assertEqual(client.closing(), 1005)

    def test_server_closes_after_what_is_queued(self):
        client = Client(self.server)
        client.send("close")
        self.assertEqual(client.frame(), (1, b"bye"))
        opcode, payload = client.frame()
        self.assertEqual((opcode, payload), (8, struct.pack("!H", 1001) + b"as you wish"))
        client.send(payload[:2], opcode=8)
        self.assertEqual(client.frame(), (None, None))

    def test_rate(self):
        client = Client(self.server)
        for _ in range(300):
            try:
                client.send("x")
            except OSError:
                break
        self.assertEqual(client.closing(), 1008)

    def test_unbound_is_closed_bound_is_kept_dead_is_found(self):
        unbound, bound, dead = Client(self.server), Client(self.server), Client(self.server)
        bound.send("bound")
        dead.send("bound")
        before = self.server.counters()
        end = time.monotonic() + 12
        # One answers pings, the other is silent: two pings unanswered are the end of it.
        bound.sock.settimeout(1)
        while time.monotonic() < end:
            try:
                head = bound.take(2)
                self.assertEqual(head, b"\x89\x00")
                bound.send("", opcode=10)
            except TimeoutError:
                pass
        bound.sock.settimeout(30)
        bound.send("still here")
        self.assertEqual(bound.frame(), (1, b"still here"))
        self.assertEqual(unbound.closing(), 1008)
        self.assertEqual(dead.frame(), (None, None))
        after = self.server.counters()
        self.assertEqual(int(after["dead"]) - int(before["dead"]), 1)
        self.assertGreaterEqual(int(after["idle"]) - int(before["idle"]), 1)

    def test_slow_reader(self):
        client = Client(self.server, buffer=4096)
        client.send("flood")
        found = self.server.wait(r"flood (\d+) (-\d+) (-\d+)")
        # Four messages' worth are queued beside what the kernel takes; the connection is closing then.
        self.assertGreaterEqual(int(found.group(1)), 15)
        self.assertLess(int(found.group(1)), 1000)
        self.assertEqual((found.group(2), found.group(3)), ("-105", "-107"))
        other = Client(self.server)
        other.send("others go on")
        self.assertEqual(other.frame(), (1, b"others go on"))
        self.assertEqual(client.closing(), 1008)

    def test_going_away(self):
        server = Server(self.folder.name, threads=3)
        server.wait("ready")
        clients = [Client(server) for _ in range(6)]
        server.process.stdin.close()
        for client in clients:
            self.assertEqual(client.closing(), 1001)
        server.wait("stopped")
        server.ended(0)

    def test_per_address_limit(self):
        server = Server(self.folder.name, threads=2, per_address=3)
        server.wait("ready")
        clients = [Client(server) for _ in range(3)]
        with self.assertRaises(OSError):
            Client(server)
        self.assertEqual(server.counters()["limit"], "1")
        clients.pop().sock.close()
        server.wait("closed")
        # The count goes down with the connection, in the other thread: it may take a moment.
        for attempt in range(100):
            try:
                clients.append(Client(server))
                break
            except OSError:
                time.sleep(0.05)
        self.assertEqual(len(clients), 3)
        Client(server, "::1")
        server.stop()

    def test_bad_certificate(self):
        for name in "absent.pem", "key.pem":
            server = Server(self.folder.name, certificate=name)
            self.assertIn("certificate", server.wait("failed (.*)").group(1))
            server.ended(1)

    def test_address_in_use(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            global free_port
            real, free_port = free_port, lambda: taken.getsockname()[1]
            try:
                server = Server(self.folder.name)
            finally:
                free_port = real
            self.assertIn("Address already in use", server.wait("failed (.*)").group(1))
            server.ended(1)

    def test_two_thousand(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
        server = Server(self.folder.name, threads=2, ping_s=60)
        server.wait("ready")
        clients = []
        for i in range(2000):
            clients.append(Client(server))
            clients[-1].send("bound")
        for i in range(0, 2000, 97):
            clients[i].send(f"I am {i}")
            self.assertEqual(clients[i].frame(), (1, f"I am {i}".encode()))
        for client in clients[2:]:
            client.sock.close()
        while int(server.counters()["closed"]) < 1998:
            time.sleep(0.1)
        clients[0].send("left")
        self.assertEqual(clients[0].frame(), (1, b"left"))
        server.stop()


if __name__ == "__main__":
    unittest.main(verbosity=2, warnings="ignore")
