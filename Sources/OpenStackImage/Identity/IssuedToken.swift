// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import HTTPTransport

/// A token from Keystone.
struct IssuedToken: Sendable {
    var value: Secret<String>
    var project: AuthenticatedProject
    /// The lifetime from the moment of issue, by Keystone's clock: our clock may be wrong.
    var lifetimeSeconds: Int64

    /// The lifetime to assume if Keystone does not report when it issued the token.
    static let unknownLifetimeSeconds: Int64 = 300
}

extension IssuedToken {
    /// Reads the answer to ``TokenRequests``.
    ///
    /// - Throws: ``TranshipError/Code/authenticationFailed`` with the message of Keystone,
    ///   ``TranshipError/Code/notKeystone``, ``TranshipError/Code/noImageService``.
    init(_ answer: HTTPResponse, of cloud: CloudConfiguration) throws(TranshipError) {
        let authURL = cloud.authURL ?? ""
        guard answer.status == 201 || answer.status == 200 else {
            throw Self.refusal(answer, of: cloud)
        }
        guard let value = answer.headers["X-Subject-Token"], !value.isEmpty,
            let json = try? JSONValue(body: answer.body, asked: "POST /v3/auth/tokens"),
            let token = json["token"]
        else {
            throw Self.notKeystone(authURL, "\(answer.status) without a token")
        }
        if let other = Self.otherProject(token["project"], of: cloud) {
            throw TranshipError(
                .authenticationFailed,
                "Keystone gave a token \(other.withControlsShown)",
                hint: "ask the cloud's operator; nothing was read or changed"
            ).of(cloud: cloud.name)
        }
        let endpoints: [String]
        if let override = cloud.imageEndpointOverride {
            endpoints = [override]
        } else {
            endpoints = try ServiceCatalogue(json: token["catalog"]).imageEndpoints(
                cloud: cloud.name, region: cloud.region, interface: cloud.interface)
        }
        let expiresAt = token["expires_at"]?.string
        self.value = Secret(value)
        project = AuthenticatedProject(
            projectID: OutsideID.read(token["project"]?["id"]?.string),
            projectName: token["project"]?["name"]?.string,
            userID: token["user"]?["id"]?.string, userName: token["user"]?["name"]?.string,
            roles: (token["roles"]?.array ?? []).compactMap { $0["name"]?.string },
            expiresAt: expiresAt,
            accessRules: AccessRules(json: token["application_credential"]?["access_rules"]),
            imageEndpoint: ImageEndpoint.root(of: endpoints[0]))
        project.otherImageEndpoints = endpoints.dropFirst().filter { $0 != endpoints[0] }
        if let expiry = expiresAt.flatMap(UTCTime.unixSeconds),
            let issue = token["issued_at"]?.string.flatMap(UTCTime.unixSeconds), expiry > issue
        {
            lifetimeSeconds = expiry - issue
        } else {
            lifetimeSeconds = Self.unknownLifetimeSeconds
        }
    }

    /// Describes a token whose project differs from the one that the entry asks for: both projects
    /// in words. A project that Keystone does not report never counts as the same: without its id,
    /// the images of all projects would count as ours.
    ///
    /// Nil if the difference is not certain. Databases compare names in their own ways, so names
    /// are compared only if they are ASCII.
    private static func otherProject(
        _ project: JSONValue?, of cloud: CloudConfiguration
    ) -> String? {
        func plain(_ text: String) -> String { text.withoutOuterBlanks.lowercased() }
        let asked: String
        switch (cloud.scope, cloud.authentication) {
        case (.projectID(let wanted), _): asked = wanted.cut(to: 200)
        case (.projectName(let wanted, _), _): asked = wanted.cut(to: 200)
        // Keystone binds the credential to a project.
        case (nil, .applicationCredential): asked = "that of its application credential"
        case (nil, _): return nil
        }
        guard let id = OutsideID.read(project?["id"]?.string) else {
            let given = project == nil || project == .null ? "a project" : "the id of its project"
            return "without \(given), where the entry asks for \(asked)"
        }
        let name = project?["name"]?.string
        switch cloud.scope {
        case .projectID(let wanted):
            func digits(_ text: String) -> String { plain(text.filter { $0 != "-" }) }
            guard digits(id) != digits(wanted) else { return nil }
        case .projectName(let wanted, _):
            guard let name else {
                return "without the name of its project (\(id)), where the entry asks for \(asked)"
            }
            guard (name + wanted).unicodeScalars.allSatisfy(\.isASCII),
                plain(name) != plain(wanted)
            else { return nil }
        case nil: return nil
        }
        let given = [name, "(\(id))"].compactMap(\.self).joined(separator: " ")
        return "of project \(given.cut(to: 200)), where the entry asks for \(asked)"
    }

    private static func refusal(
        _ answer: HTTPResponse, of cloud: CloudConfiguration
    ) -> TranshipError {
        let authURL = cloud.authURL ?? ""
        let refusal = answer.refusal(by: .identity, asked: "POST /v3/auth/tokens")
        switch answer.status {
        case 300...399:
            guard answer.isRedirect, let place = answer.redirectPlace else {
                return notKeystone(authURL, "\(answer.status)")
            }
            return notKeystone(
                authURL,
                "\(answer.status), a redirect to \(place), which is not followed"
            ).hinting("if Keystone is there, set auth_url to that address, without /auth/tokens")
        // Keystone answers 404 if it does not know the token that is to be exchanged.
        case 401,
            404 where isKeystones(answer):
            return TranshipError(
                .authenticationFailed, refusal.message,
                hint: hint(refusal, answer) ?? hint(cloud.authentication), answer: refusal.answer
            ).of(cloud: cloud.name)
        case 408, 425, 429:
            return refusal.of(cloud: cloud.name)
        // Keystone answers JSON with an "error" in it. Another body does not come from Keystone.
        case 400...499 where !isKeystones(answer):
            return notKeystone(authURL, "\(answer.status)")
        case 400, 403:
            return TranshipError(
                .authenticationFailed, refusal.message,
                hint: "check the entry's user, project and domains", answer: refusal.answer
            ).of(cloud: cloud.name)
        default:
            return refusal.of(cloud: cloud.name)
        }
    }

    /// Returns the hint if Keystone reports what is missing.
    private static func hint(_ refusal: TranshipError, _ answer: HTTPResponse) -> String? {
        let words = refusal.answer?.message.lowercased() ?? ""
        if words.contains("unsupported method") { return unofferedMethod }
        if words.contains("password is expired") {
            return "set a new password: openstack user password set; then write it into the entry"
        }
        // A receipt (API 3.13) comes with a login that lacks further methods.
        if answer.headers["openstack-auth-receipt"] != nil {
            return "this user needs a further method: write auth_type: v3multifactor and "
                + "auth_methods, such as [v3password, v3totp], into the entry; for unattended work "
                + "use an application credential"
        }
        return nil
    }

    private static func isKeystones(_ answer: HTTPResponse) -> Bool {
        (try? JSONValue(body: answer.body, asked: ""))?["error"]?.object != nil
    }

    private static func notKeystone(_ authURL: String, _ answered: String) -> TranshipError {
        TranshipError(
            .notKeystone,
            "the server at \(shownURL(authURL)) is not Keystone v3: it answered \(answered)",
            hint:
                "set auth_url to the address of Keystone, such as https://cloud.example:5000/v3; "
                + "the dashboard shows it under API Access as Identity")
    }

    /// The hint for a method that Keystone's configuration (`[auth] methods`) does not list.
    /// Keystone answers 401 to it.
    private static let unofferedMethod =
        "this Keystone does not offer the entry's way to sign in: write another auth_type into the "
        + "entry, such as v3applicationcredential, or ask the operator for the method"

    private static func hint(_ who: CloudConfiguration.Authentication) -> String {
        switch who {
        case .password:
            "check username, password, project and both domains; Keystone does not say which of "
                + "them is wrong"
        case .token:
            "the token is expired, or of another Keystone; get a new one with: openstack token issue"
        case .applicationCredential:
            "the application credential may have expired or been deleted; list them with: "
                + "openstack application credential list"
        case .multifactor:
            "a passcode works once, within its 30 seconds; for unattended work use an application "
                + "credential, or token_command"
        case .command(let words):
            "the token is expired, or of another Keystone, or its user has no role in the project "
                + "of the entry; token_command printed it, so run that program by hand: "
                + "\(words.first ?? "")"
        case .federated:
            "check that the user of the token has a role in the project of the entry"
        case .none, .basic: "check the entry"
        }
    }
}
