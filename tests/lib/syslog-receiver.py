"""syslog-receiver.py udp|tcp PORT FILE: what arrives, one message a line; TCP by octet counting (RFC 6587), strictly."""
import socket
import sys

kind, port, file = sys.argv[1], int(sys.argv[2]), open(sys.argv[3], "ab", buffering=0)


def octets(connection):
    data = b""
    while True:
        chunk = connection.recv(65536)
        if not chunk:
            return
        data += chunk
        while b" " in data[:8]:
            count, rest = data.split(b" ", 1)
            if not count.isdigit() or count.startswith(b"0"):
                file.write(b"NO OCTET COUNT: " + data[:80] + b"\n")
                return
            if len(rest) < int(count):
                break
            file.write(rest[:int(count)] + b"\n")
            data = rest[int(count):]


if kind == "udp":
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
    s.bind(("127.0.0.1", port))
    while True:
        file.write(s.recv(65536) + b"\n")
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("127.0.0.1", port))
s.listen()
while True:
    octets(s.accept()[0])
