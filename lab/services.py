# SPDX-FileCopyrightText: The Tranship authors
# SPDX-License-Identifier: Apache-2.0
"""The services: starting one, asking one, waiting for one."""

import base64
import http.client
import json
import time

from lab.configuration import configure, service_environment
from lab.console import LabError, Step
from lab.processes import Process, refuse_taken_port
from lab.settings import (
    BASIC_USER, LAB, PASSWORDS, SITES, VENV, pairs_of, port_of, url_of)


def request(method, url, path, token=None, body=None,
            expect=(200, 201, 204, 300), credentials=None):
    host = url.removeprefix("http://")
    connection = http.client.HTTPConnection(host, timeout=60)
    headers = {"Content-Type": "application/json"} if body is not None else {}
    headers |= credentials or {}
    if token:
        headers["X-Auth-Token"] = token
    try:
        connection.request(method, path, json.dumps(body) if body is not None else None, headers)
        answer = connection.getresponse()
        text = answer.read()
    finally:
        connection.close()
    if answer.status not in expect:
        raise LabError(f"{method} {url}{path} answered {answer.status}: {text[:300].decode()}")
    try:
        return answer.headers, json.loads(text) if text else {}
    except ValueError:
        return answer.headers, {}


def token_for(cloud, user, project):
    headers, body = request("POST", url_of(cloud, "keystone"), "/v3/auth/tokens", body={"auth": {
        "identity": {"methods": ["password"], "password": {"user": {
            "name": user, "domain": {"id": "default"}, "password": PASSWORDS[user]}}},
        "scope": {"project": {"name": project, "domain": {"id": "default"}}}}})
    return headers["X-Subject-Token"], body["token"]


def process_of(cloud, service):
    return Process(f"{cloud}-{service}")


# Processes that this very run started, whose end it hears of at once.
started = {}


def start_service(cloud, service):
    """Starts one service unless it runs; does not wait for it."""
    process = process_of(cloud, service)
    if process.pid() is not None:
        return False
    refuse_taken_port(port_of(cloud, service), f"{service} of {cloud}")
    command = [VENV / "bin" / "uwsgi", "--ini", LAB / cloud / "etc" / f"{service}-uwsgi.ini"]
    process.start([str(part) for part in command], service_environment(cloud, service))
    started[process.name] = process
    return True


def wait_for_service(cloud, service, seconds=90):
    process = started.get(f"{cloud}-{service}") or process_of(cloud, service)
    end = time.monotonic() + seconds
    while True:
        try:
            probe(cloud, service)
            return
        except (OSError, http.client.HTTPException, LabError) as error:
            if process.has_died():
                raise LabError(f"{service} of {cloud} ended while starting; the end of "
                               f"{process.log}:\n{process.last_lines()}") from None
            if time.monotonic() > end:
                raise LabError(f"{service} of {cloud} did not answer within {seconds} s "
                               f"({error}); see {process.log}") from None
        time.sleep(0.1)


def probe(cloud, service):
    """One authenticated request that only a working service can answer."""
    token, credentials = None, None
    if SITES[cloud].keystone:
        token, _ = token_for(SITES[cloud].keystone, "demo", "demo")
    elif SITES[cloud].flavor == "http_basic":
        pair = f"{BASIC_USER}:{PASSWORDS[BASIC_USER]}"
        credentials = {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
    if service == "glance":
        request("GET", url_of(cloud, "glance"), "/v2/images?limit=1", token,
                credentials=credentials)


def restart(cloud, service):
    process_of(cloud, service).stop()
    configure(cloud)
    start_service(cloud, service)
    with Step(f"starting {cloud} {service}"):
        wait_for_service(cloud, service)


def any_running():
    return [f"{site}-{service}" for site, service in pairs_of(SITES)
            if process_of(site, service).pid() is not None]
