// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import ByteStreams
internal import Decompression
internal import MigrationModel
internal import MigrationPipeline
internal import PipelineFiles
internal import SourceReaders

/// The sources of a pipeline, opened.
struct OpenedSources {
    /// The sources, with an ``AbsentSource`` for each that cannot be opened.
    private(set) var all: [any ImageSource] = []
    /// The names of the sources in messages.
    private(set) var names: [String] = []
    /// The names of the sources that cannot be opened.
    private(set) var lost: Set<String> = []
    /// The mistakes in the pipeline or in clouds.yaml about sources that the pipeline needs.
    private(set) var mistakes: [(FilePosition, TranshipError)] = []

    /// - Parameter mayLack: true for the name of a source that the work can do without.
    /// - Throws: the error of a source that the pipeline needs and that cannot be opened.
    init(
        _ expanded: ProjectExpansion, _ pipeline: Pipeline, _ environment: [String: String],
        _ connections: any Connections, _ services: ProjectServices,
        kinds: [String: SourceFactory.Opening], mayLack: (String) -> Bool,
        tell: (PlanningEvent) -> Void
    ) async throws(TranshipError) {
        let factory = SourceFactory(
            baseDirectory: pipeline.baseDirectory, environment: environment,
            reopening: connections.reopening,
            decompression: DecompressionLimits(
                sizeBytes: pipeline.limits.decompressedBytes,
                ratio: Int64(pipeline.limits.decompressedRatio)),
            signIn: { (source) async throws(TranshipError) in
                let cloud = try await connections.signIn(source.cloud)
                services.note(cloud.session)
                return cloud
            }, client: { connections.client(for: $0) }, others: kinds)
        var errors: [String: TranshipError] = [:]
        for (index, expandedSource) in expanded.sources.enumerated() {
            let name = expandedSource.name
            if let silent = expandedSource.silent { errors[name] = silent.error }
            names.append(name)
            // For two entries of one cloud, wait for the cloud only once.
            if let error = errors[name] {
                all.append(AbsentSource(name: name, error: error))
                continue
            }
            tell(
                .asking(
                    what: "source \(name)", number: index + 1, of: expanded.sources.count))
            do throws(TranshipError) {
                all.append(try await factory.open(expandedSource.source, index: index))
            } catch {
                if !mayLack(name) || !error.isOfOneSource {
                    guard error.isMistakeOfEntry else { throw error }
                    mistakes.append((expandedSource.source.position, error))
                }
                errors[name] = error
                all.append(AbsentSource(name: name, error: error))
            }
        }
        lost = Set(errors.keys)
    }
}

extension OpenedSources {
    /// Returns the clouds that refused the login of a source.
    func refusedClouds(_ pipeline: Pipeline) -> [String] {
        let places = mistakes.filter { $0.1.code == .authenticationFailed }.map(\.0)
        return pipeline.sources.filter { places.contains($0.position) }
            .compactMap { $0.cloudEntry?.cloud.name }
    }
}

/// The stand-in for a source that cannot be opened, so that the other sources keep their indexes.
struct AbsentSource: ImageSource {
    let name: String
    let error: TranshipError

    var endpoint: String { "source \(name)" }
    var limitImages: Int? { nil }

    func list(
        _ listing: Listing, page: ([ListedImage]) async throws(TranshipError) -> Void
    ) async throws(TranshipError) {
        throw error
    }

    func read(
        _ transfer: Transfer, from point: ReadingPoint?, into ring: ByteRing,
        tell: @escaping @Sendable (ReadingEvent) -> Void
    ) async throws(TranshipError) {
        throw error
    }

    func facts(_ transfer: Transfer) async throws(TranshipError) -> SourceFacts { throw error }

    func sharing(of image: SourceImage) async throws(TranshipError) -> SourceFacts { throw error }

    func fetchable(_ image: SourceImage, for target: CloudRegion?) -> Fetchable {
        .nothing(.noSharedKeystone)
    }
}
