// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

extension CloudConfiguration {
    /// A login at an identity provider (OpenID Connect), whose access token Keystone exchanges
    /// (<https://docs.openstack.org/keystone/latest/admin/federation/introduction.html>).
    public struct Federation: Sendable {
        /// A way in which the client gets the access token.
        public enum Grant: Sendable {
            /// `v3oidcaccesstoken`: the entry contains it.
            case accessToken(Secret<String>)
            /// `v3oidcclientcredentials`: for the client itself (RFC 6749, section 4.4).
            case clientCredentials
            /// `v3oidcpassword`: for a user (RFC 6749, section 4.3).
            case password(username: String, password: Secret<String>)
        }

        /// The place where the identity provider issues tokens.
        public enum Endpoint: Sendable, Hashable {
            /// The address itself.
            case token(String)
            /// A document that contains the address (OpenID Connect Discovery).
            case discovery(String)
            /// Not needed: the entry contains the access token.
            case none
        }

        /// The name of the identity provider in Keystone.
        public var identityProvider: String
        /// The name of the protocol in Keystone: `openid`, `mapped`.
        public var federationProtocol: String
        /// The way to get the access token.
        public var grant: Grant
        /// The place to get the access token.
        public var endpoint: Endpoint
        /// The client that the identity provider knows.
        public var clientID: String
        /// The secret of the client; nil for a public client.
        public var clientSecret: Secret<String>?
        /// The scope that the client requests.
        public var scope: String
        /// The member of the answer with the token: `access_token` or `id_token`.
        public var tokenMember: String

        /// Creates a login. The defaults are those of openstacksdk.
        public init(
            identityProvider: String, federationProtocol: String, grant: Grant, endpoint: Endpoint,
            clientID: String = "", clientSecret: Secret<String>? = nil,
            scope: String = "openid profile", tokenMember: String = "access_token"
        ) {
            self.identityProvider = identityProvider
            self.federationProtocol = federationProtocol
            self.grant = grant
            self.endpoint = endpoint
            self.clientID = clientID
            self.clientSecret = clientSecret
            self.scope = scope
            self.tokenMember = tokenMember
        }
    }
}

extension CloudFields {
    /// Reads the three `v3oidc…` types, with keystoneauth's names for the fields.
    func federation(_ type: String) throws(TranshipError) -> CloudConfiguration.Federation {
        guard let provider = auth("identity_provider") else { throw missing("identity_provider") }
        guard let name = auth("protocol") else { throw missing("protocol") }
        var federation = CloudConfiguration.Federation(
            identityProvider: provider, federationProtocol: name, grant: .clientCredentials,
            endpoint: .none)
        if type == "v3oidcaccesstoken" {
            guard let token = auth("access_token") else { throw missing("access_token") }
            federation.grant = .accessToken(Secret(token))
            return federation
        }
        guard let client = auth("client_id") else { throw missing("client_id") }
        federation.clientID = client
        federation.clientSecret = auth("client_secret").map { Secret($0) }
        if let scope = auth("openid_scope", "scope") { federation.scope = scope }
        if let member = auth("access_token_type") { federation.tokenMember = member }
        if let endpoint = try address("access_token_endpoint", auth("access_token_endpoint")) {
            federation.endpoint = .token(endpoint)
        } else if let document = try address("discovery_endpoint", auth("discovery_endpoint")) {
            federation.endpoint = .discovery(document)
        } else {
            throw missing("discovery_endpoint", " and no access_token_endpoint")
        }
        guard type == "v3oidcpassword" else { return federation }
        guard let username = auth("username", "user_name") else { throw missing("username") }
        guard let password = auth("password") else { throw missing("password") }
        federation.grant = .password(username: username, password: Secret(password))
        return federation
    }

    /// The words of `token_command`, which is a list of words or one program.
    var tokenCommand: [String]? {
        guard let value = entry["token_command"] ?? entry["auth"]?["token_command"] else {
            return nil
        }
        let words = value.list.map { $0.compactMap(\.text) } ?? [value.text ?? ""]
        return words.first?.isEmpty == false ? words : nil
    }
}
