# SPDX-FileCopyrightText: The Tranship authors
# SPDX-License-Identifier: Apache-2.0
"""Federated logins at alpha: an OpenID Connect provider, and Apache with mod_auth_openidc before Keystone.

Apache checks the provider's access tokens and hands their claims to Keystone as headers, which it takes from
no one else. Keystone gets the provider, a mapping, a group and the protocol by its API, so nothing in its
configuration changes, and `reset alpha` forgets them.
"""

import getpass
import os
import shutil
import time
import urllib.parse
from pathlib import Path

from lab.configuration import write_clouds_yaml
from lab.console import LabError, Step, say
from lab.processes import Process, is_answering, refuse_taken_port
from lab.services import request, token_for
from lab.settings import (
    HOST, LAB, OIDC_PROTOCOL, OIDC_PROVIDER, REPOSITORY, VENV, ids_of, oidc_front_port, oidc_front_url,
    oidc_issuer, oidc_provider_port, url_of, write)

HOME = LAB / "oidc"
MODULES = Path("/usr/lib/apache2/modules")
GROUP = "federated"


def front():
    return Process("oidc-front")


def provider():
    return Process("oidc-provider")


def apache():
    return shutil.which("apache2") or shutil.which("apache2", path="/usr/sbin")


def is_installed():
    return apache() is not None and (MODULES / "mod_auth_openidc.so").exists()


def is_up():
    return front().pid() is not None and provider().pid() is not None


def oidc(arguments):
    if arguments not in (["up"], ["down"], ["status"]):
        raise LabError("usage: scripts/lab oidc up|down|status")
    if arguments == ["status"]:
        say(f"lab: federated logins are {'on ' + oidc_front_url() if is_up() else 'off'}")
        return 0 if is_up() else 3
    if arguments == ["down"]:
        say(f"lab: stopped {', '.join(stop_oidc()) or 'nothing'}")
        return 0
    if not is_installed():
        say("lab: no federated logins: they need apache2 with mod_auth_openidc "
            "(scripts/install-dependencies --for-tests)")
        return 0
    HOME.mkdir(parents=True, exist_ok=True)
    # The entries may be older than this.
    write_clouds_yaml()
    federate()
    start_provider()
    start_front()
    say(f"lab: alpha's Keystone takes tokens of {oidc_issuer()} on {oidc_front_url()}/v3")
    return 0


def stop_oidc():
    return [process.name for process in (front(), provider()) if process.stop()]


# MARK: Keystone


def federate():
    """Adds the provider to Keystone. Does nothing if it is there."""
    keystone = url_of("alpha", "keystone")
    token, _ = token_for("alpha", "admin", "admin")

    def call(method, path, body=None, expect=(200, 201, 204)):
        return request(method, keystone, f"/v3{path}", token, body, expect)[1]

    groups = call("GET", f"/groups?name={GROUP}")["groups"]
    group = groups[0] if groups else call(
        "POST", "/groups", {"group": {"name": GROUP, "domain_id": "default"}})["group"]
    roles = call("GET", "/roles?name=member")["roles"]
    projects = ids_of("alpha")["projects"]
    call("PUT", f"/projects/{projects['demo']}/groups/{group['id']}/roles/{roles[0]['id']}")

    rules = [{
        "local": [{"user": {"name": "{0}"}}, {"group": {"id": group["id"]}}],
        "remote": [{"type": "HTTP_OIDC_PREFERRED_USERNAME"},
                   {"type": "HTTP_OIDC_ISS", "any_one_of": [oidc_issuer()]}],
    }]
    base = "/OS-FEDERATION/identity_providers/" + urllib.parse.quote(OIDC_PROVIDER)
    made = (200, 201, 409)
    call("PUT", base, {"identity_provider": {
        "remote_ids": [oidc_issuer()], "enabled": True, "domain_id": "default"}}, made)
    call("PUT", f"/OS-FEDERATION/mappings/{OIDC_PROVIDER}", {"mapping": {"rules": rules}}, made)
    # The ports or the group may have changed since.
    call("PATCH", base, {"identity_provider": {"remote_ids": [oidc_issuer()]}})
    call("PATCH", f"/OS-FEDERATION/mappings/{OIDC_PROVIDER}", {"mapping": {"rules": rules}})
    call("PUT", f"{base}/protocols/{OIDC_PROTOCOL}", {"protocol": {
        "mapping_id": OIDC_PROVIDER, "remote_id_attribute": "HTTP_OIDC_ISS"}}, made)


# MARK: Processes


def start_provider():
    process = provider()
    if process.pid() is None:
        refuse_taken_port(oidc_provider_port(), "the identity provider")
        process.start([str(VENV / "bin" / "python"), str(REPOSITORY / "lab" / "provider.py"), str(HOME),
                       str(oidc_provider_port())], {"PYTHONDONTWRITEBYTECODE": "1"})
    wait(process, oidc_provider_port())


def start_front():
    process = front()
    if process.pid() is None:
        refuse_taken_port(oidc_front_port(), "Apache")
        write(HOME / "apache.conf", apache_configuration(), mode=0o644)
        process.start([apache(), "-d", str(HOME), "-f", str(HOME / "apache.conf"), "-DFOREGROUND"], {})
    wait(process, oidc_front_port())


def wait(process, port, seconds=30):
    with Step(f"starting {process.name}"):
        end = time.monotonic() + seconds
        while not is_answering(port):
            if process.has_died() or time.monotonic() > end:
                raise LabError(f"{process.name} does not start:\n{process.last_lines()}")
            time.sleep(0.05)


def apache_configuration():
    modules = ("mpm_event", "authn_core", "authz_core", "authz_user", "headers", "proxy", "proxy_http",
               "auth_openidc")
    # Apache does not answer requests as root.
    user = "User www-data\nGroup www-data\n" if os.geteuid() == 0 else ""
    return "\n".join(f"LoadModule {name}_module {MODULES}/mod_{name}.so" for name in modules) + f"""
{user}Listen {HOST}:{oidc_front_port()}
ServerName {HOST}:{oidc_front_port()}
PidFile {HOME}/apache.pid
ErrorLog {HOME}/apache.log
DefaultRuntimeDir {HOME}
StartServers 1

# The claims of a token, and nothing that a caller sends under these names.
OIDCClaimPrefix OIDC-
OIDCPassClaimsAs headers
OIDCCryptoPassphrase {getpass.getuser()}-lab
OIDCOAuthVerifyCertFiles lab#{HOME}/cert.pem
OIDCOAuthRemoteUserClaim sub
RequestHeader unset OIDC-ISS early
RequestHeader unset OIDC-PREFERRED-USERNAME early

ProxyPass / {url_of("alpha", "keystone")}/
ProxyPassReverse / {url_of("alpha", "keystone")}/

<LocationMatch "^/v3/OS-FEDERATION/identity_providers/[^/]+/protocols/[^/]+/auth$">
    AuthType oauth20
    Require claim iss:{oidc_issuer()}
</LocationMatch>
"""
