// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
public import Decompression
internal import Foundation
public import HTTPTransport
public import MigrationPipeline
public import OpenStackImage
public import PipelineFiles

/// Opens the entries of a pipeline's `sources`. Besides `PipelineFiles`, this is the only place
/// that distinguishes their kinds.
public struct SourceFactory: Sendable {
    /// Opens an entry. The index is its place in the pipeline's `sources`, from 0.
    public typealias Opening = @Sendable (_ source: OtherSource, _ index: Int) -> any ImageSource

    let baseDirectory: String
    let environment: [String: String]
    let signIn: @Sendable (CloudSource) async throws(TranshipError) -> SignedInCloud
    let client: @Sendable (_ url: URLSource) -> HTTPClient
    let reopening: Reopening
    let decompression: DecompressionLimits
    let others: [String: Opening]
    private let memory = RangeMemory()
    private let connections = SourceConnections()

    /// - Parameters:
    ///   - baseDirectory: the absolute folder at which relative paths start.
    ///   - decompression: the limits of `decompress`.
    ///   - signIn: finds a cloud and signs in to it.
    ///   - client: returns the client for one URL.
    ///   - others: functions that open kinds which the format does not have, by their keys.
    public init(
        baseDirectory: String, environment: [String: String], reopening: Reopening = Reopening(),
        decompression: DecompressionLimits = DecompressionLimits(),
        signIn: @escaping @Sendable (CloudSource) async throws(TranshipError) -> SignedInCloud,
        client: @escaping @Sendable (_ url: URLSource) -> HTTPClient,
        others: [String: Opening] = [:]
    ) {
        self.baseDirectory = baseDirectory
        self.environment = environment
        self.reopening = reopening
        self.decompression = decompression
        self.signIn = signIn
        self.client = client
        self.others = others
    }

    /// Opens an entry.
    ///
    /// - Parameter index: the entry's place in the pipeline's `sources`, from 0.
    /// - Throws: the reason that the entry cannot be opened, with the entry's position in the
    ///   pipeline.
    public func open(
        _ source: Source, index: Int
    ) async throws(TranshipError) -> any ImageSource {
        do throws(TranshipError) {
            return try await opened(source, index)
        } catch {
            throw error.at(place: "\(source.position)")
        }
    }

    private func opened(
        _ source: Source, _ index: Int
    ) async throws(TranshipError) -> any ImageSource {
        switch source {
        case .cloud(let cloud):
            let signedIn = try await signIn(cloud)
            if signedIn.isLegacy {
                guard cloud.preferredStores.isEmpty else {
                    throw TranshipError(
                        .invalidPipeline,
                        "\(cloud.cloud.position): cloud \"\(cloud.cloud.name)\" speaks Images API v1 "
                            + "only, which has no stores",
                        hint: "remove `prefer_stores`")
                }
                return LegacyCloudImages(selection: cloud, sourceIndex: index, cloud: signedIn)
            }
            return CloudImages(
                selection: cloud, sourceIndex: index, cloud: signedIn, reopening: reopening,
                memory: memory, connections: connections)
        case .url(let url):
            return URLImage(
                source: url, sourceIndex: index, headers: try headers(url), client: client(url),
                reopening: reopening, memory: memory, connections: connections,
                decompression: decompression)
        case .simplestreams(let streams):
            var images = URLImage(
                source: streams.index, sourceIndex: index, headers: try headers(streams.index),
                client: client(streams.index), reopening: reopening, memory: memory,
                connections: connections, decompression: decompression)
            images.locatesByImage = true
            return SimplestreamsImages(source: streams, images: images)
        case .file(let file):
            return FileImages(
                source: file, sourceIndex: index, baseDirectory: baseDirectory,
                decompression: decompression)
        case .archive(let archive):
            return ArchiveImages(source: archive, sourceIndex: index)
        case .other(let other):
            guard let open = others[other.kind] else {
                throw TranshipError(
                    .invalidPipeline, "\(other.position): nothing opens a \(other.kind) source")
            }
            return open(other, index)
        }
    }

    private func headers(_ source: URLSource) throws(TranshipError) -> HTTPHeaders {
        var headers = HTTPHeaders()
        for header in source.headers { headers.add(header.name, header.value.revealed) }
        guard case .env(let name) = source.auth else { return headers }
        guard let credentials = environment[name], !credentials.isEmpty else {
            throw TranshipError(
                .invalidPipeline, "\(source.position): the environment has no \(name)",
                hint: "set it to user:password before the run")
        }
        headers.add("Authorization", "Basic \(Data(credentials.utf8).base64EncodedString())")
        return headers
    }
}

/// A cloud that a pipeline names, with a session that has a token.
public struct SignedInCloud: Sendable {
    public let session: CloudSession
    /// The address of its Image service in one spelling.
    public let endpoint: String
    /// The region of the cloud; nil without Keystone.
    public let region: CloudRegion?
    /// The project of the cloud's user; nil without Keystone.
    public let projectID: String?
    /// True if that user has the role of an administrator.
    public let isAdmin: Bool
    /// True if its Image service supports only Images API v1.
    public let isLegacy: Bool

    public init(
        _ session: CloudSession, endpoint: String, region: CloudRegion?, projectID: String?,
        isAdmin: Bool = false, isLegacy: Bool = false
    ) {
        self.session = session
        self.endpoint = ServiceAddress.inOneSpelling(endpoint, versions: ["/v1", "/v2"])
        self.region = region
        self.projectID = projectID
        self.isAdmin = isAdmin
        self.isLegacy = isLegacy
    }
}
