# SPDX-FileCopyrightText: The Tranship authors
# SPDX-License-Identifier: Apache-2.0
"""The configuration files of every cloud, and clouds.yaml for their clients."""

import json
import os

from lab.console import LabError
from lab.settings import (
    APPLICATION_CREDENTIALS, BASIC_HASH, BASIC_USER, EMPTY_REGION, HOST, LAB, LEGACY, OIDC_CLIENT,
    OIDC_PROTOCOL, OIDC_PROVIDER, OIDC_USER, PASSWORDS, REGION, SECOND_REGION, SITES, STORES,
    SWITCHES, VENV, WSGI_FILE, forbidden_web_port, ids_of, legacy_url, oidc_front_url, oidc_issuer,
    port_of, switches_of, url_of, write)


def ini(sections):
    lines = []
    for name, options in sections.items():
        lines.append(f"[{name}]")
        lines += [f"{key} = {value}" for key, value in options.items()]
        lines.append("")
    return "\n".join(lines)


def apply_switches(cloud, service, sections):
    for name, value in switches_of(cloud).items():
        owner, section, option, _, _ = SWITCHES[name]
        if owner == service and option:
            sections.setdefault(section, {})[option] = value


def configure(cloud):
    for name in ("etc", "etc/glance", "data/staging", "data/tasks",
                 *(f"data/{store}" for store in STORES)):
        if not (LAB / cloud / name).exists():  # a file where a store is broken
            (LAB / cloud / name).mkdir(parents=True)
    if SITES[cloud].keystone == cloud:
        configure_keystone(cloud)
    configure_glance(cloud)


def configure_keystone(cloud):
    home = LAB / cloud
    sections = {
        "DEFAULT": {
            "log_file": home / "keystone.log",
            "public_endpoint": url_of(cloud, "keystone") + "/",
        },
        "database": {
            "connection": f"sqlite:///{home}/keystone.db?timeout=60",
            "sqlite_synchronous": "false",
        },
        "token": {"provider": "fernet"},
        "fernet_tokens": {"key_repository": home / "keys" / "fernet"},
        "credential": {"key_repository": home / "keys" / "credential"},
        # Four rounds instead of twelve: this lab needs no protection, and every test logs in.
        "identity": {"password_hash_rounds": "4"},
        # Without it every token costs dozens of queries, and the suites wait for Keystone
        # most of all. The cache is in the process, so there is one process.
        "cache": {"enabled": "true", "backend": "dogpile.cache.memory"},
    }
    apply_switches(cloud, "keystone", sections)
    write(home / "etc" / "keystone.conf", ini(sections))
    write(home / "etc" / "keystone-uwsgi.ini", ini({"uwsgi": uwsgi_options(cloud, "keystone") | {
        # One thread a process: with several, the first requests race for the
        # policy rules and some are answered 403. And no keep-alive: an idle
        # connection would hold that one thread.
        "processes": 1, "threads": 1,
        "http-socket": f"{HOST}:{port_of(cloud, 'keystone')}",
        "add-header": "Connection: close",
    }}))


def configure_glance(cloud):
    home = LAB / cloud
    data = home / "data"
    url = url_of(cloud, "glance")
    switches = switches_of(cloud)
    sections = {
        "DEFAULT": {
            "log_file": home / "glance.log",
            "public_endpoint": url,
            # Every worker shares one staging directory, so all carry one name.
            "worker_self_reference_url": url,
            # The last one is read-only: images whose data lies at a URL.
            "enabled_backends": ",".join(f"{store}:file" for store in STORES) + ",web:http",
            # For the cache API. Downloads pass the cache by: the pipeline does not name it.
            "image_cache_dir": home / "cache",
        },
        "database": {
            "connection": f"sqlite:///{home}/glance.db?timeout=60",
            "sqlite_synchronous": "false",
        },
        "glance_store": {"default_backend": STORES[0]},
        **{store: {"filesystem_store_datadir": data / store} for store in STORES},
        "web": {"store_description": "data that lies at a URL; read-only"},
        "os_glance_staging_store": {"filesystem_store_datadir": data / "staging"},
        "os_glance_tasks_store": {"filesystem_store_datadir": data / "tasks"},
        "paste_deploy": {
            "flavor": SITES[cloud].flavor,
            "config_file": home / "etc" / "glance" / "glance-api-paste.ini",
        },
        "oslo_policy": {"policy_file": home / "etc" / "glance" / "policy.yaml"},
        "oslo_concurrency": {"lock_path": home / "locks"},
        # Loopback is refused unless named, and only ports 80 and 443 are allowed by default.
        "import_filtering_opts": {
            "allowed_hosts": f"[{HOST}]",
            "allowed_ports": "[]", "disallowed_ports": f"[{forbidden_web_port()}]",
        },
        # For the limits on qemu-img; sys.executable is uwsgi.
        "wsgi": {"python_interpreter": VENV / "bin" / "python"},
    } | authentication(cloud)
    apply_switches(cloud, "glance", sections)
    if switches["unified-limits"] == "on":
        sections["DEFAULT"]["use_keystone_limits"] = "true"
        sections["oslo_limit"] = service_user(cloud) | {
            "system_scope": "all",
            "endpoint_service_type": "image", "endpoint_interface": "public",
            "endpoint_region_name": SITES[cloud].region,
        }

    protections = home / "etc" / "glance" / "property-protections.conf"
    if switches["property-protections"] == "on":
        sections["DEFAULT"]["property_protection_file"] = protections
    everyone = "admin,member,reader"
    write(protections, ini({
        "^x_protected_.*": {"create": "admin", "read": everyone,
                            "update": "admin", "delete": "admin"},
        ".*": {"create": "admin,member", "read": everyone,
               "update": "admin,member", "delete": "admin,member"},
    }))
    policy = "{}\n"
    if switches["members-may-publish"] == "on":
        policy = '"publicize_image": "role:admin or (role:member and project_id:%(project_id)s)"\n'
    if SITES[cloud].keystone is None:
        # Without a Keystone users have no roles, but every rule requires one.
        policy = '"context_is_admin": "@"\n'
    write(home / "etc" / "glance" / "policy.yaml", policy)
    write(home / "etc" / "glance" / "glance-api.conf", ini(sections))
    write(home / "etc" / "glance" / "glance-api-paste.ini", pipelines())
    if SITES[cloud].flavor == "http_basic":
        write(home / "etc" / "htpasswd", f"{BASIC_USER}:{BASIC_HASH}\n")
    socket = f"{HOST}:{port_of(cloud, 'glance')}"
    write(home / "etc" / "glance-uwsgi.ini", ini({"uwsgi": uwsgi_options(cloud, "glance") | {
        # Keep-alive holds a thread per connection, so two processes are 32
        # connections; the Glances beside alpha's and beta's start faster with one.
        "processes": 2 if SITES[cloud].keystone == cloud else 1, "threads": 16,
    } | ({"http11-socket": socket} if switches["keep-alive"] == "on" else
         {"http-socket": socket, "add-header": "Connection: close"})}))


def service_user(cloud):
    keystone = url_of(cloud, "keystone")
    return {
        "auth_url": keystone, "auth_type": "password",
        "username": "glance", "password": PASSWORDS["glance"],
        "user_domain_name": "Default",
    }


def authentication(cloud):
    if SITES[cloud].flavor == "http_basic":
        return {"oslo_middleware": {
            "http_basic_auth_user_file": LAB / cloud / "etc" / "htpasswd"}}
    if SITES[cloud].keystone is None:
        return {}
    return {"keystone_authtoken": service_user(cloud) | {
        "www_authenticate_uri": url_of(cloud, "keystone"),
        "project_name": "service", "project_domain_name": "Default",
        "service_token_roles_required": "true",
        # Without it, the service refuses every application credential that has access rules.
        "service_type": "image",
    }}


def pipelines():
    """Glance's own paste file, and a pipeline behind HTTP Basic, which it does not ship."""
    text = (VENV / "etc" / "glance" / "glance-api-paste.ini").read_text()
    factory = "paste.composite_factory = glance.api:pipeline_factory\n"
    if factory not in text:
        raise LabError("glance-api-paste.ini is not the one that lab/configuration.py knows")
    return text.replace(factory, factory + (
        "http_basic = cors http_proxy_to_wsgi versionnegotiation osprofiler "
        "http-basic-auth unauthenticated-context rootapp\n")) + """
[composite:glance-api-http_basic]
paste.composite_factory = glance.api:root_app_factory
/: api
/healthcheck: healthcheck

[filter:http-basic-auth]
paste.filter_factory = oslo_middleware.basic_auth:BasicAuthMiddleware.factory
"""


def uwsgi_options(cloud, service):
    return {
        "strict": "true",
        "wsgi-file": WSGI_FILE,
        "virtualenv": VENV,
        "procname-prefix": f"lab-{cloud}-{service} ",
        "master": "true",
        "lazy-apps": "true",
        "need-app": "true",
        "enable-threads": "true",
        "die-on-term": "true",
        "no-orphans": "true",
        "worker-reload-mercy": 1,
        "buffer-size": 65535,
        "socket-timeout": 60,
        "listen": 100,
        "log-format": '%(ltime) %(method) %(uri) %(status) %(rsize)B %(msecs)ms',
    }


def service_environment(cloud, service):
    home = LAB / cloud
    return {
        "LAB_SERVICE": service,
        "LAB_PYTHON": str(VENV / "bin" / "python"),
        "OS_KEYSTONE_CONFIG_FILES": str(home / "etc" / "keystone.conf"),
        "OS_GLANCE_CONFIG_DIR": str(home / "etc" / "glance"),
        "PATH": f"{VENV / 'bin'}:{os.environ.get('PATH', '/usr/bin:/bin')}",
        # Silences the deprecation warning that every import of eventlet prints.
        "PYTHONWARNINGS": "ignore",
    }


def federated_entries():
    def entry(kind, **auth):
        return {"auth_type": kind, "region_name": REGION, "identity_api_version": "3", "auth": {
            "auth_url": oidc_front_url() + "/v3", "identity_provider": OIDC_PROVIDER,
            "protocol": OIDC_PROTOCOL, "project_name": "demo", "project_domain_name": "Default",
        } | auth}

    client = {"client_id": OIDC_CLIENT[0], "client_secret": OIDC_CLIENT[1],
              "discovery_endpoint": oidc_issuer() + "/.well-known/openid-configuration"}
    return {
        "alpha-oidc-client": entry("v3oidcclientcredentials", **client),
        "alpha-oidc-user": entry(
            "v3oidcpassword", username=OIDC_USER[0], password=OIDC_USER[1], **client),
        "alpha-oidc-wrong-password": entry(
            "v3oidcpassword", username=OIDC_USER[0], password="not-the-password", **client),
    }


def write_clouds_yaml():
    entries = {}

    def entry(name, cloud, user="demo", project="demo", **changes):
        auth = {"auth_url": url_of(cloud, "keystone") + "/v3", "username": user,
                "password": PASSWORDS[user], "project_name": project,
                "user_domain_name": "Default", "project_domain_name": "Default"}
        entries[name] = {"auth": auth | changes.pop("auth", {}), "region_name": REGION,
                         "identity_api_version": "3"} | changes

    def entries_of(prefix, cloud, **region):
        entry(prefix, cloud, **region)
        entry(f"{prefix}-admin", cloud, "admin", "admin", **region)
        entry(f"{prefix}-other", cloud, "other", "other", **region)
        entry(f"{prefix}-reader", cloud, "reader", "demo", **region)
        for name in APPLICATION_CREDENTIALS:
            suffix = "appcred" if name == "tranship" else f"appcred-{name}"
            entries[f"{prefix}-{suffix}"] = {
                "auth_type": "v3applicationcredential",
                "auth": {
                    "auth_url": url_of(cloud, "keystone") + "/v3",
                    "application_credential_id": ids_of(cloud)["application_credentials"][name],
                    "application_credential_secret": f"{name}-secret",
                },
                "region_name": REGION, "identity_api_version": "3",
            } | region

    # openstacksdk takes another region only from such a list, and its first one by
    # default, whatever region_name says.
    entries_of("alpha", "alpha", regions=[REGION, SECOND_REGION])
    entries_of("alpha-two", "alpha", region_name=SECOND_REGION,
               regions=[SECOND_REGION, REGION])
    entries_of("beta", "beta")
    entry("alpha-wrong-password", "alpha", auth={"password": "not-the-password"})
    entry("alpha-no-image", "alpha", region_name=EMPTY_REGION)
    entry("alpha-no-region", "alpha", region_name="RegionNowhere")
    # Nothing listens on the discard port.
    entry("nowhere", "alpha", auth={"auth_url": f"http://{HOST}:9/v3"})
    entry("not-keystone", "alpha", auth={"auth_url": url_of("alpha", "glance") + "/v3"})
    # With the endpoint in auth alone, openstacksdk asks http_basic for /images, not /v2/images.
    for site, kind in (("noauth", "none"), ("basic", "http_basic")):
        url = url_of(site, "glance")
        entries[site] = {
            "auth_type": kind, "auth": {"endpoint": url}, "image_endpoint_override": url}
    entries["basic"]["auth"] |= {"username": BASIC_USER, "password": PASSWORDS[BASIC_USER]}
    entries["basic-wrong-password"] = entries["basic"] | {
        "auth": entries["basic"]["auth"] | {"password": "not-the-password"}}
    # Whether they run or not; see lab/oidc.py and lab/legacy.py.
    entries |= federated_entries()
    entries[LEGACY] = {"auth_type": "none", "image_endpoint_override": legacy_url()}

    lines = ["# Written by scripts/lab; changes are lost.", "clouds:"]
    for name, settings in entries.items():
        lines.append(f"  {name}:")
        for key, value in settings.items():
            if isinstance(value, dict):
                lines.append(f"    {key}:")
                lines += [f"      {inner}: {json.dumps(text)}" for inner, text in value.items()]
            else:
                lines.append(f"    {key}: {json.dumps(value)}")
    write(LAB / "clouds.yaml", "\n".join(lines) + "\n")
