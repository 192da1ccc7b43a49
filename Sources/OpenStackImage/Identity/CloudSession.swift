// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
import FoundationEssentials
public import HTTPTransport

/// One cloud, one project, one token that all users of the session share.
///
/// Nothing is sent before the first request needs a token. Safe to use from
/// any number of tasks; make one per (cloud, region, project) and keep it.
public final class CloudSession: Sendable {
    /// What it was made from.
    public let configuration: CloudConfiguration
    /// Carries this cloud's TLS settings. Requests sent on it directly have no
    /// token; ``ImageService`` adds one.
    public let http: HTTPClient

    /// How often a small request that changes nothing is sent again at once,
    /// when the connection broke or a gateway refused it.
    public let quickRetries: Int

    private let tokens: TokenCache

    /// Time for one answer of Keystone.
    static let authenticationTimeoutSeconds = 60

    /// Nothing is sent, and nothing is read but files of certificates, before
    /// it is used.
    ///
    /// - Parameter transport: how long to wait; its TLS settings are replaced by
    ///   the cloud's.
    public convenience init(
        _ configuration: CloudConfiguration, transport: TransportConfiguration = .init(),
        quickRetries: Int = 0
    ) {
        var transport = transport
        transport.caFile = configuration.caFile
        transport.clientCertificateFile = configuration.certFile
        transport.clientKeyFile = configuration.keyFile
        transport.verifiesTLS = configuration.verifiesTLS
        self.init(configuration, HTTPClient(transport), quickRetries: quickRetries)
    }

    /// A session over a client of one's own.
    ///
    /// - Parameter executor: runs the requests for tokens; nil is the default one.
    package init(
        _ configuration: CloudConfiguration, _ http: HTTPClient, quickRetries: Int = 0,
        executor: (any TaskExecutor)? = nil
    ) {
        self.configuration = configuration
        self.http = http
        self.quickRetries = quickRetries
        tokens = TokenCache(executor: executor) {
            await Self.issue(configuration, http, quickRetries)
        }
    }

    /// The cloud of that name in the operator's files; nil is their default.
    ///
    /// `region` and `interface` override the entry, `project` (id or name)
    /// asks for a token of another project.
    ///
    /// - Throws: as ``CloudFiles/load(environment:workingDirectory:)``,
    ///   ``CloudFiles/configuration(of:region:interface:)`` and
    ///   ``CloudConfiguration/scoped(toProject:)``.
    public static func named(
        _ cloud: String?, region: String? = nil, interface: String? = nil, project: String? = nil,
        environment: [String: String], transport: TransportConfiguration = .init(),
        quickRetries: Int = 0
    ) throws(TranshipError) -> CloudSession {
        let files = try CloudFiles.load(environment: environment)
        var configuration = try files.configuration(
            of: cloud, region: region, interface: interface)
        if let project { configuration = try configuration.scoped(toProject: project) }
        return CloudSession(configuration, transport: transport, quickRetries: quickRetries)
    }

    /// The entry's name in clouds.yaml: for messages.
    public var cloudName: String { configuration.name }

    /// Who we are, with a token that is valid now.
    ///
    /// - Throws: ``TranshipError/Code/authenticationFailed``,
    ///   ``TranshipError/Code/notKeystone``,
    ///   ``TranshipError/Code/noImageService``, or what the network did.
    public func authenticate() async throws(TranshipError) -> AuthenticatedProject {
        try await authorization().project
    }

    /// Makes sure that the next request's token is good for so long, where
    /// Keystone issues tokens that live so long: asked before a body that
    /// takes a while to send.
    public func freshToken(validForSeconds seconds: Int) async throws(TranshipError) {
        _ = try await authorization(validForSeconds: seconds)
    }

    /// What a request needs: where to, and the header that says who asks.
    struct Authorization: Sendable {
        var project: AuthenticatedProject
        var token: Secret<String>?
        var basic: Secret<String>?

        func add(to headers: inout HTTPHeaders) {
            if let token { headers["X-Auth-Token"] = token.revealed }
            if let basic { headers["Authorization"] = basic.revealed }
        }
    }

    func authorization(
        validForSeconds seconds: Int = 0
    ) async throws(TranshipError) -> Authorization {
        guard configuration.authentication.usesKeystone else { return try withoutKeystone() }
        let token = try await tokens.token(validForSeconds: Int64(seconds))
        return Authorization(project: token.project, token: token.value)
    }

    /// Forgets the token of a request that was answered 401. False when a new
    /// one could not change the answer.
    func invalidate(_ authorization: Authorization) async -> Bool {
        guard let token = authorization.token else { return false }
        await tokens.invalidate(token)
        return true
    }

    private func withoutKeystone() throws(TranshipError) -> Authorization {
        guard let endpoint = configuration.imageEndpointOverride else {
            throw TranshipError(
                .noImageService,
                "cloud \"\(cloudName)\" uses no Keystone, so nothing says where its Image service is",
                hint: "set image_endpoint_override")
        }
        let project = AuthenticatedProject(
            roles: [], imageEndpoint: ImageEndpoint.root(of: endpoint))
        guard case .basic(let username, let password) = configuration.authentication else {
            return Authorization(project: project)
        }
        let credentials = Data("\(username):\(password.revealed)".utf8).base64EncodedString()
        return Authorization(project: project, basic: Secret("Basic \(credentials)"))
    }

    private static func issue(
        _ cloud: CloudConfiguration, _ http: HTTPClient, _ quickRetries: Int
    ) async -> Result<IssuedToken, TranshipError> {
        guard var request = TokenRequests.issue(cloud) else {
            return .failure(
                TranshipError(
                    .invalidCloudsFile, "cloud \"\(cloud.name)\" has no auth_url",
                    hint: "add auth_url to the cloud's entry"))
        }
        request.timeoutSeconds = authenticationTimeoutSeconds
        do throws(TranshipError) {
            let answer = try await http.send(request, quickRetries: quickRetries)
            return .success(try IssuedToken(answer, of: cloud))
        } catch {
            return .failure(explained(error, cloud))
        }
    }

    /// What the network did, with what the operator can do about it.
    private static func explained(
        _ error: TranshipError, _ cloud: CloudConfiguration
    ) -> TranshipError {
        switch error.code {
        case .unreachable, .timedOut, .connectionLost:
            let told = error.whileDoing("cloud \"\(cloud.name)\", asking Keystone for a token")
            return error.hint == nil ? told.hinting("check auth_url and the way to it") : told
        case .tlsFailed:
            return error.whileDoing("cloud \"\(cloud.name)\", asking Keystone for a token")
                .hinting("name the cloud's CA certificates in cacert of its entry")
        default:
            return error
        }
    }
}
