"""A web server for tests: prints its port, then serves the folder given as argument, with Range; a first path component of
   its own makes it behave badly: /slow/FILE (16 KiB, then silence), /error/FILE (500), /other/FILE (same size, other bytes),
   /more/FILE (a byte too many), /busy/FILE (503 to the first two requests), /cut/FILE (half of what was promised, then the end),
   /endless/ (zeros for ever), /to/URL (a redirect there). Every request goes to standard error as "METHOD PATH RANGE"."""
import http.server
import os
import sys
import time


asked = {}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        _, mood, *rest = self.path.split("?")[0].split("/")
        wanted = self.headers.get("Range", "")
        # In one write: two requests at once must not share a line.
        sys.stderr.write(f"{self.command} {self.path} {wanted}\n")
        if mood == "to":
            self.send_response(302)
            self.send_header("Location", self.path[len("/to/"):])
            self.send_header("Content-Length", "0")
            return self.end_headers()
        if mood == "endless":
            self.close_connection = True
            self.send_response(200)
            self.end_headers()
            try:
                while True:
                    self.wfile.write(bytes(65536))
            except OSError:
                return None
        asked[self.path] = asked.get(self.path, 0) + 1
        if mood == "busy" and asked[self.path] <= 2:
            return self.send_error(503)
        if mood not in ("slow", "error", "other", "more", "busy", "cut"):
            mood, rest = "", [mood] + rest
        try:
            with open(os.path.join(sys.argv[1], *rest), "rb") as f:
                data = f.read()
        except OSError:
            return self.send_error(404)
        if mood == "error":
            return self.send_error(500)
        if mood == "other":
            data = bytes(255 - b for b in data)
        if mood == "more":
            data += b"x"
        start = int(wanted[len("bytes="):].split("-")[0]) if wanted else 0
        self.send_response(206 if wanted else 200)
        if wanted:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        if mood == "cut":
            self.close_connection = True
            return self.wfile.write(data[:len(data) // 2])
        if mood == "slow":
            self.wfile.write(data[start:start + 16384])
            self.wfile.flush()
            time.sleep(60)
        self.wfile.write(data[start:])

    def log_message(self, *arguments):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
print(server.server_address[1], flush=True)
server.serve_forever()
