# SPDX-FileCopyrightText: The Tranship authors
# SPDX-License-Identifier: Apache-2.0
"""A web server for URL sources: a directory, and addresses under /lab/ that misbehave.

  GET  /lab/bytes/N            N bytes, always the same ones
  GET  /lab/chunked/N          the same without Content-Length
  GET  /lab/slow/N/RATE        the same at RATE bytes a second
  GET  /lab/gate/NAME/N        half of N bytes; the rest once the gate is opened
  POST /lab/gate/NAME          opens a gate, for those who wait and those to come
  DELETE /lab/gate/NAME        closes it again
  GET  /lab/silent             takes the request and never answers
  GET  /lab/cut/N              promises N bytes, sends half and hangs up
  GET  /lab/status/CODE        answers with that status
  GET  /lab/redirect?to=URL    302

HEAD works everywhere and never waits. Served on every address:port given.
"""

import http.server
import random
import sys
import threading
import time
import urllib.parse

BLOCK_BYTES = 1 << 20
SLICE_SECONDS = 0.2
gates = {}
gates_lock = threading.Lock()


def gate(name):
    with gates_lock:
        return gates.setdefault(name, threading.Event())


def content(byte_count, begin=0):
    """Incompressible bytes from an offset on, a mebibyte or less at a time."""
    while begin < byte_count:
        index, skip = divmod(begin, BLOCK_BYTES)
        block = random.Random(index).randbytes(BLOCK_BYTES)[skip:skip + byte_count - begin]
        begin += len(block)
        yield block


class Handler(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.answer(super().do_GET)

    def do_HEAD(self):
        self.answer(super().do_HEAD)

    def do_POST(self):
        self.turn_gate(threading.Event.set)

    def do_DELETE(self):
        self.turn_gate(threading.Event.clear)

    def turn_gate(self, turn):
        parts = urllib.parse.urlsplit(self.path).path.split("/")
        if parts[1:3] != ["lab", "gate"] or len(parts) != 4:
            return self.send_error(404)
        turn(gate(parts[3]))
        self.head(204)

    def answer(self, serve_file):
        address = urllib.parse.urlsplit(self.path)
        parts = address.path.split("/")[1:]
        if parts[0] != "lab":
            return serve_file()
        try:
            work = getattr(self, f"lab_{parts[1]}")
            values = [int(part) if part.isdigit() else part for part in parts[2:]]
            if parts[1] == "redirect":
                values = [urllib.parse.parse_qs(address.query)["to"][0]]
            work(*values)
        except (AttributeError, IndexError, KeyError, TypeError):
            self.send_error(404)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def head(self, status, byte_count=0, **headers):
        """Status line and headers; False where no body may follow."""
        self.send_response(status)
        if byte_count is not None and status != 204:
            self.send_header("Content-Length", str(byte_count))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        return self.command != "HEAD"

    def lab_bytes(self, byte_count):
        if self.head(200, byte_count):
            for block in content(byte_count):
                self.wfile.write(block)

    def lab_chunked(self, byte_count):
        if self.head(200, None, Transfer_Encoding="chunked"):
            for block in content(byte_count):
                self.wfile.write(b"%x\r\n%b\r\n" % (len(block), block))
            self.wfile.write(b"0\r\n\r\n")

    def lab_slow(self, byte_count, bytes_per_second):
        if not self.head(200, byte_count):
            return
        step = max(1, int(bytes_per_second * SLICE_SECONDS))
        for block in content(byte_count):
            for begin in range(0, len(block), step):
                piece = block[begin:begin + step]
                self.wfile.write(piece)
                self.wfile.flush()
                time.sleep(len(piece) / bytes_per_second)

    def lab_gate(self, name, byte_count):
        if not self.head(200, byte_count):
            return
        half = byte_count // 2
        for block in content(half):
            self.wfile.write(block)
        self.wfile.flush()
        gate(str(name)).wait()
        for block in content(byte_count, half):
            self.wfile.write(block)

    def lab_silent(self):
        if self.command == "HEAD":
            return self.head(200)
        # Ends when the client hangs up.
        self.connection.recv(1)
        self.close_connection = True

    def lab_cut(self, byte_count):
        if self.head(200, byte_count):
            for block in content(byte_count // 2):
                self.wfile.write(block)
        self.close_connection = True

    def lab_status(self, status):
        self.send_error(status)

    def lab_redirect(self, target):
        self.head(302, Location=target)


class Server(http.server.ThreadingHTTPServer):
    def __init__(self, address, directory):
        self.directory = directory
        super().__init__(address, Handler)

    def finish_request(self, request, client_address):
        Handler(request, client_address, self, directory=self.directory)


def main(directory, *addresses):
    servers = []
    for address in addresses:
        host, port = address.rsplit(":", 1)
        servers.append(Server((host, int(port)), directory))
    threads = [threading.Thread(target=server.serve_forever) for server in servers]
    for thread in threads:
        thread.start()


if __name__ == "__main__":
    main(*sys.argv[1:])
