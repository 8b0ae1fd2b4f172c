"""Run a command on a terminal of its own, press "a", then say whether it left the terminal as it was."""
import os
import pty
import select
import subprocess
import sys
import termios

ours, theirs = pty.openpty()
before = termios.tcgetattr(theirs)
child = subprocess.Popen(sys.argv[1:], stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
                         preexec_fn=lambda: os.close(os.open(os.ttyname(0), os.O_RDWR)))
seen = b""
pressed = False
while child.poll() is None:
    if select.select([ours], [], [], 0.1)[0]:
        seen += os.read(ours, 4096)
    if not pressed and b"Linux version" in seen:
        print("echo while it runs:", bool(termios.tcgetattr(theirs)[3] & termios.ECHO))
        os.write(ours, b"a")
        pressed = True
while select.select([ours], [], [], 0.1)[0]:
    seen += os.read(ours, 4096)
print(seen.decode(errors="replace"))
print("settings restored:", termios.tcgetattr(theirs) == before)
sys.exit(child.returncode)
