# SPDX-FileCopyrightText: The Tranship authors
# SPDX-License-Identifier: Apache-2.0
"""The services between which contestants copy: the lab's real clouds, or two fast services."""

import json
import os
import re
import subprocess
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import openstack
import yaml

from lab.bench.measure import Failed
from lab.processes import is_answering, refuse_taken_port
from lab.settings import HOST, base_port

SOURCES = Path(__file__).resolve().parent
ROUND_TRIP_MS, WINDOW_KIB = 40, 3072
SECOND = "beta-second"


class Clouds:
    """Alpha and beta of the lab: real Keystones and Glances."""

    source, target = "alpha", "beta"

    def __init__(self, folder):
        self.folder, self.lines, self.lab = folder, [], Path(os.environ["TRANSHIP_LAB"])
        self.connect()
        self.logs = [self.lab / "log" / f"{cloud}-glance.log" for cloud in ("alpha", "beta")]
        self.keep_alive = "on"

    @property
    def services(self):
        return [json.loads((self.lab / "run" / f"{cloud}-{service}.pid").read_text())["pid"]
                for cloud in ("alpha", "beta") for service in ("keystone", "glance")]

    def connect(self):
        self.connections = {name: openstack.connect(cloud=name)
                            for name in (self.source, self.target, SECOND)}

    def set_keep_alive(self, value):
        if value == self.keep_alive:
            return
        for cloud in (self.source, self.target):
            subprocess.run(["scripts/lab", "set", cloud, "keep-alive", value], check=True,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.keep_alive = value
        self.connect()

    def ours(self, name):
        return [image for image in self.connections[name].image.images()
                if (image.name or "").startswith("bench-")]

    def remove(self, name):
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda image: self.connections[name].image.delete_image(image.id),
                          self.ours(name)))

    def prepare(self, count, size):
        """Uploads new images, in each round: a service never gives an id out again that was
        deleted, and Tranship's copies have ids that follow from their sources."""
        self.clear()
        self.remove(self.source)
        self.size, data = size, os.urandom(size + count)
        image = self.connections[self.source].image

        def upload(index):
            new = image.create_image(
                f"bench-{index}", disk_format="raw", container_format="bare", visibility="private",
                allow_duplicates=True)
            image.put(f"/images/{new.id}/file", data=memoryview(data)[index:index + size],
                      headers={"Content-Type": "application/octet-stream"}).raise_for_status()
            return f"{new.name} {new.id}"

        with ThreadPoolExecutor(4) as pool:
            self.lines = list(pool.map(upload, range(count)))

    def clear(self):
        for name in (self.target, SECOND):
            self.remove(name)

    def check(self, count):
        there = sum(image.status == "active" and image.size == self.size
                    for name in (self.target, SECOND) for image in self.ours(name))
        if there != count:
            raise Failed(f"{there} of {count} images arrived")

    def environment(self):
        result = {"CURL_OPTIONS": ""}
        for key, name in (("SOURCE", self.source), ("TARGET", self.target)):
            cloud = self.connections[name]
            result[key] = cloud.image.get_endpoint().rstrip("/").removesuffix("/v2")
            result[f"{key}_TOKEN"] = cloud.auth_token
        return result

    def begin_count(self):
        self.ends = [log.stat().st_size for log in self.logs]

    def end_count(self):
        """The requests of the Image service; what counts connections is `connections_of`."""
        time.sleep(0.1)
        count = 0
        for log, end in zip(self.logs, self.ends):
            with open(log, "rb") as file:
                file.seek(end)
                count += len(re.findall(rb" /v2/", file.read()))
        return {"requests": count, "connections": None}

    def connections_of(self, trace):
        """The connections to both Glances in what strace wrote."""
        ports = "|".join(str(base_port() + offset) for offset in (1, 11))
        return len(re.findall(rf"connect\(.*htons\(({ports})\)", trace.read_text(errors="replace")))

    def end(self):
        self.set_keep_alive("on")
        self.clear()
        self.remove(self.source)


class Services:
    """The programs of this folder, compiled and running: two fast services, two relays."""

    def __init__(self, folder):
        self.folder, self.running, self.port = folder, [], base_port() + 30
        warnings = ["-O2", "-Wall", "-Wextra", "-pthread"]
        for program, parts, libraries in (
                ("bench-service", ["service.c", "http.c", "records.c"], ["-lssl", "-lcrypto"]),
                ("bench-relay", ["relay.c"], [])):
            subprocess.run(["cc", *warnings, "-o", folder / program,
                            *(SOURCES / part for part in parts), *libraries], check=True)
        self.certificate = folder / "certificate.pem"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
             "-nodes", "-days", "30", "-subj", "/CN=bench", "-addext", f"subjectAltName=IP:{HOST}",
             "-keyout", folder / "key.pem", "-out", self.certificate],
            check=True, capture_output=True)
        for end in (0, 1):
            self.start("bench-service", self.port + 4 * end, self.port + 4 * end + 1,
                       self.certificate, folder / "key.pem")
            self.start("bench-relay", self.port + 4 * end + 2, self.port + 4 * end,
                       ROUND_TRIP_MS, WINDOW_KIB)
            self.start("bench-relay", self.port + 4 * end + 3, self.port + 4 * end + 1,
                       ROUND_TRIP_MS, WINDOW_KIB)

    def start(self, program, port, *words):
        refuse_taken_port(port, program)
        self.running.append(subprocess.Popen(
            [str(word) for word in (self.folder / program, port, *words)], start_new_session=True))
        for _ in range(100):
            if is_answering(port):
                return
            time.sleep(0.02)
        raise SystemExit(f"{program} does not listen on port {port}")

    def url(self, end, is_tls, is_far):
        port = self.port + 4 * end + (2 if is_far else 0) + (1 if is_tls else 0)
        return f"http{'s' if is_tls else ''}://{HOST}:{port}"

    def entries(self):
        """For clouds.yaml: both services by all four ways."""
        return {
            name: {"auth_type": "none", "auth": {"endpoint": url}, "image_endpoint_override": url,
                   "cacert": str(self.certificate)}
            for end, role in enumerate(("source", "target"))
            for is_tls in (False, True) for is_far in (False, True)
            for name, url in [(f"{way(is_tls, is_far)}-{role}", self.url(end, is_tls, is_far))]}

    def end(self):
        for process in self.running:
            process.terminate()
            process.wait()


def way(is_tls, is_far):
    return f"{'far' if is_far else 'near'}{'-tls' if is_tls else ''}"


class Fast:
    """The two fast services, with TLS or without, near or far away."""

    def __init__(self, services, is_tls=False, is_far=False, is_target_far=None, is_mirrored=False):
        self.all, self.is_tls, self.is_mirrored = services, is_tls, is_mirrored
        far = (is_far, is_far if is_target_far is None else is_target_far)
        self.source = f"{way(is_tls, far[0])}-source"
        self.target = f"{way(is_tls, far[1])}-target"
        self.urls = [services.url(end, is_tls, far[end]) for end in (0, 1)]
        self.services = [process.pid for process in services.running]
        self.lines = []

    def ask(self, end, path, method="POST"):
        request = urllib.request.Request(self.all.url(end, False, False) + path, method=method)
        with urllib.request.urlopen(request) as answer:
            return answer.read()

    def prepare(self, count, size):
        self.count, self.size = count, size
        self.ask(0, f"/bench/images?count={count}&size={size}")
        self.lines = [f"bench-{index} {size & 0xffffffff:08x}-0000-4000-8000-{index:012x}"
                      for index in range(count)]

    def clear(self):
        what = "images" if self.is_mirrored else "clear"
        self.ask(1, f"/bench/{what}?count={self.count}&size={self.size}")

    def check(self, count):
        there, last = 0, ""
        while True:
            page = json.loads(self.ask(1, f"/v2/images?limit=1000{last}", "GET"))["images"]
            there += sum(image["status"] == "active" and image["size"] == self.size
                         for image in page)
            if len(page) < 1000:
                break
            last = f"&marker={page[-1]['id']}"
        if there != count:
            raise Failed(f"{there} of {count} images arrived")

    def environment(self):
        return {"CURL_OPTIONS": f"--cacert {self.all.certificate}" if self.is_tls else "",
                "SOURCE": self.urls[0], "TARGET": self.urls[1],
                "SOURCE_TOKEN": "", "TARGET_TOKEN": ""}

    def begin_count(self):
        for end in (0, 1):
            self.ask(end, "/bench/count")

    def end_count(self):
        counts = [json.loads(self.ask(end, "/bench/counters", "GET")) for end in (0, 1)]
        return {key: sum(count[key] for count in counts) for key in ("requests", "connections")} | {
            "bodies_most": counts[1]["bodies_most"]}

    def connections_of(self, trace):
        return None

    def end(self):
        self.ask(0, "/bench/clear")
        self.ask(1, "/bench/clear")


def write_clouds(file, more):
    """The lab's clouds.yaml with a second project of beta, and the fast services."""
    clouds = yaml.safe_load(Path(os.environ["OS_CLIENT_CONFIG_FILE"]).read_text())["clouds"]
    second = clouds["beta"] | {"auth": clouds["beta"]["auth"] | {"project_name": "team-a"}}
    chosen = {name: clouds[name] for name in ("alpha", "beta")} | {SECOND: second} | more
    file.write_text(yaml.safe_dump({"clouds": chosen}))
    file.chmod(0o600)
    os.environ["OS_CLIENT_CONFIG_FILE"] = str(file)
