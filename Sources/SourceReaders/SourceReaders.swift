// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
public import ByteStreams
public import MigrationModel
public import MigrationPipeline

/// Reads whatever the pipeline's sources name: hands each image to the reader
/// of its kind.
public struct SourceReaders: SourceReader {
    public static let name = StageName.read

    let cloud: CloudReader
    let legacyCloud: LegacyCloudReader
    let url: URLReader
    let file: FileReader

    public init(
        cloud: CloudReader, legacyCloud: LegacyCloudReader = LegacyCloudReader(services: [:]),
        url: URLReader, file: FileReader = FileReader()
    ) {
        self.cloud = cloud
        self.legacyCloud = legacyCloud
        self.url = url
        self.file = file
    }

    public func read(
        _ transfer: Transfer, from point: ReadingPoint?, into ring: ByteRing,
        tell: @escaping @Sendable (ReadingEvent) -> Void
    ) async throws(TranshipError) {
        switch transfer.source.location {
        case .cloud where legacyCloud.reads(transfer):
            try await legacyCloud.read(transfer, from: point, into: ring, tell: tell)
        case .cloud: try await cloud.read(transfer, from: point, into: ring, tell: tell)
        case .url: try await url.read(transfer, from: point, into: ring, tell: tell)
        case .file: try await file.read(transfer, from: point, into: ring, tell: tell)
        }
    }

    public func facts(_ transfer: Transfer) async throws(TranshipError) -> SourceFacts {
        switch transfer.source.location {
        case .cloud where legacyCloud.reads(transfer): try await legacyCloud.facts(transfer)
        case .cloud: try await cloud.facts(transfer)
        case .url: try await url.facts(transfer)
        case .file: try await file.facts(transfer)
        }
    }
}
