"""What the benchmarks share: programs, machines, medians, and tables in docs/performance.md."""
import os
import platform
import re
import statistics
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
OUT = os.path.join(ROOT, "out", "bench")
MKDL = os.environ.get("MKDL", os.path.join(ROOT, "out", "build", "release", "mkdl"))
PAGE = os.path.join(ROOT, "docs", "performance.md")


def run(*words, **more):
    """A command to its end; its standard output. A failure ends the benchmark with what it said."""
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, **more)
    if done.returncode != 0:
        sys.exit(f"{' '.join(words)}\n{done.stdout[-2000:]}{done.stderr[-4000:]}exit status {done.returncode}")
    return done.stdout


def first(pattern, text, otherwise="?"):
    found = re.search(pattern, text, re.M)
    return found.group(1).strip() if found else otherwise


def machine():
    """This machine, in one line."""
    with open("/proc/cpuinfo") as f:
        cpu = re.sub(r"\s+", " ", first(r"^model name\s*: (.*)$", f.read()))
    with open("/proc/meminfo") as f:
        memory = int(first(r"^MemTotal:\s*(\d+)", f.read())) / 1024 / 1024
    with open("/etc/os-release") as f:
        system = first(r'^PRETTY_NAME="(.*)"', f.read())
    return f"{os.cpu_count()} × {cpu}, {memory:.0f} GB RAM, {system}, kernel {platform.release()}"


def load():
    return f"{os.getloadavg()[0]:.1f}"


def priority():
    """Where it is not the usual one: the load does not tell then how busy the machine was for the benchmark."""
    nice = os.getpriority(os.PRIO_PROCESS, 0)
    return f", run at nice {nice}, ahead of that load" if nice < 0 else ""


def median(values):
    return statistics.median(values)


def spread(values):
    """Median and range, for a table."""
    return f"{median(values):.2f} ({min(values):.2f}–{max(values):.2f})"


def table(head, rows):
    lines = ["| " + " | ".join(map(str, row)) + " |" for row in [head] + rows]
    lines.insert(1, "|" + "---|" * len(head))
    return "\n".join(lines)


def publish(section, text):
    """Put text between the section's marks in docs/performance.md, in place of what an earlier run wrote."""
    begin, end = f"<!-- {section}: begin -->", f"<!-- {section}: end -->"
    with open(PAGE) as f:
        page = f.read()
    if begin not in page:
        page = f"{page.rstrip()}\n\n{begin}\n{end}\n"
    before, rest = page.split(begin, 1)
    after = rest.split(end, 1)[1]
    with open(PAGE + ".new", "w") as f:
        f.write(f"{before}{begin}\n{text.strip()}\n{end}{after}")
    os.replace(PAGE + ".new", PAGE)


def today():
    return time.strftime("%Y-%m-%d")
