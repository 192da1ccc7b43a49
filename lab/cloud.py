# SPDX-FileCopyrightText: The Tranship authors
# SPDX-License-Identifier: Apache-2.0
"""The Image service of a lab cloud, for the scripts that fill and compare clouds.

They speak plain HTTP, so that no client library comes between them and
the service; openstacksdk, from the lab's own environment, only logs in.
"""

import http.client
import json
import os
import subprocess
import sys
import urllib.parse
from pathlib import Path

from lab.settings import LAB, REPOSITORY, VENV

PATCH = "application/openstack-images-v2.1-json-patch"


def enter_lab():
    """Restarts the calling script with the lab's Python and settings."""
    python = VENV / "bin" / "python"
    if not python.exists():
        sys.exit("error: the lab is not installed; run: scripts/lab up")
    if Path(sys.prefix).resolve() != VENV.resolve():
        os.execv(python, [python, *sys.argv])
    os.environ["OS_CLIENT_CONFIG_FILE"] = str(LAB / "clouds.yaml")
    for name in [name for name in os.environ
                 if name.lower().endswith("_proxy") or name == "OS_CLOUD"]:
        del os.environ[name]
    status = subprocess.run([REPOSITORY / "scripts" / "lab", "status"], capture_output=True)
    if status.returncode != 0:
        sys.exit("error: the lab is not up; run: scripts/lab up")


class Cloud:
    """One entry of the lab's clouds.yaml. What it refuses ends the script."""

    def __init__(self, name):
        import openstack
        connection = openstack.connect(cloud=name)
        self.name = name
        self.token = connection.auth_token
        self.project = connection.current_project_id
        self.host = urllib.parse.urlsplit(connection.image.get_endpoint()).netloc

    def call(self, method, path, value=None, kind="application/json"):
        body = None if value is None else json.dumps(value)
        text = self.send(method, path, body, {"Content-Type": kind} if body else {})
        return json.loads(text) if text else None

    def send(self, method, path, body, headers):
        connection = http.client.HTTPConnection(self.host, timeout=300)
        connection.request(method, path, body, {"X-Auth-Token": self.token} | headers)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        if answer.status >= 300:
            sys.exit(f"error: {self.name}: {method} {path} answered {answer.status}: "
                     f"{text[:300].decode()}")
        return text

    def change(self, image, **values):
        self.call("PATCH", f"/v2/images/{image}",
                  [{"op": "replace", "path": f"/{key}", "value": value}
                   for key, value in values.items()], PATCH)

    def own_images(self):
        """Every image of the project, hidden ones too, in order of creation."""
        images = []
        for hidden in ("false", "true"):
            path = f"/v2/images?limit=100&owner={self.project}&os_hidden={hidden}"
            while path:
                page = self.call("GET", path)
                images += page["images"]
                path = page.get("next")
        return sorted(images, key=lambda image: image["created_at"])
