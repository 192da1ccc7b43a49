// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

package import Basics
internal import Foundation
package import HTTPTransport
package import MigrationModel
internal import MigrationPipeline
internal import OpenStackImage
package import PipelineFiles
package import SourceReaders

/// The way from a run to the clouds and servers of its pipeline. A protocol, so that a simulation
/// can supply other clouds and everything else stays the same.
package protocol Connections: Sendable {
    /// The rules for opening a source again after its connection broke.
    var reopening: Reopening { get }

    /// Finds a cloud and signs in to it.
    func signIn(_ cloud: CloudName) async throws(TranshipError) -> SignedInCloud

    func client(for url: URLSource) -> HTTPClient

    /// Throws if there is no such cloud. Asks no service.
    func expectKnown(_ cloud: CloudName) throws(TranshipError)

    /// The weaknesses of the connections that were opened so far, each as a warning.
    var weaknesses: [Warning] { get }
}

extension Connections {
    package var reopening: Reopening { Reopening() }
    package var weaknesses: [Warning] { [] }
    package func expectKnown(_ cloud: CloudName) throws(TranshipError) {}
}

/// The clouds of `clouds.yaml`, over the network.
///
/// Entries that name the same cloud, region, interface and project share one
/// session, so that many transfers share one token.
final class NetworkConnections: Connections {
    private let environment: [String: String]
    private let transport: TransportConfiguration
    private let known = Guarded<[[String?]: CloudSession]>([:])
    private let weak = Guarded<[Warning]>([])
    private let warn: @Sendable (Warning) -> Void

    /// - Parameter warn: called with each setting of an entry of clouds.yaml that has no effect.
    init(
        environment: [String: String], transport: TransportConfiguration,
        warn: @escaping @Sendable (Warning) -> Void
    ) {
        self.environment = environment
        self.transport = transport
        self.warn = warn
    }

    func client(for url: URLSource) -> HTTPClient {
        var configuration = transport
        configuration.caFile = url.cacert
        configuration.settingsPlace = .pipelineSource
        configuration.secrets = url.variables
        if url.auth == .netrc { configuration.netrcFile = Self.netrcFile(environment) }
        if url.auth != nil || !url.headers.isEmpty, PlainAddress.crossesNetwork(url.url) {
            note([
                .secretsWithoutTLS(place: "\(url.position)", url: shownURL(url.url))
            ])
        }
        return HTTPClient(configuration)
    }

    /// Returns `$NETRC`, else `~/.netrc`.
    static func netrcFile(_ environment: [String: String]) -> String {
        if let file = environment["NETRC"], !file.isEmpty { return file }
        return "\(environment["HOME"] ?? NSHomeDirectory())/.netrc"
    }

    func signIn(_ cloud: CloudName) async throws(TranshipError) -> SignedInCloud {
        let session = try await session(signingInTo: cloud)
        let project: AuthenticatedProject
        let isLegacy: Bool
        do {
            project = try await session.authenticate()
            isLegacy = try await LegacyImageService.isNeeded(by: session)
        } catch {
            let name = session.cloudName
            let named = error.isNaming(name) ? error : error.of(cloud: name)
            guard let asked = cloud.project, error.code == .authenticationFailed else {
                throw named
            }
            throw named.hinting(
                "\(cloud.position) asks for the project \"\(asked)\": check its name first"
                    + (named.hint.map { "; \($0)" } ?? ""))
        }
        note(
            session.weaknesses(imageEndpoint: project.imageEndpoint).map(Warning.weakConnection))
        return SignedInCloud(
            session, endpoint: shownURL(project.imageEndpoint),
            region: session.configuration.authURL.map {
                CloudRegion(keystoneURL: $0, name: session.configuration.region)
            },
            projectID: project.projectID, isAdmin: project.isAdmin, isLegacy: isLegacy)
    }

    func expectKnown(_ cloud: CloudName) throws(TranshipError) { _ = try session(cloud) }

    var weaknesses: [Warning] { weak.withLock { $0 } }

    /// Notes each weakness once, since a cloud may be both a source and a target.
    private func note(_ found: [Warning]) {
        weak.withLock { known in known += found.filter { !known.contains($0) } }
    }

    /// Returns the session of a cloud. A pipeline may name the one project that an application
    /// credential is bound to: then no other token is needed.
    private func session(
        signingInTo cloud: CloudName
    ) async throws(TranshipError) -> CloudSession {
        do {
            return try session(cloud)
        } catch {
            guard let project = cloud.project else { throw error }
            let own = try session(cloud, isScoped: false)
            guard case .applicationCredential = own.configuration.authentication else {
                throw error
            }
            // The caller reports an error of signing in.
            guard let bound = try? await own.authenticate() else { return own }
            let isNamed = bound.projectName == project
            if isNamed, cloud.projectDomain != nil {
                throw error.hinting("write the name of the project without its domain, or its id")
            }
            let hasID = bound.projectID.map { ProjectID.areEqual($0, project) } ?? false
            guard isNamed || hasID else { throw error }
            return own
        }
    }

    /// - Parameter isScoped: false for the session in the project of the cloud's entry.
    private func session(
        _ cloud: CloudName, isScoped: Bool = true
    ) throws(TranshipError) -> CloudSession {
        let project = isScoped ? cloud.project : nil
        let domain = isScoped ? cloud.projectDomain : nil
        let key = [cloud.name, cloud.region, cloud.interface, project, domain]
        if let session = known.withLock({ $0[key] }) { return session }
        do {
            let session = try CloudSession.named(
                cloud.name, region: cloud.region, interface: cloud.interface,
                project: project, projectDomain: domain,
                environment: environment, transport: transport, quickRetries: 2)
            known.withLock { $0[key] = session }
            for remark in session.configuration.remarks { warn(.cloudsFile(remark)) }
            return session
        } catch {
            throw error.whileDoing("\(cloud.position)")
        }
    }
}
