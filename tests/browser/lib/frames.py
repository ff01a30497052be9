#!/usr/bin/env python3
"""Hostile media toward the gateway, sent from the browser's own namespace: frames.py replay|badtag|stranger SECONDS

replay    each SRTP packet of the browser a second time, as it was
badtag    each SRTP packet once more with the next sequence number and the tag of the old one
stranger  the same packets from another port, which passed no ICE check
Prints how many frames it sent.
"""
import ctypes
import socket
import struct
import sys
import time

CLONE_NEWNET = 0x40000000
PACKET_OUTGOING = 4


def udp_of(frame):
    """(offset of the UDP header, of its payload), or None when this isn't SRTP over UDP."""
    kind = struct.unpack_from("!H", frame, 12)[0]
    if kind == 0x0800 and frame[23] == 17:
        udp = 14 + (frame[14] & 0x0F) * 4
    elif kind == 0x86DD and frame[20] == 17:
        udp = 54
    else:
        return None
    payload = udp + 8
    if len(frame) < payload + 40 or not 128 <= frame[payload] <= 191 or 64 <= frame[payload + 1] & 0x7F <= 95:
        return None
    return udp, payload


def checksum(frame, udp):
    """The UDP checksum anew, over the pseudo header of either family."""
    length = struct.unpack_from("!H", frame, udp + 4)[0]
    addresses = frame[26:34] if udp < 54 else frame[22:54]
    frame[udp + 6 : udp + 8] = b"\0\0"
    data = bytes(addresses) + struct.pack("!HH", 17, length) + bytes(frame[udp : udp + length])
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    frame[udp + 6 : udp + 8] = struct.pack("!H", (~total & 0xFFFF) or 0xFFFF)


def spoil(how, frame, udp, payload):
    if how == "badtag":
        sequence = struct.unpack_from("!H", frame, payload + 2)[0]
        frame[payload + 2 : payload + 4] = struct.pack("!H", (sequence + 1) & 0xFFFF)
    elif how == "stranger":
        frame[udp : udp + 2] = struct.pack("!H", 4321)
    checksum(frame, udp)


def main(how, seconds):
    with open("/run/netns/wic", encoding="ascii") as handle:
        if ctypes.CDLL(None, use_errno=True).setns(handle.fileno(), CLONE_NEWNET) != 0:
            sys.exit("frames: no namespace wic")
    link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    link.bind(("eth0", 3))
    link.settimeout(1)
    sent, ours, end = 0, set(), time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            data, address = link.recvfrom(2048)
        except TimeoutError:
            continue
        if address[2] != PACKET_OUTGOING or (found := udp_of(data)) is None or data in ours:
            ours.discard(data)
            continue
        frame = bytearray(data)
        spoil(how, frame, *found)
        ours.add(bytes(frame))
        link.send(frame)
        sent += 1
    print(sent)


main(sys.argv[1], float(sys.argv[2]))
