"""A scripted Kubernetes API server by HTTPS: api-server.py SERVER.PEM CA.CRT STATE PORT-FILE

STATE is a JSON file that is read anew for each request:
  info     body of kube-public/cluster-info; missing: 404
  tokens   {TOKEN: may it ask for certificates?}; others get 401
  nodes    {NAME: Node}; read, and patched, by the client certificate system:node:NAME
  date     seconds that its clock (the header Date) is ahead of this machine's
  status   {PATH: status to answer with}
  lie      giant | garbage | empty | truncate | redirect | close: how every request is answered
Requests are lines "METHOD PATH STATUS USER" on standard error."""
import http.server
import json
import os
import ssl
import sys
import time

INFO = "/api/v1/namespaces/kube-public/configmaps/cluster-info"
REVIEW = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"


def merge(base, patch):
    for key, value in patch.items():
        if value is None:
            base.pop(key, None)
        elif isinstance(value, dict):
            base[key] = merge(base.get(key) or {}, value)
        else:
            base[key] = value
    return base


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def user(self):
        peer = self.connection.getpeercert()
        for name in peer["subject"] if peer else ():
            if name[0][0] == "commonName":
                return name[0][1]
        word = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if word:
            return "token" if word in self.state.get("tokens", {}) else "unknown"
        return "anonymous"

    def date_time_string(self, timestamp=None):
        return super().date_time_string(time.time() + self.state.get("date", 0))

    def reply(self, status, body, length=None):
        data = body if isinstance(body, bytes) else body.encode()
        self.send_response(status)
        if 300 <= status < 400:
            self.send_header("Location", "https://127.0.0.1:1/login")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(length or len(data)))
        self.end_headers()
        self.wfile.write(data)
        self.log(status)

    def log(self, status):
        print(self.command, self.path, status, self.user(), file=sys.stderr, flush=True)

    def lie(self, how):
        if how == "giant":
            self.reply(200, b"{" + b" " * (3 << 20))
        elif how == "garbage":
            self.reply(200, bytes(range(256)) * 4)
        elif how == "empty":
            self.reply(200, "")
        elif how == "truncate":
            self.reply(200, '{"kind": "ConfigMap", "data": {"kubec', length=5000)
            self.close_connection = True
        elif how == "redirect":
            self.reply(302, "")
        else:
            self.close_connection = True

    def node(self, body):
        name = self.path.rsplit("/", 1)[1]
        if self.user() != "system:node:" + name:
            return self.reply(401 if self.user() in ("unknown", "anonymous") else 403, "{}")
        if name not in self.state.get("nodes", {}):
            return self.reply(404, "{}")
        if self.command == "PATCH":
            merge(self.state["nodes"][name], json.loads(body))
            with open(sys.argv[3] + ".new", "w") as f:
                json.dump(self.state, f)
            os.rename(sys.argv[3] + ".new", sys.argv[3])
        return self.reply(200, json.dumps(self.state["nodes"][name]))

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with open(sys.argv[3]) as f:
            self.state = json.load(f)
        status = self.state.get("status", {}).get(self.path)
        if self.state.get("lie"):
            self.lie(self.state["lie"])
        elif status:
            self.reply(status, "{}")
        elif self.path == "/version":
            self.reply(200, '{"major": "1", "gitVersion": "v1.20.2"}')
        elif self.path == INFO:
            info = self.state.get("info")
            self.reply(200, json.dumps(info)) if info else self.reply(404, "{}")
        elif self.path == REVIEW and self.command == "POST":
            if self.user() != "token":
                return self.reply(401, "{}")
            word = self.headers["Authorization"].removeprefix("Bearer ")
            self.reply(201, json.dumps({"status": {"allowed": self.state["tokens"][word]}}))
        elif self.path.startswith("/api/v1/nodes/"):
            self.node(body)
        else:
            self.reply(404, "{}")

    do_GET = do_POST = do_PATCH = answer

    def log_message(self, *_):
        pass


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1])
context.load_verify_locations(sys.argv[2])
context.verify_mode = ssl.CERT_OPTIONAL
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
server.handle_error = lambda *_: None
server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
with open(sys.argv[4] + ".new", "w") as f:
    print(server.server_address[1], file=f)
os.rename(sys.argv[4] + ".new", sys.argv[4])
server.serve_forever()
