// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics

extension CloudFields {
    /// `auth_type` and its fields, under keystoneauth's names.
    func authentication() throws(TranshipError) -> CloudConfiguration.Authentication {
        let type = self["auth_type"] ?? self["auth_plugin"] ?? guessedType
        switch type {
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
                "has auth_type \"\(type)\", which is not supported",
                hint: "use one of password, v3password, token, v3token, v3applicationcredential, "
                    + "none, http_basic")
        }
    }

    /// The project that a token is asked for.
    func scope(
        for authentication: CloudConfiguration.Authentication
    ) throws(TranshipError) -> CloudConfiguration.Scope? {
        switch authentication {
        case .none, .basic, .applicationCredential: return nil
        case .password, .token: break
        }
        if let id = auth("project_id", "tenant_id") { return .projectID(id) }
        if let name = auth("project_name", "tenant_name") {
            return .projectName(name, domain("project_domain"))
        }
        let hint = "set project_name (with project_domain_name) or project_id"
        if auth("system_scope") != nil {
            throw unsupported(
                "asks for a system-scoped token; images belong to projects", hint: hint)
        }
        if auth("domain_id", "domain_name") != nil {
            throw unsupported(
                "asks for a domain-scoped token; images belong to projects", hint: hint)
        }
        if auth("trust_id") != nil {
            throw unsupported(
                "uses a trust, which is not supported",
                hint: "use an application credential for unattended work")
        }
        throw missing("project_name", " and no project_id")
    }

    /// openstacksdk takes `password` where nothing is said; fields that can
    /// mean only one thing are believed first.
    private var guessedType: String {
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

    /// The domain of a user or project: its own, else the entry's only one,
    /// else the default one, which the `openstack` client takes as well.
    private func domain(_ key: String) -> CloudConfiguration.Domain {
        for key in [key, "domain", "default_domain"] {
            if let id = auth("\(key)_id") { return .id(id) }
            if let name = auth("\(key)_name") { return .name(name) }
        }
        return .id(auth("default_domain") ?? "default")
    }
}
