# SPDX-FileCopyrightText: The Tranship authors
# SPDX-License-Identifier: Apache-2.0
"""Keystone's unified limits of the Image service, which Glance obeys with unified-limits on."""

from lab.console import LabError
from lab.services import request, token_for
from lab.settings import (
    LIMITS, PASSWORDS, SITES, UNLIMITED, ids_of, save_settings, saved_settings, switches_of,
    url_of)


def limits_of(site):
    """What is wanted: {(resource, project or None): value}, unlimited where nothing was said."""
    given = saved_settings().get("limits", {}).get(site, {})
    wanted = {(name, None): UNLIMITED for name in LIMITS}
    for key, value in given.items():
        name, _, project = key.partition("@")
        wanted[name, project or None] = value
    return wanted


def set_limit(site, name, value, project=None):
    """Keeps a limit and sets it in Keystone. Glance asks Keystone again for every request."""
    if SITES[site].keystone is None:
        raise LabError(f"{site} has no Keystone, so it has no limits")
    if name not in LIMITS:
        raise LabError(f"there is no limit \"{name}\"; there are {', '.join(LIMITS)}")
    if project and project not in ids_of(SITES[site].keystone)["projects"]:
        raise LabError(f"{SITES[site].keystone} has no project \"{project}\"")
    settings = saved_settings()
    given = settings.setdefault("limits", {}).setdefault(site, {})
    key = f"{name}@{project}" if project else name
    if value == "default":
        given.pop(key, None)
    elif value.lstrip("-").isdigit() and int(value) >= UNLIMITED:
        given[key] = int(value)
    else:
        raise LabError(f"a limit is a number, {UNLIMITED} for none, or default; not \"{value}\"")
    save_settings(settings)
    apply_limits(site)


def apply_limits_again(cloud):
    """After a Keystone's database was replaced: what Glances obey must not be missing there."""
    for site, facts in SITES.items():
        if facts.keystone == cloud and switches_of(site)["unified-limits"] == "on":
            apply_limits(site)


def apply_limits(site):
    """Makes Keystone say what is wanted. A resource that it does not know counts as 0."""
    owner, region = SITES[site].keystone, SITES[site].region
    keystone = url_of(site, "keystone")
    token, _ = token_for(owner, "admin", "admin")
    # A token of the system sees every project's limits; one of a project its own.
    system = system_token(keystone)
    service = request("GET", keystone, "/v3/services?type=image", token)[1]["services"][0]["id"]
    projects = ids_of(owner)["projects"]
    wanted = limits_of(site)
    place = f"?service_id={service}&region_id={region}"

    def each(kind, key):
        return request("GET", keystone, f"/v3/{kind}{place}", system)[1][key]

    registered = {row["resource_name"]: row
                  for row in each("registered_limits", "registered_limits")}
    for name in LIMITS:
        value = wanted[name, None]
        if name not in registered:
            request("POST", keystone, "/v3/registered_limits", system, {"registered_limits": [{
                "service_id": service, "region_id": region, "resource_name": name,
                "default_limit": value}]})
        elif registered[name]["default_limit"] != value:
            request("PATCH", keystone, f"/v3/registered_limits/{registered[name]['id']}", system,
                    {"registered_limit": {"default_limit": value}})
    overrides = {(name, projects[project]): value
                 for (name, project), value in wanted.items() if project}
    for row in each("limits", "limits"):
        key = row["resource_name"], row["project_id"]
        if overrides.get(key) == row["resource_limit"]:
            del overrides[key]
        else:
            request("DELETE", keystone, f"/v3/limits/{row['id']}", system)
    for (name, project), value in overrides.items():
        request("POST", keystone, "/v3/limits", system, {"limits": [{
            "service_id": service, "region_id": region, "resource_name": name,
            "project_id": project, "resource_limit": value}]})


def system_token(keystone):
    headers, _ = request("POST", keystone, "/v3/auth/tokens", body={"auth": {
        "identity": {"methods": ["password"], "password": {"user": {
            "name": "admin", "domain": {"id": "default"}, "password": PASSWORDS["admin"]}}},
        "scope": {"system": {"all": True}}}})
    return headers["X-Subject-Token"]
