"""lab-http.py FOLDER LOG PORT: the web server of the machine room (tests/boot/lab-servers.bash): serves a folder, logs every
   request as "METHOD PATH STATUS ADDRESS" in one write. FILE.status and FILE.delay beside a file change the answer."""
import http.server
import os
import socket
import sys
import time

FOLDER, LOG, PORT = sys.argv[1], sys.argv[2], int(sys.argv[3])


def beside(path, what):
    try:
        with open(f"{path}.{what}") as f:
            return f.read().strip()
    except OSError:
        return ""


class Handler(http.server.BaseHTTPRequestHandler):
    def log(self, status):
        with open(LOG, "a") as f:
            f.write(f"{self.command} {self.path} {status} {self.client_address[0]}\n")

    def do_GET(self):
        path = os.path.join(FOLDER, self.path.split("?")[0].lstrip("/"))
        status = beside(path, "status")
        time.sleep(float(beside(path, "delay") or 0))
        if status == "hang":
            self.log("hang")
            time.sleep(3600)
        try:
            with open(path, "rb") as f:
                data = f.read()
        except OSError:
            status = status or "404"
        if status:
            self.log(status)
            return self.send_error(int(status))
        self.log(200)
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    do_HEAD = do_GET

    def log_message(self, *args):
        pass


class Server(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6
    daemon_threads = True


with open(LOG, "a"):
    pass
Server(("::", PORT), Handler).serve_forever()
