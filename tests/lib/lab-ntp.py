"""lab-ntp.py OFFSET: an NTP server (RFC 5905, server mode only) whose clock is OFFSET seconds ahead of this machine's."""
import socket
import struct
import sys
import time

ERA = 2208988800  # seconds from 1900 to 1970
offset = float(sys.argv[1])
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
s.bind(("::", 123))


def now():
    t = time.time() + offset + ERA
    return struct.pack("!II", int(t) & 0xFFFFFFFF, int(t % 1 * 2**32))


while True:
    request, client = s.recvfrom(1024)
    received = now()
    if len(request) < 48:
        continue
    version = request[0] >> 3 & 7
    print(f"{client[0]} asked", flush=True)
    # no leap second, mode 4 (server); stratum 1, poll of the client, precision 2^-20 s; delay and dispersion 0, "LOCL"
    header = struct.pack("!BBBbII4s", version << 3 | 4, 1, request[2], -20, 0, 0, b"LOCL")
    s.sendto(header + received + request[40:48] + received + now(), client)
