// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import ByteStreams
internal import ChecksumVerifiers
internal import Foundation
internal import HTTPTransport
internal import ImageUploaders
internal import MigrationJournal
internal import MigrationModel
internal import MigrationPipeline
internal import OpenStackImage
internal import PipelineFiles
internal import Planning
internal import Publishing
internal import SourceReaders
internal import TaskWaiters

/// A pipeline's clouds, URLs and files, opened: what planning looks at and what
/// the stages work with.
struct Workplace: Sendable {
    let sources: [PlanningSource]
    let targets: [PlanningTarget]
    private let cloudSources: [Int: ImageService]
    private let legacySources: [Int: LegacyImageService]
    private let urlSources: [Int: URLReader.Address]
    private let services: [String: ImageService]
    private let regions: [Int: (name: String, interface: EndpointInterface)]
    /// How many images at once are read from a source's place, or written to a
    /// target's; see ``PlaceLimits``.
    let sourceLimits: [Int: Scheduler.PlaceLimit]
    private let targetPlaces: [String: Scheduler.PlaceLimit]
    /// What stands behind sources and targets.
    let endpoints: Scheduler.Endpoints

    /// Finds every cloud and signs in to it, so that wrong credentials are told
    /// before anything else happens.
    static func open(
        _ pipeline: Pipeline, environment: [String: String],
        transport: TransportConfiguration = .init()
    ) async throws(TranshipError) -> Workplace {
        var sessions = Sessions(environment: environment, transport: transport)
        var sources: [PlanningSource] = []
        var cloudSources: [Int: ImageService] = [:]
        var legacySources: [Int: LegacyImageService] = [:]
        var urlSources: [Int: URLReader.Address] = [:]
        var keystones: [Int: String] = [:]
        var regions: [Int: (name: String, interface: EndpointInterface)] = [:]
        var sourcePlaces = PlaceLimits<Int>()
        var targetPlaces = PlaceLimits<String>()
        for (index, source) in pipeline.sources.enumerated() {
            switch source {
            case .cloud(let cloud):
                let session = try sessions.session(
                    cloud.cloud, cloud.region, cloud.interface, cloud.project, cloud.position)
                let project = try await Self.signIn(session)
                sourcePlaces.add(index, at: project.imageEndpoint, source.limitsImages)
                if try await Self.isLegacy(session) {
                    let service = LegacyImageService(session)
                    legacySources[index] = service
                    keystones[index] = session.configuration.authURL
                    sources.append(
                        PlanningSource(index: index, kind: .legacyCloud(cloud, service)))
                    continue
                }
                let service = ImageService(session)
                cloudSources[index] = service
                keystones[index] = session.configuration.authURL
                if let region = session.configuration.region {
                    regions[index] = (region, session.configuration.interface)
                }
                sources.append(PlanningSource(index: index, kind: .cloud(cloud, service)))
            case .url(let url):
                let address = try Self.address(url, environment, transport)
                urlSources[index] = address
                sourcePlaces.add(index, at: PlaceLimits.host(of: url.url), source.limitsImages)
                sources.append(
                    PlanningSource(
                        index: index, kind: .url(url, address.client, address.headers)))
            case .file(let file):
                sourcePlaces.add(index, at: "this machine", source.limitsImages)
                sources.append(
                    PlanningSource(
                        index: index, kind: .file(file, baseDirectory: pipeline.baseDirectory)))
            case .archive(let archive):
                throw TranshipError(
                    .notBuiltYet, "\(archive.position): archive sources are not built yet")
            }
        }
        var targets: [PlanningTarget] = []
        var services: [String: ImageService] = [:]
        for target in pipeline.targets {
            guard case .cloud(let cloud) = target else {
                throw TranshipError(
                    .notBuiltYet, "\(target.position): archive targets are not built yet")
            }
            let session = try sessions.session(
                cloud.cloud, cloud.region, cloud.interface, cloud.project, cloud.position)
            let project = try await Self.signIn(session)
            guard try await !Self.isLegacy(session) else {
                throw TranshipError(
                    .noImageService,
                    "\(cloud.position): cloud \"\(cloud.cloud)\" is spoken to in Images API v1, and a "
                        + "target needs v2",
                    hint: "a legacy cloud can be a source only; if it has v2 after all, remove "
                        + "image_api_version from its entry")
            }
            let key = Self.targetKey(cloud)
            guard services[key] == nil else {
                throw TranshipError(
                    .invalidPipeline, "\(cloud.position): the target \(key) is named twice",
                    hint: "name each cloud, region and project once")
            }
            let service = ImageService(session)
            services[key] = service
            targetPlaces.add(key, at: project.imageEndpoint, cloud.limitsImages)
            let shared = keystones.filter { $0.value == session.configuration.authURL }.map(\.key)
            let siblings = shared.filter {
                regions[$0] != nil && regions[$0]?.name != session.configuration.region
            }
            targets.append(
                PlanningTarget(
                    key: key, rules: cloud, service: service, projectID: project.projectID,
                    sharesKeystone: Set(shared), siblings: Set(siblings),
                    offer: try await TargetOffer.look(service),
                    verification: VerificationMode(pipeline.verify)))
        }
        return Workplace(
            sources: sources, targets: targets, cloudSources: cloudSources,
            legacySources: legacySources, urlSources: urlSources, services: services,
            regions: regions, sourceLimits: sourcePlaces.limits, targetPlaces: targetPlaces.limits,
            endpoints: .init(sources: sourcePlaces.places, targets: targetPlaces.places))
    }

    func service(_ targetKey: String) -> ImageService? { services[targetKey] }

    /// What each target allows at once: the pipeline's wish and its quotas.
    var targetLimits: [String: Scheduler.TargetLimits] {
        var limits: [String: Scheduler.TargetLimits] = [:]
        for target in targets {
            let uploading = target.offer.quota("image_count_uploading")?.left
            let stagedMiB = target.offer.quota("image_stage_total")?.left
            limits[target.key] = .init(
                images: targetPlaces[target.key], uploading: uploading.map { Int(max(0, $0)) },
                stagedBytes: stagedMiB.map { max(0, $0) << 20 })
        }
        return limits
    }

    /// The stages over these clouds.
    ///
    /// - Parameter now: the scheduler's clock.
    func stages(journal: Journal, now: @escaping @Sendable () -> Int64) -> Stages {
        Stages(
            reader: SourceReaders(
                cloud: CloudReader(services: cloudSources),
                legacyCloud: LegacyCloudReader(services: legacySources),
                url: URLReader(addresses: urlSources)),
            verifier: DigestVerifier(),
            uploader: CloudUploader(targets: services, placed: journal.transfer, now: now),
            waiter: ImportWaiter(
                targets: services,
                fetch: { transfer throws(TranshipError) in try fetch(transfer) },
                now: now),
            publisher: CloudPublisher(targets: services, placed: journal.transfer))
    }

    /// What the service is to fetch by itself.
    private func fetch(_ transfer: Transfer) throws(TranshipError) -> ImportRequest.Method {
        let index = transfer.source.sourceIndex
        switch (transfer.method, transfer.source.location) {
        case (.webDownload, .url):
            guard let address = urlSources[index] else { break }
            return .webDownload(uri: address.url)
        case (.glanceDownload, .cloud(let imageID)):
            guard let region = regions[index] else { break }
            return .glanceDownload(
                region: region.name, imageID: imageID, interface: region.interface)
        default: break
        }
        throw TranshipError(
            .invalidPipeline,
            "the pipeline's source \(index + 1) is not what \(transfer.method.rawValue) can fetch",
            hint: "run the pipeline again, so that it is planned anew")
    }

    // MARK: Parts

    /// Stable over runs, and readable: it stands in the journal and in messages.
    private static func targetKey(_ target: CloudTarget) -> String {
        ([target.cloud] + [target.region, target.project].compactMap { $0 }).joined(separator: "/")
    }

    private static func signIn(
        _ session: CloudSession
    ) async throws(TranshipError) -> AuthenticatedProject {
        do {
            return try await session.authenticate()
        } catch {
            let isNamed = error.message.contains(session.cloudName)
            throw isNamed ? error : error.whileDoing("cloud \(session.cloudName)")
        }
    }

    /// Whether the cloud has to be spoken to in Images API v1.
    private static func isLegacy(_ session: CloudSession) async throws(TranshipError) -> Bool {
        do {
            return try await LegacyImageService.isNeeded(by: session)
        } catch {
            throw error.whileDoing("cloud \(session.cloudName)")
        }
    }

    private static func address(
        _ source: URLSource, _ environment: [String: String], _ transport: TransportConfiguration
    ) throws(TranshipError) -> URLReader.Address {
        var configuration = transport
        configuration.caFile = source.cacert
        var headers = HTTPHeaders()
        for header in source.headers { headers.add(header.name, header.value.revealed) }
        switch source.auth {
        case nil: break
        case .netrc: configuration.usesNetrc = true
        case .env(let name):
            guard let credentials = environment[name], !credentials.isEmpty else {
                throw TranshipError(
                    .invalidPipeline, "\(source.position): the environment has no \(name)",
                    hint: "set it to user:password before the run")
            }
            headers.add(
                "Authorization", "Basic \(Data(credentials.utf8).base64EncodedString())")
        }
        return URLReader.Address(
            url: Secret(source.url), headers: headers, client: HTTPClient(configuration))
    }
}

/// One session for each cloud, region, interface and project, shared by all
/// that name it, so that many transfers share one token.
private struct Sessions {
    let environment: [String: String]
    let transport: TransportConfiguration
    private var known: [[String?]: CloudSession] = [:]

    init(environment: [String: String], transport: TransportConfiguration) {
        self.environment = environment
        self.transport = transport
    }

    mutating func session(
        _ cloud: String, _ region: String?, _ interface: String?, _ project: String?,
        _ position: FilePosition
    ) throws(TranshipError) -> CloudSession {
        let key = [cloud, region, interface, project]
        if let session = known[key] { return session }
        do {
            let session = try CloudSession.named(
                cloud, region: region, interface: interface, project: project,
                environment: environment, transport: transport, quickRetries: 2)
            known[key] = session
            return session
        } catch {
            throw error.whileDoing("\(position)")
        }
    }
}

extension VerificationMode {
    init(_ mode: VerifyMode) {
        switch mode {
        case .proof: self = .proof
        case .services: self = .services
        case .paranoid: self = .paranoid
        }
    }
}
