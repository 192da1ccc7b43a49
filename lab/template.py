# SPDX-FileCopyrightText: The Tranship authors
# SPDX-License-Identifier: Apache-2.0
"""Both clouds as they are before the first image: made once, copied by every reset."""

import getpass
import hashlib
import http.client
import json
import os
import shutil
import sqlite3
import time

from lab.configuration import configure, service_environment
from lab.console import LabError, Step, say
from lab.processes import in_parallel, run_logged
from lab.services import any_running, process_of, request, start_service, started, token_for
from lab.settings import (
    APPLICATION_CREDENTIALS, ASSIGNMENTS, CLOUDS, EMPTY_REGION, LAB, PASSWORDS, PROJECTS,
    REGION, REQUIREMENTS, SERVICES, SITES, STORES, TEMPLATE, VENV, base_port, services_of,
    url_of, write)
from lab.stores import mend_stores

# Changes with what a template holds, so that an older one is built again.
TEMPLATE_VERSION = 2


def stamp():
    return hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()


def ensure_template():
    version = f"{TEMPLATE_VERSION} {stamp()}"
    note = TEMPLATE / "version"
    if note.exists() and note.read_text() == version:
        return
    if any_running():
        raise LabError("the lab is running and its template is out of date: scripts/lab down first")
    say("lab: preparing both clouds (once, about half a minute)")
    shutil.rmtree(TEMPLATE, ignore_errors=True)
    for site in SITES:
        shutil.rmtree(LAB / site, ignore_errors=True)
    for cloud in CLOUDS:
        configure(cloud)
    with Step("database schemas"):
        # One schema of each kind is enough; beta starts from a copy.
        in_parallel(make_schema, SERVICES)
    for service in SERVICES:
        restore_database(LAB / "alpha" / f"{service}.db", LAB / "beta" / f"{service}.db")
    with Step("keys, and the first administrator"):
        in_parallel(bootstrap_keystone, CLOUDS)
    try:
        with Step("projects, users, application credentials"):
            for cloud in CLOUDS:
                start_service(cloud, "keystone")
            for cloud in CLOUDS:
                populate_keystone(cloud)
    finally:
        for cloud in CLOUDS:
            process_of(cloud, "keystone").stop()
    for cloud in CLOUDS:
        for service in SERVICES:
            restore_database(LAB / cloud / f"{service}.db", TEMPLATE / cloud / f"{service}.db")
        shutil.copytree(LAB / cloud / "keys", TEMPLATE / cloud / "keys")
    write(note, version)


def manage(cloud, name, command, environment=None):
    with open(LAB / "log" / f"bootstrap-{cloud}-{name}.log", "wb") as output:
        run_logged(command, output, service_environment(cloud, name) | (environment or {}))


def keystone_manage(cloud, *arguments):
    manage(cloud, "keystone", [VENV / "bin" / "keystone-manage", "--config-file",
                               LAB / cloud / "etc" / "keystone.conf", *arguments])


def make_schema(service):
    if service == "keystone":
        keystone_manage("alpha", "db_sync")
    else:
        glance_manage = [VENV / "bin" / "glance-manage", "--config-file",
                         LAB / "alpha" / "etc" / "glance" / "glance-api.conf"]
        manage("alpha", "glance", [*glance_manage, "db_sync"])
        manage("alpha", "glance", [*glance_manage, "db_load_metadefs",
                                   VENV / "etc" / "glance" / "metadefs"])


def bootstrap_keystone(cloud):
    user = getpass.getuser()
    group = str(os.getgid())
    for kind in ("fernet", "credential"):
        (LAB / cloud / "keys" / kind).mkdir(parents=True, exist_ok=True, mode=0o700)
        keystone_manage(cloud, f"{kind}_setup", "--keystone-user", user, "--keystone-group", group)
    url = url_of(cloud, "keystone") + "/v3/"
    keystone_manage(
        cloud, "bootstrap", "--bootstrap-password", PASSWORDS["admin"],
        "--bootstrap-region-id", REGION, "--bootstrap-public-url", url,
        "--bootstrap-internal-url", url, "--bootstrap-admin-url", url)


def wait_for_keystone(cloud):
    end = time.monotonic() + 90
    while True:
        try:
            return token_for(cloud, "admin", "admin")
        except (OSError, http.client.HTTPException, LabError) as error:
            if started[f"{cloud}-keystone"].has_died() or time.monotonic() > end:
                raise LabError(f"keystone of {cloud} does not start: {error}; the end of its log:\n"
                               f"{started[f'{cloud}-keystone'].last_lines()}") from None
        time.sleep(0.1)


def populate_keystone(cloud):
    keystone = url_of(cloud, "keystone")
    token, facts = wait_for_keystone(cloud)

    def make(kind, body):
        return request("POST", keystone, f"/v3/{kind}s", token, {kind: body})[1][kind]["id"]

    roles = {role["name"]: role["id"]
             for role in request("GET", keystone, "/v3/roles", token)[1]["roles"]}
    projects = {"admin": facts["project"]["id"]}
    for name in ("service", *PROJECTS):
        projects[name] = make("project", {"name": name, "domain_id": "default"})
    users = {"admin": facts["user"]["id"]}
    for name in ("glance", "demo", "other", "reader"):
        users[name] = make("user", {
            "name": name, "password": PASSWORDS[name], "domain_id": "default"})
    for user, project, role in (*ASSIGNMENTS, ("glance", "service", "admin"),
                                ("glance", "service", "service")):
        request("PUT", keystone, f"/v3/projects/{projects[project]}/users/{users[user]}"
                f"/roles/{roles[role]}", token)

    image = make("service", {"type": "image", "name": "glance"})
    # To read every project's limits Glance needs a role on the system.
    request("PUT", keystone, f"/v3/system/users/{users['glance']}/roles/{roles['reader']}", token)
    for site, region in image_regions(cloud).items():
        if region != REGION:
            request("POST", keystone, "/v3/regions", token, {"region": {"id": region}})
        for interface in ("public", "internal", "admin"):
            make("endpoint", {"service_id": image, "interface": interface, "region_id": region,
                              "url": url_of(site, "glance")})
    # A region with a Keystone and nothing else.
    request("POST", keystone, "/v3/regions", token, {"region": {"id": EMPTY_REGION}})
    services = request("GET", keystone, "/v3/services?type=identity", token)[1]["services"]
    make("endpoint", {"service_id": services[0]["id"], "interface": "public",
                      "region_id": EMPTY_REGION, "url": keystone + "/v3/"})

    own, _ = token_for(cloud, "demo", "demo")
    ids = {"projects": projects, "users": users, "application_credentials": {}}
    for name in APPLICATION_CREDENTIALS:
        credential = request("POST", keystone, f"/v3/users/{users['demo']}/application_credentials",
                             own, {"application_credential": {
                                 "name": name, "secret": f"{name}-secret"}})[1]
        ids["application_credentials"][name] = credential["application_credential"]["id"]
    # Keystone takes no date in the past, so the database is told.
    database = sqlite3.connect(LAB / cloud / "keystone.db", timeout=30)
    with database:
        database.execute("UPDATE application_credential SET expires_at = ? WHERE name = 'expired'",
                         (1_577_836_800_000_000,))
    database.close()
    write(TEMPLATE / cloud / "ids.json", json.dumps(ids | {"port": base_port()}, indent=2) + "\n")


def image_regions(cloud):
    """The Glances in a Keystone's catalogue, each with its region."""
    return {site: facts.region for site, facts in SITES.items() if facts.keystone == cloud}


def restore_cloud(cloud):
    """Makes a cloud what it was before its first image; its services may run."""
    home = LAB / cloud
    # Glance's is the same in every cloud.
    origin = TEMPLATE / (cloud if cloud in CLOUDS else CLOUDS[0])
    for service in services_of(cloud):
        restore_database(origin / f"{service}.db", home / f"{service}.db")
    mend_stores(cloud)
    for name in ("staging", "tasks", *STORES):
        empty_directory(home / "data" / name)
    empty_directory(home / "cache")
    # Glance makes these when it starts, and answers 500 without them.
    for name in ("queue", "incomplete", "invalid"):
        (home / "cache" / name).mkdir()
    if cloud in CLOUDS and not (home / "keys").exists():
        shutil.copytree(TEMPLATE / cloud / "keys", home / "keys")


def point_catalogue(cloud):
    """The catalogue names ports; they are those of the template until told otherwise."""
    database = sqlite3.connect(LAB / cloud / "keystone.db", timeout=30)
    with database:
        rows = database.execute(
            "SELECT endpoint.id, endpoint.url, service.type, endpoint.region_id FROM endpoint "
            "JOIN service ON service.id = endpoint.service_id").fetchall()
        glances = {region: site for site, region in image_regions(cloud).items()}
        for identifier, url, kind, region in rows:
            wanted = (url_of(cloud, "keystone") + "/v3/" if kind == "identity"
                      else url_of(glances[region], "glance"))
            if url != wanted:
                database.execute("UPDATE endpoint SET url = ? WHERE id = ?", (wanted, identifier))
    database.close()


def name_cache_node(cloud):
    """Glance enters its address for the image cache when it starts, and never again after a reset."""
    database = sqlite3.connect(LAB / cloud / "glance.db", timeout=30)
    with database:
        database.execute("INSERT OR IGNORE INTO node_reference (node_reference_url) VALUES (?)",
                         (url_of(cloud, "glance"),))
    database.close()


def restore_database(source, target):
    """Copies one SQLite database over another, which may be in use."""
    target.parent.mkdir(parents=True, exist_ok=True)
    # check_same_thread: the clouds are prepared side by side.
    with sqlite3.connect(source) as one, sqlite3.connect(target, timeout=30) as other:
        one.backup(other)
        other.execute("PRAGMA journal_mode=WAL")
    one.close()
    other.close()
    target.chmod(0o600)


def empty_directory(path):
    path.mkdir(parents=True, exist_ok=True)
    for child in path.iterdir():
        if child.is_dir():
            shutil.rmtree(child, ignore_errors=True)
        else:
            child.unlink(missing_ok=True)
