// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ExternalPrograms
import FoundationEssentials
import HTTPTransport

/// Logins that first get a token of Keystone, which is then exchanged for a token of the project.
struct TokenSource: Sendable {
    let cloud: CloudConfiguration
    let http: HTTPClient
    var quickRetries = 0

    /// The time that a program may take to print a token: enough for a second factor on a phone.
    private static let commandSeconds = 120.0
    private static let timeoutSeconds = 60

    /// Returns the same cloud with that token, if its login needs one first.
    ///
    /// - Throws: ``TranshipError/Code/authenticationFailed`` with the message of the program, the
    ///   identity provider or Keystone; network failures.
    func resolved() async throws(TranshipError) -> CloudConfiguration {
        var resolved = cloud
        switch cloud.authentication {
        case .command(let words): resolved.authentication = .token(try await printed(by: words))
        case .federated(let federation):
            let access = try await accessToken(federation)
            resolved.authentication = .token(try await exchanged(access, federation))
        case .password, .token, .multifactor, .applicationCredential, .none, .basic: break
        }
        return resolved
    }

    private func printed(by words: [String]) async throws(TranshipError) -> Secret<String> {
        let output: [UInt8]
        do {
            output = try await OperatorCommand(words).output(timeoutSeconds: Self.commandSeconds)
        } catch {
            if error.code == .interrupted { throw error }
            throw TranshipError(
                .authenticationFailed, "token_command: \(error.message)",
                hint: error.hint
                    ?? "run it by hand: it has to print a token, and nothing else, on standard output"
            ).of(cloud: cloud.name)
        }
        let lines = String(decoding: output, as: UTF8.self).split(whereSeparator: \.isWhitespace)
        guard lines.count == 1, let token = lines.first else {
            throw TranshipError(
                .authenticationFailed,
                "token_command printed \(lines.count) words, not one token",
                hint: "let it print the token alone, as `openstack token issue -f value -c id` does"
            ).of(cloud: cloud.name)
        }
        return Secret(String(token))
    }

    // MARK: OpenID Connect

    private func accessToken(
        _ federation: CloudConfiguration.Federation
    ) async throws(TranshipError) -> Secret<String> {
        var form = ["scope": federation.scope]
        var secrets = [federation.clientSecret].compactMap(\.self)
        switch federation.grant {
        case .accessToken(let token): return token
        case .clientCredentials: form["grant_type"] = "client_credentials"
        case .password(let username, let password):
            form["grant_type"] = "password"
            form["username"] = username
            form["password"] = password.revealed
            secrets.append(password)
        }
        var headers: HTTPHeaders = [
            "Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json",
        ]
        if let secret = federation.clientSecret {
            let credentials = Data("\(federation.clientID):\(secret.revealed)".utf8)
                .base64EncodedString()
            headers["Authorization"] = "Basic \(credentials)"
            secrets.append(Secret(credentials))
        } else {
            form["client_id"] = federation.clientID
        }
        let body = form.sorted { $0.key < $1.key }
            .map { "\($0.key)=\(percentEncode($0.value))" }.joined(separator: "&")
        let answer = try await send(
            .post, try await tokenEndpoint(federation), headers, Array(body.utf8), secrets)
        let asked = "POST to the token endpoint"
        guard answer.status == 200 else { throw refused(answer, .identityProvider, asked) }
        guard
            let token = try JSONValue(body: answer.body, asked: asked)[federation.tokenMember]?
                .string, !token.isEmpty
        else {
            throw TranshipError(
                .authenticationFailed,
                "the identity provider answered without \(federation.tokenMember)",
                hint: "check openid_scope and access_token_type in the cloud's entry"
            ).of(cloud: cloud.name)
        }
        return Secret(token)
    }

    private func tokenEndpoint(
        _ federation: CloudConfiguration.Federation
    ) async throws(TranshipError) -> String {
        switch federation.endpoint {
        case .token(let url): return url
        case .none: return ""
        case .discovery(let url):
            let asked = "GET \(shownURL(url))"
            let answer = try await send(.get, url, ["Accept": "application/json"], nil, [])
            guard answer.status == 200 else {
                throw refused(answer, .identityProvider, asked)
            }
            guard
                let endpoint = try JSONValue(body: answer.body, asked: asked)["token_endpoint"]?
                    .string
            else {
                throw TranshipError(
                    .authenticationFailed,
                    "\(shownURL(url)) names no token_endpoint",
                    hint: "check discovery_endpoint, or set access_token_endpoint"
                ).of(cloud: cloud.name)
            }
            return endpoint
        }
    }

    /// Exchanges an access token for an unscoped token of Keystone
    /// (<https://docs.openstack.org/api-ref/identity/v3-ext/#os-federation>).
    private func exchanged(
        _ access: Secret<String>, _ federation: CloudConfiguration.Federation
    ) async throws(TranshipError) -> Secret<String> {
        let root = TokenRequests.tokensURL(cloud.authURL ?? "").dropLast("/auth/tokens".count)
        let path =
            "/OS-FEDERATION/identity_providers/\(percentEncode(federation.identityProvider))"
            + "/protocols/\(percentEncode(federation.federationProtocol))/auth"
        let answer = try await send(
            .post, "\(root)\(path)",
            ["Authorization": "Bearer \(access.revealed)", "Accept": "application/json"], [],
            [access])
        guard answer.status == 201 || answer.status == 200,
            let token = answer.headers["X-Subject-Token"], !token.isEmpty
        else { throw refused(answer, .identity, "POST /v3\(path)") }
        return Secret(token)
    }

    private func send(
        _ method: HTTPRequest.Method, _ url: String, _ headers: HTTPHeaders, _ body: [UInt8]?,
        _ secrets: [Secret<String>]
    ) async throws(TranshipError) -> HTTPResponse {
        var request = HTTPRequest(method, url, headers: headers, body: body)
        request.secrets = secrets
        request.timeoutSeconds = Self.timeoutSeconds
        // A second token does no harm.
        request.isRepeatable = true
        return try await http.send(request, quickRetries: quickRetries)
    }

    private func refused(
        _ answer: HTTPResponse, _ who: ServiceAnswer.Service, _ asked: String
    ) -> TranshipError {
        let refusal = answer.refusal(by: who, asked: asked)
        guard (200..<500).contains(answer.status) else {
            return refusal.of(cloud: cloud.name)
        }
        return TranshipError(
            .authenticationFailed, refusal.message,
            hint: refusal.answer?.message.contains("unsupported method") == true
                ? "this Keystone does not offer the protocol of the cloud's entry: ask its operator "
                    + "for the method, or write another auth_type"
                : "check identity_provider, protocol, client_id and the user of the cloud's entry",
            answer: refusal.answer
        ).of(cloud: cloud.name)
    }
}
