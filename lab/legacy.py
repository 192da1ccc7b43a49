# SPDX-FileCopyrightText: The Tranship authors
# SPDX-License-Identifier: Apache-2.0
"""A third cloud, as clouds were before 2018: Images API v1 and nothing else.

Glance 15 (Pike) on Python 2.7, without a Keystone: every client is the
administrator. It is optional, as few machines still have a Python 2.7.
"""

import hashlib
import http.client
import os
import shutil
import sqlite3
import subprocess
import time
from pathlib import Path

from lab.configuration import ini
from lab.console import LabError, Step, say
from lab.processes import Process, refuse_taken_port, run_logged
from lab.settings import (
    HOST, LAB, LEGACY, LEGACY_REQUIREMENTS, LEGACY_SERVICES, REPOSITORY, legacy_port, legacy_url,
    write)

HOME = LAB / LEGACY
LEGACY_VENV = LAB / "venv-legacy"
PYTHON27 = REPOSITORY / "lab" / "python27"
# The last that makes environments of Python 2.7; it brings pip 20.3.4 and setuptools 44.1.1.
VIRTUALENV = "virtualenv==20.21.1"

PASTE = {
    "glance-api": {
        "pipeline:glance-api": {"pipeline": "versionnegotiation unauthenticated-context rootapp"},
        "composite:rootapp": {
            "paste.composite_factory": "glance.api:root_app_factory",
            "/": "apiversions", "/v1": "apiv1app",
        },
        "app:apiversions": {"paste.app_factory": "glance.api.versions:create_resource"},
        "app:apiv1app": {"paste.app_factory": "glance.api.v1.router:API.factory"},
        "filter:versionnegotiation": {
            "paste.filter_factory":
                "glance.api.middleware.version_negotiation:VersionNegotiationFilter.factory",
        },
        "filter:unauthenticated-context": {
            "paste.filter_factory":
                "glance.api.middleware.context:UnauthenticatedContextMiddleware.factory",
        },
    },
    "glance-registry": {
        "pipeline:glance-registry": {
            "pipeline": "onebyone unauthenticated-context registryapp"},
        "filter:onebyone": {"paste.filter_factory": "one_by_one:factory"},
        "app:registryapp": {"paste.app_factory": "glance.registry.api:API.factory"},
        "filter:unauthenticated-context": {
            "paste.filter_factory":
                "glance.api.middleware.context:UnauthenticatedContextMiddleware.factory",
        },
    },
}


def find_python27():
    """A Python 2.7 that runs, or None. A shim of pyenv may stand on PATH without one."""
    given = os.environ.get("TRANSHIP_LAB_PYTHON27")
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    names = [given] if given else [
        "python2.7", *sorted(root.glob("versions/2.7.*/bin/python2.7"), reverse=True)]
    question = ("import sys, platform; assert sys.version_info[:2] == (2, 7); "
                "assert platform.python_implementation() == 'CPython'; print(sys.executable)")
    for name in names:
        path = shutil.which(str(name))
        if path:
            answer = subprocess.run([path, "-c", question], capture_output=True, text=True)
            if answer.returncode == 0:
                return answer.stdout.strip()
    return None


def explain_absence():
    say("lab: no Python 2.7 here (on PATH, in pyenv or in TRANSHIP_LAB_PYTHON27), "
        "so no legacy cloud: Images API v1 is tested against the in-process server alone")


def legacy_stamp():
    return hashlib.sha256(LEGACY_REQUIREMENTS.read_bytes()).hexdigest()


def is_legacy_installed():
    try:
        return (LEGACY_VENV / "installed").read_text() == legacy_stamp()
    except FileNotFoundError:
        return False


def install_legacy(python3):
    """False where there is no Python 2.7 to install it for."""
    if is_legacy_installed():
        say(f"lab: Glance 15 is installed in {LEGACY_VENV}")
        return True
    python27 = find_python27()
    if python27 is None:
        explain_absence()
        return False
    if any(process_of(service).pid() for service in LEGACY_SERVICES):
        raise LabError("the legacy cloud runs an older installation: scripts/lab legacy down first")
    say(f"lab: installing Glance 15 (Pike) into {LEGACY_VENV}")
    if LEGACY_VENV.is_symlink():
        LEGACY_VENV.unlink()
    shutil.rmtree(LEGACY_VENV, ignore_errors=True)
    helper = HOME / "virtualenv"
    shutil.rmtree(helper, ignore_errors=True)
    with open(LAB / "log" / "install-legacy.log", "wb") as output:
        with Step(f"virtual environment with {python27}"):
            run_logged([python3(), "-m", "venv", helper], output)
            pip = [helper / "bin" / "pip", "install", "--disable-pip-version-check"]
            run_logged([*pip, VIRTUALENV], output)
            run_logged([helper / "bin" / "virtualenv", "--python", python27, "--no-periodic-update",
                        "--app-data", HOME / "virtualenv-data", LEGACY_VENV], output)
        with Step(f"packages from {LEGACY_REQUIREMENTS.relative_to(REPOSITORY)} (one to two minutes)"):
            run_logged([LEGACY_VENV / "bin" / "pip", "install", "--disable-pip-version-check",
                        "--no-python-version-warning", "--prefer-binary",
                        "-r", LEGACY_REQUIREMENTS], output)
    shutil.rmtree(helper)
    shutil.rmtree(HOME / "virtualenv-data", ignore_errors=True)
    write(LEGACY_VENV / "installed", legacy_stamp(), mode=0o644)
    return True


def configure_legacy():
    database = {"connection": f"sqlite:///{HOME}/glance.db?timeout=60"}
    for service in LEGACY_SERVICES:
        default = {
            "bind_host": HOST, "bind_port": legacy_port(service),
            # One process: SQLite takes one writer, and each worker would be another.
            "workers": 0,
            "log_file": HOME / f"{service}.log",
            "enable_v1_api": "true", "enable_v2_api": "false",
            "enable_v1_registry": "true", "enable_v2_registry": "false",
        }
        sections = {"DEFAULT": default, "database": database, "paste_deploy": {
            "config_file": HOME / "etc" / f"{service}-paste.ini"}}
        if service == "glance-api":
            default |= {
                "registry_host": HOST, "registry_port": legacy_port("glance-registry"),
                "image_cache_dir": HOME / "cache",
            }
            sections |= {
                # http is for `location` and `copy_from`: it reads, and stores nothing.
                "glance_store": {"stores": "file,http", "default_store": "file",
                                 "filesystem_store_datadir": HOME / "images"},
                "oslo_policy": {"policy_file": HOME / "etc" / "policy.json"},
                "oslo_concurrency": {"lock_path": HOME / "locks"},
            }
        write(HOME / "etc" / f"{service}.conf", ini(sections))
        write(HOME / "etc" / f"{service}-paste.ini", ini(PASTE[service]))
    write(HOME / "etc" / "policy.json", '{"context_is_admin": "role:admin", "default": ""}\n')
    (HOME / "images").mkdir(exist_ok=True)


def process_of(service):
    return Process(f"{LEGACY}-{service.removeprefix('glance-')}")


def probe_legacy(service):
    """The registry alone answers nothing of use; the api's list passes through it."""
    path = "/v1/images?limit=1" if service == "glance-api" else "/"
    connection = http.client.HTTPConnection(HOST, legacy_port(service), timeout=30)
    try:
        connection.request("GET", path)
        status = connection.getresponse().status
    finally:
        connection.close()
    if service == "glance-api" and status != 200:
        raise LabError(f"GET {legacy_url()}{path} answered {status}")


def legacy_up(python3):
    if not install_legacy(python3):
        return
    begin = time.monotonic()
    HOME.mkdir(parents=True, exist_ok=True)
    configure_legacy()
    if not (HOME / "glance.db").exists():
        with open(LAB / "log" / "install-legacy.log", "ab") as output, Step("database schema"):
            try:
                run_logged([LEGACY_VENV / "bin" / "glance-manage", "--config-file",
                            HOME / "etc" / "glance-registry.conf", "db_sync"], output)
                # Kept in the file. Without it a reader that has not closed its
                # cursor keeps every writer out.
                with sqlite3.connect(HOME / "glance.db") as connection:
                    connection.execute("PRAGMA journal_mode=WAL")
            except (LabError, sqlite3.Error):
                (HOME / "glance.db").unlink(missing_ok=True)
                raise
    started = {}
    for service in reversed(LEGACY_SERVICES):
        process = process_of(service)
        if process.pid() is None:
            refuse_taken_port(legacy_port(service), f"{service} of {LEGACY}")
            process.start([str(LEGACY_VENV / "bin" / service), "--config-file",
                           str(HOME / "etc" / f"{service}.conf")], {"PYTHONPATH": str(PYTHON27)})
            started[service] = process
    with Step(f"starting {LEGACY} {', '.join(started)}" if started else f"asking {LEGACY}"):
        for service in reversed(LEGACY_SERVICES):
            wait_for_legacy(service, started.get(service) or process_of(service))
    say(f"lab: {LEGACY} is up at {legacy_url()} ({time.monotonic() - begin:.1f} s)")


def wait_for_legacy(service, process, seconds=60):
    end = time.monotonic() + seconds
    while True:
        try:
            return probe_legacy(service)
        except (OSError, http.client.HTTPException, LabError) as error:
            if process.has_died():
                raise LabError(f"{service} ended while starting; the end of {process.log}:\n"
                               f"{process.last_lines()}") from None
            if time.monotonic() > end:
                raise LabError(f"{service} did not answer within {seconds} s ({error}); "
                               f"see {process.log}") from None
        time.sleep(0.1)


def stop_legacy():
    """The names of the processes that ran."""
    return [process.name for process in map(process_of, LEGACY_SERVICES) if process.stop()]


def legacy_reset():
    was_up = bool(stop_legacy())
    for suffix in ("", "-wal", "-shm"):
        (HOME / f"glance.db{suffix}").unlink(missing_ok=True)
    shutil.rmtree(HOME / "images", ignore_errors=True)
    return was_up


def legacy_rows():
    """What `status` shows of it; nothing where it was never installed."""
    rows = []
    for service in LEGACY_SERVICES if is_legacy_installed() else ():
        pid = process_of(service).pid()
        state = "down"
        if pid is not None:
            try:
                probe_legacy(service)
                state = "up"
            except (OSError, http.client.HTTPException, LabError) as error:
                state = f"not answering ({error})"
        rows.append({"cloud": LEGACY, "service": service.removeprefix("glance-"),
                     "url": f"http://{HOST}:{legacy_port(service)}", "pid": pid, "state": state})
    return rows


def is_legacy_up():
    return bool(legacy_rows()) and all(row["state"] == "up" for row in legacy_rows())
