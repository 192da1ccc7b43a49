# SPDX-FileCopyrightText: The Tranship authors
# SPDX-License-Identifier: Apache-2.0
"""Where the lab is, who lives in it, and what can be set."""

import json
import os
from pathlib import Path
from typing import NamedTuple

from lab.console import LabError

REPOSITORY = Path(__file__).resolve().parent.parent
LAB = Path(os.environ.get("TRANSHIP_LAB_DIR") or REPOSITORY / ".lab").absolute()
VENV = LAB / "venv"
TEMPLATE = LAB / "template"
REQUIREMENTS = REPOSITORY / "lab" / "requirements.txt"
LEGACY_REQUIREMENTS = REPOSITORY / "lab" / "requirements-legacy.txt"
WSGI_FILE = REPOSITORY / "lab" / "wsgi.py"

HOST = "127.0.0.1"
# The web server is there too, and no Glance may fetch from it.
FORBIDDEN_HOST = "127.0.0.2"
REGION = "RegionOne"
SECOND_REGION = "RegionTwo"
EMPTY_REGION = "RegionWithoutImages"
DEFAULT_PORT = 18000
CLOUDS = ("alpha", "beta")
SERVICES = ("keystone", "glance")
STORES = ("fast", "slow")
# The optional third cloud, with Images API v1 alone.
LEGACY = "legacy"
LEGACY_SERVICES = ("glance-api", "glance-registry")


class Site(NamedTuple):
    """A Glance, with a Keystone of its own, another's, or none."""

    ports: dict             # service: offset from the first port
    keystone: str | None    # the site whose Keystone it asks
    region: str | None
    flavor: str = "keystone"  # of Glance's paste pipeline
    is_extra: bool = False    # started by `extra up`, not by `up`


SITES = {
    "alpha": Site({"keystone": 0, "glance": 1}, "alpha", REGION),
    "beta": Site({"keystone": 10, "glance": 11}, "beta", REGION),
    # Alpha's second region: same users and tokens, other images.
    "gamma": Site({"glance": 2}, "alpha", SECOND_REGION),
    "noauth": Site({"glance": 3}, None, None, flavor="", is_extra=True),
    "basic": Site({"glance": 4}, None, None, flavor="http_basic", is_extra=True),
}
EXTRAS = tuple(name for name, site in SITES.items() if site.is_extra)

# The federated logins of alpha: the provider, and the one method of Keystone's default ones
# that a protocol of any kind can be called after.
OIDC_PROVIDER = "lab-provider"
OIDC_PROTOCOL = "mapped"
OIDC_CLIENT = ("tranship", "tranship-secret")
OIDC_USER = ("ada", "ada-secret")

# Name and password of the Glance behind HTTP Basic; bcrypt, four rounds.
BASIC_USER = "demo"
BASIC_HASH = "$2b$04$kC3k4KrCW5qm67dXL.2J/eSAtdUjHsdcw6fWwWJA80toufAGhGfRS"

# Keystone's unified limits of the Image service; those of sizes are in MiB.
LIMITS = ("image_size_total", "image_stage_total", "image_count_total", "image_count_uploading")
UNLIMITED = -1

# The passwords of a lab that only this machine can reach.
PASSWORDS = {
    "admin": "admin-secret",
    "glance": "glance-secret",
    "demo": "demo-secret",
    "other": "other-secret",
    "reader": "reader-secret",
}
PROJECTS = ("demo", "other", "team-a", "team-b")
# user, project, role
ASSIGNMENTS = (
    ("admin", "demo", "admin"),
    ("admin", "other", "admin"),
    ("admin", "team-a", "admin"),
    ("admin", "team-b", "admin"),
    ("demo", "demo", "member"),
    ("demo", "team-a", "member"),
    ("other", "other", "member"),
    ("other", "team-b", "member"),
    ("reader", "demo", "reader"),
)
APPLICATION_CREDENTIALS = ("tranship", "expired")

# switch: (service, configuration section, option, default, what it does)
SWITCHES = {
    "token-expiration": (
        "keystone", "token", "expiration", "3600",
        "seconds until a token expires"),
    "image-size-cap": (
        "glance", "DEFAULT", "image_size_cap", "1099511627776",
        "largest image in bytes; more is answered with 413"),
    "user-storage-quota": (
        "glance", "DEFAULT", "user_storage_quota", "0",
        "bytes a project may store, with B KB MB GB TB; 0 means unlimited"),
    "image-property-quota": (
        "glance", "DEFAULT", "image_property_quota", "128",
        "properties of one image"),
    "image-tag-quota": (
        "glance", "DEFAULT", "image_tag_quota", "128",
        "tags of one image"),
    "image-member-quota": (
        "glance", "DEFAULT", "image_member_quota", "128",
        "members of one image"),
    "disk-formats": (
        "glance", "image_format", "disk_formats",
        "ami,ari,aki,vhd,vhdx,vmdk,raw,qcow2,vdi,iso,ploop",
        "disk formats that a record may have"),
    "container-formats": (
        "glance", "image_format", "container_formats",
        "ami,ari,aki,bare,ovf,ova,docker,compressed",
        "container formats that a record may have"),
    "page-limit": (
        "glance", "DEFAULT", "api_limit_max", "1000",
        "images in one page of a list"),
    "import-methods": (
        "glance", "DEFAULT", "enabled_import_methods",
        "[glance-direct,web-download,copy-image,glance-download]",
        "import methods, as a list in brackets"),
    "import-plugins": (
        "glance", "image_import_opts", "image_import_plugins", "[no_op]",
        "[image_conversion] (needs qemu-img), [image_decompression], or both"),
    "conversion-format": (
        "glance", "image_conversion", "output_format", "raw",
        "what image_conversion makes: raw, qcow2, vmdk"),
    "import-threads": (
        "glance", "wsgi", "task_pool_threads", "16",
        "imports that one process of Glance does at once; alpha and beta have two"),
    "unified-limits": (
        "glance", None, None, "off",
        "on: Glance obeys Keystone's limits (scripts/lab limit)"),
    "hashing-algorithm": (
        "glance", "DEFAULT", "hashing_algorithm", "sha512",
        "the algorithm of os_hash_value: md5, sha1, sha256, sha512"),
    "property-protections": (
        "glance", None, None, "off",
        "on: members may read x_protected_* but not write it"),
    "members-may-publish": (
        "glance", None, None, "off",
        "on: visibility public needs no admin"),
    "keep-alive": (
        "glance", None, None, "on",
        "off: the service closes each connection after one answer"),
}


def write(path, text, mode=0o600):
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    partial.write_text(text)
    partial.chmod(mode)
    partial.replace(path)


def saved_settings():
    try:
        return json.loads((LAB / "settings.json").read_text())
    except FileNotFoundError:
        return {}


def save_settings(settings):
    write(LAB / "settings.json", json.dumps(settings, indent=2) + "\n")


def switches_of(cloud):
    given = saved_settings().get("switches", {}).get(cloud, {})
    return {name: given.get(name, row[3]) for name, row in SWITCHES.items()}


def ids_of(cloud):
    return json.loads((TEMPLATE / cloud / "ids.json").read_text())


def base_port():
    given = os.environ.get("TRANSHIP_LAB_PORT")
    port = given or saved_settings().get("port", DEFAULT_PORT)
    if not str(port).isdigit() or not 1024 <= int(port) <= 65515:
        raise LabError(f"TRANSHIP_LAB_PORT is \"{port}\", but must be a number from 1024 to 65515")
    return int(port)


def port_of(site, service):
    return base_port() + SITES[site].ports[service]


def web_port():
    return base_port() + 5


def legacy_port(service):
    return base_port() + 6 + LEGACY_SERVICES.index(service)


def legacy_url():
    return f"http://{HOST}:{legacy_port('glance-api')}"


def forbidden_web_port():
    """The web server's second port, from which no Glance may fetch."""
    return base_port() + 8


def oidc_front_port():
    """Of the Apache before alpha's Keystone."""
    return base_port() + 9


def oidc_front_url():
    return f"http://{HOST}:{oidc_front_port()}"


def oidc_provider_port():
    return base_port() + 12


def oidc_issuer():
    return f"http://{HOST}:{oidc_provider_port()}"


def services_of(site):
    """In the order of starting: Keystone first."""
    return [name for name in SERVICES if name in SITES[site].ports]


def pairs_of(sites):
    """(site, service), Keystones first: Glances need them."""
    return [(site, service) for service in SERVICES for site in sites
            if service in SITES[site].ports]


def permanent_sites():
    return [name for name in SITES if name not in EXTRAS]


def url_of(site, service):
    """Of a site's own service, or of the Keystone that it shares."""
    owner = SITES[site].keystone if service == "keystone" else site
    return f"http://{HOST}:{port_of(owner, service)}"
