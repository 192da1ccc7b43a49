// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics

/// The fields of an entry, under any of their historical names and places. Its errors name the
/// place where a field is missing.
struct CloudFields {
    let entry: CloudEntry
    let cloud: String
    let environment: [String: String]
    let files: [String]
    let isFromVariables: Bool
    let missingProfile: String?

    subscript(key: String) -> String? {
        entry[key]?.text.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Returns a field of `auth`. The same field outside of `auth` takes precedence, as in
    /// openstacksdk: the `OS_*` variables are stored there.
    func auth(_ keys: String...) -> String? {
        for key in keys {
            if let value = self[key] ?? entry["auth"]?[key]?.text, !value.isEmpty { return value }
        }
        return nil
    }

    /// Returns a path. Refuses the text of a key or a certificate in its place, which messages
    /// would show as the path.
    func path(_ key: String) throws(TranshipError) -> String? {
        guard let text = self[key] else { return nil }
        guard !text.contains("-----BEGIN"), !text.contains(where: \.isNewline) else {
            throw TranshipError(
                .invalidCloudsFile,
                "cloud \"\(cloud)\": \(key) is the text of a PEM file, not its path",
                hint: "write the text into a file, and the path of that file into \(key)")
        }
        let path = CloudFiles.expandingHome(text, environment)
        // curl would wait forever for a named pipe that has no writer.
        if let words = WholeFile.special(path) {
            throw TranshipError(
                .invalidCloudsFile, "cloud \"\(cloud)\": \(key): \(path) \(words)",
                hint: "name a file in \(key)")
        }
        return path
    }

    /// Reads `verify`, or its opposite `insecure`.
    func verifiesTLS() throws(TranshipError) -> Bool {
        let verify = try flag("verify") ?? true
        let insecure = try flag("insecure") ?? false
        return verify && !insecure
    }

    /// Reads `image_api_version`: `1`, `2`, `2.9`, with or without a `v`. Ignores the minor
    /// version, since the Image service has no microversions.
    func imageAPIVersion() throws(TranshipError) -> Int? {
        guard let text = self["image_api_version"] else { return nil }
        let digits = text.drop { $0 == "v" }.prefix { $0 != "." }
        guard let major = Int(digits), major > 0 else {
            throw TranshipError(
                .invalidCloudsFile,
                "cloud \"\(cloud)\" has image_api_version: \"\(text.prefix(80))\", which is not a version",
                hint: "write 1 or 2, or leave it out")
        }
        return major
    }

    private func flag(_ key: String) throws(TranshipError) -> Bool? {
        guard let text = self[key] else { return nil }
        switch text.lowercased() {
        case "true", "yes", "on", "1", "y", "t": return true
        case "false", "no", "off", "0", "n", "f": return false
        default:
            throw TranshipError(
                .invalidCloudsFile,
                "cloud \"\(cloud)\" has \(key): \"\(text.prefix(80))\", which is neither true nor false",
                hint: key == "verify" ? "set the CA file in cacert, not in verify" : nil)
        }
    }

    func missing(_ key: String, _ detail: String = "") -> TranshipError {
        let place =
            isFromVariables
            ? "the OS_* variables" : files.isEmpty ? "its entry" : files.joined(separator: ", ")
        var hint =
            isFromVariables ? "set OS_\(key.uppercased())" : "add \(key) to the cloud's entry"
        if !isFromVariables,
            ["password", "secret", "application_credential_secret", "token"].contains(key)
        {
            hint += ", or to the entry of the same name in secure.yaml"
        }
        let others = alsoMissing(besides: key)
        if !others.isEmpty {
            let names = others.map { isFromVariables ? "OS_\($0.uppercased())" : $0 }
            hint += "; \(names.joined(separator: " and ")) must be there as well"
        }
        if let missingProfile {
            hint +=
                "; its profile \"\(missingProfile)\" was not found in any clouds-public.yaml"
        }
        return TranshipError(
            .invalidCloudsFile, "cloud \"\(cloud)\" has no \(key)\(detail) (\(place))", hint: hint)
    }

    /// Returns the other fields that a password login needs and that are missing, so that one
    /// message names them all.
    private func alsoMissing(besides key: String) -> [String] {
        guard ["password", "v3password"].contains(self["auth_type"] ?? guessedType) else {
            return []
        }
        let needed: [(key: String, found: String?)] = [
            ("auth_url", auth("auth_url")), ("username", auth("username", "user_name", "user_id")),
            ("password", auth("password")),
            (
                "project_name",
                auth("project_name", "project_id", "tenant_name", "tenant_id", "system_scope")
            ),
        ]
        return needed.filter { $0.found == nil && $0.key != key }.map(\.key)
    }

    func unsupported(_ what: String, hint: String) -> TranshipError {
        TranshipError(.invalidCloudsFile, "cloud \"\(cloud)\" \(what)", hint: hint)
    }
}

extension CloudFields {
    /// Reads `auth_type` and its fields, with keystoneauth's names.
    func authentication() throws(TranshipError) -> CloudConfiguration.Authentication {
        let type = self["auth_type"] ?? self["auth_plugin"] ?? guessedType
        try refuseOtherFactors(type)
        if let words = tokenCommand, ["password", "token", "v3token"].contains(type) {
            return .command(words)
        }
        switch type {
        case "v3oidcclientcredentials", "v3oidcaccesstoken", "v3oidcpassword":
            return .federated(try federation(type))
        case "v3totp", "v3multifactor": return try multifactor(type)
        case "v3oauth2clientcredential":
            guard let id = auth("oauth2_client_id") else { throw missing("oauth2_client_id") }
            guard let secret = auth("oauth2_client_secret") else {
                throw missing("oauth2_client_secret")
            }
            return .applicationCredential(.id(id), secret: Secret(secret))
        case "password", "v3password":
            guard let password = auth("password") else { throw missing("password") }
            return .password(try user(), password: Secret(password))
        case "token", "v3token":
            guard let token = auth("token", "auth_token") else { throw missing("token") }
            return .token(Secret(token))
        case "v3applicationcredential":
            return try applicationCredential()
        case "none", "noauth":
            return .none
        case "http_basic":
            guard let password = auth("password") else { throw missing("password") }
            guard let username = auth("username", "user_name") else { throw missing("username") }
            return .basic(username: username, password: Secret(password))
        default:
            throw unsupported(
                "has auth_type \"\(type.prefix(80))\", which is not supported",
                hint: (Nearest.to(type, in: Self.types).map { "did you mean \($0)? " } ?? "")
                    + "\(Self.wayOut), or let token_command print a token; the other types are "
                    + Self.types.filter { $0 != Self.bestType }.joined(separator: ", "))
        }
    }

    private static let bestType = "v3applicationcredential"
    private static let types = [
        bestType, "password", "v3password", "token", "v3token", "v3totp", "v3multifactor",
        "v3oidcpassword", "v3oidcclientcredentials", "v3oidcaccesstoken",
        "v3oauth2clientcredential", "none", "http_basic",
    ]

    /// The way to sign in that works for every user, regardless of how the user signs in by hand.
    private static let wayOut =
        "create an application credential (openstack application credential create NAME) and use "
        + "it with auth_type: v3applicationcredential"

    /// Reads `v3totp`, and `v3multifactor` with its list of methods: a passcode, with or without a
    /// password.
    private func multifactor(
        _ type: String
    ) throws(TranshipError) -> CloudConfiguration.Authentication {
        var methods = ["v3totp"]
        if type == "v3multifactor" {
            let listed = (entry["auth_methods"] ?? entry["auth"]?["auth_methods"]).map {
                $0.list?.compactMap(\.text)
                    ?? ($0.text ?? "").split(separator: ",").map(String.init)
            }
            methods = (listed ?? []).map { $0.hasPrefix("v3") ? $0 : "v3\($0)" }
        }
        if let other = methods.first(where: { !["v3password", "v3totp"].contains($0) }) {
            throw unsupported(
                "has auth_methods with \"\(other.prefix(80))\", which is not supported",
                hint: Self.wayOut)
        }
        guard methods.contains("v3totp") else {
            guard let password = auth("password") else { throw missing("password") }
            return .password(try user(), password: Secret(password))
        }
        guard let passcode = auth("passcode") else { throw missing("passcode") }
        var password: Secret<String>?
        if methods.contains("v3password") {
            guard let text = auth("password") else { throw missing("password") }
            password = Secret(text)
        }
        return .multifactor(try user(), password: password, passcode: Secret(passcode))
    }

    /// Refuses a password login for a user who needs another factor. The 401 of Keystone would
    /// blame the user or the password.
    private func refuseOtherFactors(_ type: String) throws(TranshipError) {
        guard ["password", "v3password"].contains(type) else { return }
        if auth("passcode") != nil {
            throw unsupported(
                "has a passcode, and auth_type \(type) does not send it",
                hint: "set auth_type: v3multifactor and auth_methods: [v3password, v3totp]; for "
                    + "unattended work, \(Self.wayOut)")
        }
        let methods = (entry["auth_methods"] ?? entry["auth"]?["auth_methods"]).map {
            $0.list?.compactMap(\.text) ?? [$0.text ?? ""]
        }
        if let other = methods?.first(where: { !["", "password", "v3password"].contains($0) }) {
            throw unsupported(
                "has auth_methods with \"\(other.prefix(80))\", which auth_type \(type) does not send",
                hint: "set auth_type: v3multifactor; for unattended work, \(Self.wayOut)")
        }
    }

    /// Reads the project of the token.
    func scope(
        for authentication: CloudConfiguration.Authentication
    ) throws(TranshipError) -> CloudConfiguration.Scope? {
        switch authentication {
        case .none, .basic, .applicationCredential: return nil
        case .password, .token, .multifactor, .federated, .command: break
        }
        if auth("trust_id") != nil {
            throw unsupported("uses a trust, which is not supported", hint: Self.wayOut)
        }
        if let id = auth("project_id", "tenant_id") { return .projectID(id) }
        if let name = auth("project_name", "tenant_name") {
            return .projectName(name, domain("project_domain"))
        }
        let hint = "set project_name (with project_domain_name) or project_id"
        if auth("system_scope") != nil {
            throw unsupported(
                "asks for a system-scoped token; images belong to projects",
                hint: "\(hint) and remove system_scope")
        }
        if auth("domain_id", "domain_name") != nil {
            throw unsupported(
                "asks for a domain-scoped token; images belong to projects", hint: hint)
        }
        throw missing("project_name", " and no project_id")
    }

    /// Returns remarks about parts of the entry that have no effect although its author expects
    /// one.
    func remarks(for authentication: CloudConfiguration.Authentication) -> [String] {
        var remarks =
            missingProfile.map {
                [
                    "its profile \"\($0.prefix(80))\" was not found in any clouds-public.yaml and is ignored"
                ]
            } ?? []
        remarks += literalVariables.map {
            "\($0) is ${…}, and clouds.yaml expands no variables: write the value, or set it with "
                + "the OS_* variables"
        }
        remarks += misplacedKeys.map {
            "auth.\($0) is ignored: write \($0) one level up, beside auth"
        }
        guard authentication.usesKeystone else { return remarks.map(told) }
        if entry["auth"]?["endpoint"] != nil {
            remarks.append(
                "auth.endpoint is ignored, since Keystone names the Image service: write "
                    + "image_endpoint_override beside auth to replace that address")
        }
        if auth("system_scope") != nil {
            let counts =
                if case .applicationCredential = authentication {
                    "the project of the application credential"
                } else { "the project" }
            remarks.append(
                "system_scope is ignored, since images belong to projects: \(counts) counts; "
                    + "remove system_scope from the entry")
        }
        let unknown = (entry["auth"]?.mapping ?? [:]).keys.filter {
            !Self.authKeys.contains($0) && !Self.textKeys.contains($0)
        }
        remarks += unknown.sorted().map {
            "auth.\($0.prefix(80)) is not a known key and is ignored"
        }
        return remarks.map(told)
    }

    /// The fields whose value is a shell variable, such as `auth.password`.
    private var literalVariables: [String] {
        func found(_ fields: CloudEntry?, _ place: String) -> [String] {
            (fields?.mapping ?? [:]).filter { $0.value.text?.wholeMatch(of: /\$\{\w+\}/) != nil }
                .map { "\(place)\($0.key.prefix(80))" }
        }
        return (found(entry["auth"], "auth.") + found(entry, "")).sorted()
    }

    private func told(_ remark: String) -> String { "cloud \"\(cloud)\": \(remark)" }

    /// The keys of `auth` that have an effect, in `auth` or in another place of the entry.
    static let authKeys: Set<String> = [
        "auth_url", "username", "user_name", "user_id", "password", "token", "auth_token",
        "project_name", "project_id", "tenant_name", "tenant_id", "project_domain_name",
        "project_domain_id", "user_domain_name", "user_domain_id", "domain_name", "domain_id",
        "default_domain", "default_domain_name", "default_domain_id", "system_scope",
        "application_credential_id", "application_credential_name",
        "application_credential_secret", "endpoint", "auth_methods", "passcode", "token_command",
        "identity_provider", "protocol", "client_id", "client_secret", "openid_scope", "scope",
        "access_token", "access_token_type", "access_token_endpoint", "discovery_endpoint",
        "oauth2_endpoint", "oauth2_client_id", "oauth2_client_secret",
        // Keys that have no effect by our own decision, and do no harm.
        "reauthenticate", "include_catalog",
    ]

    /// The type if the entry has none. openstacksdk's default is `password`, but fields that fit
    /// only one other type take precedence.
    var guessedType: String {
        if auth("password") == nil {
            if auth("application_credential_secret") != nil { return "v3applicationcredential" }
            if auth("token", "auth_token") != nil { return "token" }
        }
        return "password"
    }

    private func applicationCredential()
        throws(TranshipError) -> CloudConfiguration.Authentication
    {
        guard let secret = auth("application_credential_secret") else {
            throw missing("application_credential_secret")
        }
        if let id = auth("application_credential_id") {
            return .applicationCredential(.id(id), secret: Secret(secret))
        }
        guard let name = auth("application_credential_name") else {
            throw missing("application_credential_id", " and no application_credential_name")
        }
        return .applicationCredential(.name(name, try user()), secret: Secret(secret))
    }

    private func user() throws(TranshipError) -> CloudConfiguration.UserName {
        if let id = auth("user_id") { return .id(id) }
        guard let name = auth("username", "user_name") else {
            throw missing("username", " and no user_id")
        }
        return .name(name, domain("user_domain"))
    }

    /// Returns the domain of a user or project: its own one, or the only one of the entry, or the
    /// default domain, as in the `openstack` client.
    private func domain(_ key: String) -> CloudConfiguration.Domain {
        for key in [key, "domain", "default_domain"] {
            if let id = auth("\(key)_id") { return .id(id) }
            if let name = auth("\(key)_name") { return .name(name) }
        }
        return .id(auth("default_domain") ?? "default")
    }
}
