// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import HTTPTransport

/// `POST /v3/auth/tokens`
/// (<https://docs.openstack.org/api-ref/identity/v3/#authentication-and-token-management>).
enum TokenRequests {
    /// Returns the request for a token. Nil if the configuration does not use Keystone.
    static func issue(_ cloud: CloudConfiguration) -> HTTPRequest? {
        guard let authURL = cloud.authURL, let identity = identity(cloud.authentication) else {
            return nil
        }
        var auth: [String: JSONValue] = ["identity": identity]
        if let scope = cloud.scope { auth["scope"] = ["project": project(scope)] }
        var request = HTTPRequest(
            .post, tokensURL(authURL),
            headers: ["Content-Type": "application/json", "Accept": "application/json"],
            body: JSONValue.object(["auth": .object(auth)]).body)
        request.secrets = secrets(cloud.authentication)
        // A second token does no harm.
        request.isRepeatable = true
        return request
    }

    private static func secrets(
        _ who: CloudConfiguration.Authentication
    ) -> [Secret<String>] {
        switch who {
        case .password(_, let password): [password]
        case .token(let token): [token]
        case .multifactor(_, let password, let passcode): [passcode] + [password].compactMap(\.self)
        case .applicationCredential(_, let secret): [secret]
        case .none, .basic, .federated, .command: []
        }
    }

    /// Returns the URL of the v3 API, for any form that the operator wrote: `http://host:5000`,
    /// `…/v3/`, `…/v2.0` or `http://host/identity`.
    static func tokensURL(_ authURL: String) -> String {
        var base = authURL[...]
        while base.last == "/" { base.removeLast() }
        for version in ["/v3/auth/tokens", "/v3", "/v2.0"] where base.hasSuffix(version) {
            base = base.dropLast(version.count)
        }
        return "\(base)/v3/auth/tokens"
    }

    private static func identity(_ who: CloudConfiguration.Authentication) -> JSONValue? {
        switch who {
        case .password(let name, let password):
            var user = user(name)
            user["password"] = .string(password.revealed)
            return ["methods": ["password"], "password": ["user": .object(user)]]
        case .token(let token):
            return ["methods": ["token"], "token": ["id": .string(token.revealed)]]
        case .multifactor(let name, let password, let passcode):
            var totp = user(name)
            totp["passcode"] = .string(passcode.revealed)
            var identity: [String: JSONValue] = [
                "methods": ["totp"], "totp": ["user": .object(totp)],
            ]
            if let password {
                var known = user(name)
                known["password"] = .string(password.revealed)
                identity["methods"] = ["password", "totp"]
                identity["password"] = ["user": .object(known)]
            }
            return .object(identity)
        case .applicationCredential(let credential, let secret):
            var fields: [String: JSONValue] = ["secret": .string(secret.revealed)]
            switch credential {
            case .id(let id): fields["id"] = .string(id)
            case .name(let name, let owner):
                fields["name"] = .string(name)
                fields["user"] = .object(user(owner))
            }
            return [
                "methods": ["application_credential"], "application_credential": .object(fields),
            ]
        // ``TokenSource`` turns the last two into a token.
        case .none, .basic, .federated, .command:
            return nil
        }
    }

    private static func user(_ name: CloudConfiguration.UserName) -> [String: JSONValue] {
        switch name {
        case .id(let id): ["id": .string(id)]
        case .name(let name, let domain): ["name": .string(name), "domain": self.domain(domain)]
        }
    }

    private static func project(_ scope: CloudConfiguration.Scope) -> JSONValue {
        switch scope {
        case .projectID(let id): ["id": .string(id)]
        case .projectName(let name, let domain):
            ["name": .string(name), "domain": self.domain(domain)]
        }
    }

    private static func domain(_ domain: CloudConfiguration.Domain) -> JSONValue {
        switch domain {
        case .id(let id): ["id": .string(id)]
        case .name(let name): ["name": .string(name)]
        }
    }
}
