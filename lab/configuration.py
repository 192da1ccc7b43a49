# SPDX-FileCopyrightText: The Tranship authors
# SPDX-License-Identifier: Apache-2.0
"""The configuration files of both clouds, and clouds.yaml for their clients."""

import json
import os
import shutil

from lab.settings import (
    APPLICATION_CREDENTIALS, CLOUDS, EMPTY_REGION, HOST, LAB, PASSWORDS, REGION, STORES,
    SWITCHES, VENV, WSGI_FILE, ids_of, port_of, switches_of, url_of, write)


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
            sections[section][option] = value


def configure(cloud):
    for name in ("etc", "etc/glance", "data/staging", "data/tasks",
                 *(f"data/{store}" for store in STORES)):
        (LAB / cloud / name).mkdir(parents=True, exist_ok=True)
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
        # Four rounds and not twelve: nobody attacks this lab, and every test logs in.
        "identity": {"password_hash_rounds": "4"},
    }
    apply_switches(cloud, "keystone", sections)
    write(home / "etc" / "keystone.conf", ini(sections))
    write(home / "etc" / "keystone-uwsgi.ini", ini({"uwsgi": uwsgi_options(cloud, "keystone") | {
        # One thread a process: with several, the first requests race for the
        # policy rules and some are answered 403. And no keep-alive: an idle
        # connection would hold that one thread.
        "processes": 2, "threads": 1,
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
            "flavor": "keystone",
            "config_file": home / "etc" / "glance" / "glance-api-paste.ini",
        },
        "keystone_authtoken": {
            "www_authenticate_uri": url_of(cloud, "keystone"),
            "auth_url": url_of(cloud, "keystone"),
            "auth_type": "password",
            "username": "glance", "password": PASSWORDS["glance"],
            "user_domain_name": "Default", "project_domain_name": "Default",
            "project_name": "service",
            "service_token_roles_required": "true",
        },
        "oslo_policy": {"policy_file": home / "etc" / "glance" / "policy.yaml"},
        "oslo_concurrency": {"lock_path": home / "locks"},
        # Loopback is refused unless named, and only ports 80 and 443 are allowed by default.
        "import_filtering_opts": {
            "allowed_hosts": f"[{HOST},localhost]", "allowed_ports": "[]",
        },
    }
    apply_switches(cloud, "glance", sections)

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
    write(home / "etc" / "glance" / "policy.yaml", policy)
    write(home / "etc" / "glance" / "glance-api.conf", ini(sections))
    shutil.copy(VENV / "etc" / "glance" / "glance-api-paste.ini", home / "etc" / "glance")
    write(home / "etc" / "glance-uwsgi.ini", ini({"uwsgi": uwsgi_options(cloud, "glance") | {
        # Keep-alive holds a thread per connection, so this is 32 connections.
        "processes": 2, "threads": 16,
        "http11-socket": f"{HOST}:{port_of(cloud, 'glance')}",
    }}))


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


def write_clouds_yaml():
    entries = {}

    def entry(name, cloud, user="demo", project="demo", **changes):
        auth = {"auth_url": url_of(cloud, "keystone") + "/v3", "username": user,
                "password": PASSWORDS[user], "project_name": project,
                "user_domain_name": "Default", "project_domain_name": "Default"}
        entries[name] = {"auth": auth | changes.pop("auth", {}), "region_name": REGION,
                         "identity_api_version": "3"} | changes

    for cloud in CLOUDS:
        entry(cloud, cloud)
        entry(f"{cloud}-admin", cloud, "admin", "admin")
        entry(f"{cloud}-other", cloud, "other", "other")
        entry(f"{cloud}-reader", cloud, "reader", "demo")
        for name in APPLICATION_CREDENTIALS:
            suffix = "appcred" if name == "tranship" else f"appcred-{name}"
            entries[f"{cloud}-{suffix}"] = {
                "auth_type": "v3applicationcredential",
                "auth": {
                    "auth_url": url_of(cloud, "keystone") + "/v3",
                    "application_credential_id": ids_of(cloud)["application_credentials"][name],
                    "application_credential_secret": f"{name}-secret",
                },
                "region_name": REGION, "identity_api_version": "3",
            }
    entry("alpha-wrong-password", "alpha", auth={"password": "not-the-password"})
    entry("alpha-no-image", "alpha", region_name=EMPTY_REGION)
    entry("alpha-no-region", "alpha", region_name="RegionNowhere")
    # Nothing listens on the discard port.
    entry("nowhere", "alpha", auth={"auth_url": f"http://{HOST}:9/v3"})
    entry("not-keystone", "alpha", auth={"auth_url": url_of("alpha", "glance") + "/v3"})

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
