// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
import FoundationEssentials
public import HTTPTransport

/// A session for one cloud and one project, with one token that all users of the session share.
///
/// Sends nothing before the first request needs a token. Any number of tasks may use it. Create one
/// per (cloud, region, project) and keep it.
public final class CloudSession: Sendable {
    /// The configuration of the cloud.
    public let configuration: CloudConfiguration
    /// The client with the TLS settings of the cloud. Requests sent with it directly have no token;
    /// ``ImageService`` adds one.
    public let http: HTTPClient

    /// The number of times that a small request that changes nothing is repeated at once if the
    /// connection broke or a gateway refused it.
    public let quickRetries: Int

    private let tokens: TokenCache

    /// The ids of the domains that Keystone listed, by name.
    let domainIDs = Guarded<[String: [String]]>([:])

    /// The facts that requests have shown about the Image service and this user.
    private let experience = Guarded(Experience())

    private struct Experience: Sendable {
        /// See ``ImageService/minorVersion()``: nil before the first request, `.some(nil)` if
        /// unknown.
        var minorVersion: Int??
        /// True once the service accepted a token of this session.
        var isAccepted = false
        /// The kinds of requests that the service refused with a token that it accepts for others.
        var denied: Set<String> = []
    }

    /// The time limit for an answer of Keystone.
    static let authenticationTimeoutSeconds = 60

    /// Creates a session. Sends nothing yet, and reads no files except certificates.
    ///
    /// - Parameter transport: time limits; the TLS settings of the cloud replace those in it.
    public convenience init(
        _ configuration: CloudConfiguration, transport: TransportConfiguration = .init(),
        quickRetries: Int = 0
    ) {
        var transport = transport
        transport.caFile = configuration.caFile
        transport.clientCertificateFile = configuration.certFile
        transport.clientKeyFile = configuration.keyFile
        transport.verifiesTLS = configuration.verifiesTLS
        transport.misplacedKeys = configuration.misplacedKeys
        self.init(configuration, HTTPClient(transport), quickRetries: quickRetries)
    }

    /// Creates a session with a client of your own.
    ///
    /// - Parameter executor: runs the requests for tokens; nil for the default executor.
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

    /// Creates a session for the cloud with this name in the operator's files; nil means their
    /// default cloud.
    ///
    /// `region` and `interface` override the entry. `project` (id or name) requests a token for
    /// another project.
    ///
    /// - Throws: as ``CloudFiles/load(environment:workingDirectory:)``,
    ///   ``CloudFiles/configuration(of:region:interface:)`` and
    ///   ``CloudConfiguration/scoped(toProject:domain:)``.
    public static func named(
        _ cloud: String?, region: String? = nil, interface: String? = nil, project: String? = nil,
        projectDomain: String? = nil, environment: [String: String],
        transport: TransportConfiguration = .init(),
        quickRetries: Int = 0
    ) throws(TranshipError) -> CloudSession {
        let files = try CloudFiles.load(environment: environment)
        var configuration = try files.configuration(
            of: cloud, region: region, interface: interface)
        if let project {
            configuration = try configuration.scoped(toProject: project, domain: projectDomain)
        }
        return CloudSession(configuration, transport: transport, quickRetries: quickRetries)
    }

    /// The name of the entry in clouds.yaml, for messages.
    public var cloudName: String { configuration.name }

    /// Returns the user and the project, after getting a valid token.
    ///
    /// - Throws: ``TranshipError/Code/authenticationFailed``, ``TranshipError/Code/notKeystone``,
    ///   ``TranshipError/Code/noImageService``, and network failures.
    public func authenticate() async throws(TranshipError) -> AuthenticatedProject {
        try await authorization().project
    }

    /// The address and the authentication header of a request.
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

    /// Discards the token of a request that got a 401. Returns false if a new token cannot change
    /// the answer.
    func invalidate(_ authorization: Authorization) async -> Bool {
        guard let token = authorization.token else { return false }
        await tokens.invalidate(token)
        return true
    }

    var minorVersion: Int?? { experience.withLock { $0.minorVersion } }

    func learn(minorVersion: Int?) {
        experience.withLock { $0.minorVersion = .some(minorVersion) }
    }

    /// True once the service accepted a token of this session.
    var isAccepted: Bool { experience.withLock { $0.isAccepted } }

    func learnThatTokensAreAccepted() {
        experience.withLock { $0.isAccepted = true }
    }

    /// True if the service refused such a request before, for another reason than its token.
    func isDenied(_ kind: String) -> Bool { experience.withLock { $0.denied.contains(kind) } }

    func learnThatItDenies(_ kind: String) {
        experience.withLock { _ = $0.denied.insert(kind) }
    }

    private func withoutKeystone() throws(TranshipError) -> Authorization {
        guard let endpoint = configuration.imageEndpointOverride else {
            throw TranshipError(
                .noImageService,
                "cloud \"\(cloudName)\" does not use Keystone, so the address of its Image service is "
                    + "unknown",
                hint: "set image_endpoint_override", naming: cloudName)
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
        do throws(TranshipError) {
            let known = try await TokenSource(cloud: cloud, http: http, quickRetries: quickRetries)
                .resolved()
            guard var request = TokenRequests.issue(known) else {
                throw TranshipError(
                    .invalidCloudsFile, "cloud \"\(cloud.name)\" has no auth_url",
                    hint: "add auth_url to the cloud's entry", naming: cloud.name)
            }
            request.timeoutSeconds = authenticationTimeoutSeconds
            let answer = try await http.send(request, quickRetries: quickRetries)
            return .success(try IssuedToken(answer, of: cloud))
        } catch {
            return .failure(explained(error, cloud))
        }
    }

    /// Returns a network failure with a hint for the operator.
    private static func explained(
        _ error: TranshipError, _ cloud: CloudConfiguration
    ) -> TranshipError {
        switch error.code {
        case .unreachable, .timedOut, .connectionLost:
            let told = error.whileDoing(
                "cloud \"\(cloud.name)\", asking Keystone for a token", naming: cloud.name)
            return error.hint == nil || error.code != .unreachable
                ? told.hinting("check auth_url and the network path to it") : told
        case .tlsFailed:
            return error.whileDoing(
                "cloud \"\(cloud.name)\", asking Keystone for a token", naming: cloud.name)
        case .authenticationFailed where !cloud.remarks.isEmpty:
            // No plan follows that would give the remarks.
            return error.hinting(
                ([error.hint].compactMap(\.self) + cloud.remarks).joined(separator: "; "))
        default:
            return error
        }
    }
}

/// The user and project of a token, and the address of the Image service.
public struct AuthenticatedProject: Hashable, Sendable {
    /// The id of the project; nil without Keystone (`auth_type` `none` or `http_basic`).
    public var projectID: String?
    /// The name of the project; nil without Keystone.
    public var projectName: String?
    /// The id of the user.
    public var userID: String?
    /// The name of the user.
    public var userName: String?
    /// The names of the roles in this project: `member`, `reader`, `admin`, …
    public var roles: [String]
    /// The time at which the present token expires, as Keystone writes it (UTC).
    public var expiresAt: String?
    /// The requests that the token's application credential allows; nil if it allows everything
    /// that its roles allow.
    public var accessRules: AccessRules?
    /// The root of the Image service, without `/v2` and without a slash at the end.
    public var imageEndpoint: String
    /// The further addresses that the catalogue lists for this region and interface. The first one
    /// counts, as in the `openstack` client; these are for hints.
    package var otherImageEndpoints: [String] = []

    /// True for a token with the role `admin`, for which the default policies of the Image service
    /// allow everything. The policy of a cloud may differ.
    public var isAdmin: Bool { roles.contains("admin") }
}
