"""Clients of the control socket that misbehave: control-client.py SOCKET WHAT."""
import os
import random
import socket
import sys
import time

path, what = sys.argv[1:3]


def connect():
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(200)
    while True:
        try:
            s.connect(path)
            return s
        except BlockingIOError:  # the queue of the socket is full
            time.sleep(0.01)


def send(s, data):
    try:
        s.sendall(data)
    except (BrokenPipeError, ConnectionResetError):
        pass


def rest(s):
    data = b""
    try:
        while chunk := s.recv(65536):
            data += chunk
    except ConnectionResetError:
        pass
    return data


if what == "garbage":
    random.seed(7)
    for i in range(300):
        s = connect()
        send(s, random.randbytes(random.randrange(1, 2000)) + (b"\n" if i % 2 else b""))
        if i % 3:
            s.shutdown(socket.SHUT_WR)
            assert b"end\n" not in rest(s)
        s.close()
elif what == "giant":
    s = connect()
    send(s, b"x" * 1000000)
    print(rest(s).decode())
elif what == "nul":
    s = connect()
    send(s, b"status\0\n")
    print(rest(s).decode())
elif what == "pieces":
    s = connect()
    for c in b"status\n":
        send(s, bytes([c]))
        time.sleep(0.05)
    print(rest(s).decode())
elif what == "two":
    s = connect()
    send(s, b"timeline\nreboot\nreboot\n")
    print(rest(s).decode())
elif what == "half":
    s = connect()
    send(s, b"stat")
    began = time.time()
    assert rest(s) == b""
    print("dropped after %d s" % round(time.time() - began))
elif what == "many":
    kept = []
    for i in range(3000):
        kept.append(connect())
        if len(kept) > 200:
            kept.pop(0).close()
    time.sleep(float(sys.argv[3]))
elif what == "slow":
    s = connect()
    send(s, b"services\n")
    while not os.path.exists(sys.argv[3]):
        time.sleep(0.1)
    data = rest(s)
    print("whole" if data.endswith(b"end\n") else "cut off", len(data))
elif what == "leave":
    for i in range(500):
        s = connect()
        send(s, b"services\n")
        s.close()
elif what == "ask":
    s = connect()
    send(s, sys.argv[3].encode() + b"\n")
    print(rest(s).decode(), end="")
