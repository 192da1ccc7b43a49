# SPDX-FileCopyrightText: The Tranship authors
# SPDX-License-Identifier: Apache-2.0
"""A small OpenID Connect provider: discovery, tokens for a client or for a user, and the key they are signed with.

    provider.py FOLDER PORT

Makes its key in FOLDER, with a certificate of it for Apache. Tokens are JWTs that are valid for five minutes.
"""

import base64
import datetime
import json
import sys
import time
import urllib.parse
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from lab.settings import HOST, OIDC_CLIENT, OIDC_USER  # noqa: E402

TOKEN_SECONDS = 300
KEY_ID = "lab"
CLIENTS = dict([OIDC_CLIENT])
USERS = dict([OIDC_USER])


class Provider(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path == "/.well-known/openid-configuration":
            self.answer(200, {
                "issuer": self.server.issuer,
                "authorization_endpoint": f"{self.server.issuer}/authorize",
                "token_endpoint": f"{self.server.issuer}/token",
                "jwks_uri": f"{self.server.issuer}/keys",
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "grant_types_supported": ["client_credentials", "password"],
            })
        elif self.path == "/keys":
            public = jwt.algorithms.RSAAlgorithm.to_jwk(self.server.key.public_key(), as_dict=True)
            self.answer(200, {"keys": [public | {"kid": KEY_ID, "use": "sig", "alg": "RS256"}]})
        else:
            self.answer(404, {"error": "not_found"})

    def do_POST(self):
        size = int(self.headers.get("Content-Length") or 0)
        form = {name: values[0] for name, values in urllib.parse.parse_qs(
            self.rfile.read(size).decode()).items()}
        if self.path != "/token":
            return self.answer(404, {"error": "not_found"})
        client = self.client(form)
        if client is None:
            return self.answer(401, {"error": "invalid_client",
                                     "error_description": "unknown client, or a wrong secret"})
        grant = form.get("grant_type")
        if grant == "client_credentials":
            return self.give(f"client-{client}", client)
        if grant == "password":
            name = form.get("username", "")
            if name in USERS and USERS[name] == form.get("password"):
                return self.give(f"user-{name}", name)
            return self.answer(400, {"error": "invalid_grant",
                                     "error_description": "unknown user, or a wrong password"})
        return self.answer(400, {"error": "unsupported_grant_type"})

    def client(self, form):
        """The client that sent its secret, in a header (RFC 6749, section 2.3.1) or in the form."""
        name, secret = form.get("client_id"), form.get("client_secret")
        kind, _, value = self.headers.get("Authorization", "").partition(" ")
        if kind.lower() == "basic":
            pair = base64.b64decode(value).decode().split(":", 1)
            name, secret = (urllib.parse.unquote_plus(part) for part in pair)
        return name if name in CLIENTS and CLIENTS[name] == secret else None

    def give(self, subject, name):
        now = int(time.time())
        token = jwt.encode(
            {"iss": self.server.issuer, "sub": subject, "preferred_username": name, "aud": "keystone",
             "iat": now, "exp": now + TOKEN_SECONDS, "jti": str(uuid.uuid4())},
            self.server.key, algorithm="RS256", headers={"kid": KEY_ID})
        self.answer(200, {"access_token": token, "token_type": "Bearer",
                          "expires_in": TOKEN_SECONDS})

    def answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)


def key_in(folder):
    """The key in a folder; made with its certificate if there is none."""
    file = folder / "key.pem"
    if file.exists():
        return serialization.load_pem_private_key(file.read_bytes(), None)
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "lab")])
    begin = datetime.datetime(2020, 1, 1)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(begin)
        .not_valid_after(begin + datetime.timedelta(days=36500)).sign(key, hashes.SHA256()))
    (folder / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    file.write_bytes(key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return key


def main():
    folder, port = Path(sys.argv[1]), int(sys.argv[2])
    key = key_in(folder)
    server = ThreadingHTTPServer((HOST, port), Provider)
    server.issuer = f"http://{HOST}:{port}"
    server.key = key
    server.serve_forever()


if __name__ == "__main__":
    main()
