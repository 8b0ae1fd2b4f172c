"""control-server.py ROOT: answers on ROOT/run/mkdl/control what is in the files ROOT/answer/REQUEST, in place of PID 1."""
import os
import socket
import sys

os.chdir(sys.argv[1])
s = socket.socket(socket.AF_UNIX)
s.bind("run/mkdl/control.new")
s.listen()
os.rename("run/mkdl/control.new", "run/mkdl/control")
while True:
    c, _ = s.accept()
    request = c.makefile().readline().split()
    with open("answer/" + request[0], "rb") as answer:
        c.sendall(answer.read())
    c.close()
