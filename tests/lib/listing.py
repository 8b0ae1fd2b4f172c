"""What a folder holds that another one (the image it began as) does not: mode, owner, kind, path, and the content line by line."""
import hashlib
import os
import stat
import sys

root, image = sys.argv[1:3]
owners = os.geteuid() == 0


def content(path):
    with open(path, "rb") as f:
        return f.read()


def same(path, other):
    a, b = os.lstat(path), (os.lstat(other) if os.path.lexists(other) else None)
    if b is None or stat.S_IFMT(a.st_mode) != stat.S_IFMT(b.st_mode):
        return False
    if stat.S_ISLNK(a.st_mode):
        return os.readlink(path) == os.readlink(other)
    if stat.S_ISDIR(a.st_mode):
        return a.st_mode == b.st_mode
    return content(path) == content(other)


def show(path, name):
    st = os.lstat(path)
    owner = f"{st.st_uid}:{st.st_gid}" if owners else "-:-"
    if stat.S_ISLNK(st.st_mode):
        print(f"link      {owner} {name} -> {os.readlink(path)}")
        return
    kind = "folder" if stat.S_ISDIR(st.st_mode) else "file  "
    links = " (a name of another file)" if kind == "file  " and st.st_nlink > 1 else ""
    print(f"{kind} {stat.S_IMODE(st.st_mode):04o} {owner} {name}{links}")
    if kind == "folder":
        return
    data = content(path)
    try:
        text = data.decode()
    except UnicodeDecodeError:
        text = None
    if text is None or len(data) > 4096 or "\0" in text:
        print(f"  {len(data)} bytes, sha256 {hashlib.sha256(data).hexdigest()}")
        return
    for line in text.splitlines():
        print(f"  | {line}".rstrip())
    if data and not text.endswith("\n"):
        print("  (no line end)")


for folder, folders, files in os.walk(root):
    folders.sort()
    for name in sorted(files + [d for d in folders]):
        path = os.path.join(folder, name)
        relative = os.path.relpath(path, root)
        if not same(path, os.path.join(image, relative)):
            show(path, "/" + relative)
