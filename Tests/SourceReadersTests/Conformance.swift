// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import MigrationModel
import MigrationPipeline
import PipelineFiles
import TestSupport
import Testing

/// A source that a test can make from given bytes, for the suite that every kind has to pass.
protocol TestSource: Sendable {
    var source: any ImageSource { get }
    /// Makes these bytes the only image of the source.
    func put(_ bytes: [UInt8]) async throws
    /// Puts other bytes of the same size in the same place.
    func change() async throws
    func remove() async throws
}

extension TestSource {
    /// Returns the image as planning finds it.
    func planned(_ bytes: [UInt8]) async throws -> SourceImage {
        try await put(bytes)
        let listed = try await list(source)
        // A plan refuses empty data of publishers. With `inspect: false` it is read like other
        // data.
        return try #require(listed.first { $0.refusal == nil || bytes.isEmpty }).image
    }
}

/// Returns everything that the source lists.
func list(
    _ source: any ImageSource,
    _ listing: Listing = Listing(date: "2026-11-28", nowUnixSeconds: 1_795_824_000)
) async throws -> [ListedImage] {
    let listed = Guarded<[ListedImage]>([])
    try await source.list(listing) { (page) throws(TranshipError) in
        listed.withLock { $0 += page }
    }
    return listed.withLock { $0 }
}

extension Listing {
    /// Returns the listing of a plan whose journal remembers a look at each source.
    static func remembering(_ look: Upstream.Look?) -> Listing {
        Listing(
            date: "2026-11-29", nowUnixSeconds: 1_795_910_400,
            upstream: { lineage, _ in
                var upstream = Upstream(
                    lineage: lineage, lineageID: "l", version: nil, fingerprint: "", since: 0)
                upstream.look = look
                return upstream
            })
    }
}

/// Parses a pipeline with these lines as `sources`, and returns its sources.
func entries(_ sources: String, in folder: String = "/") throws -> [Source] {
    try Pipeline.parse(
        text: "version: 1\nname: tests\nsources: [\(sources)]\ntargets: [{ cloud: beta }]\n",
        file: "\(folder)/tests.yaml", environment: [:]
    ).sources
}

func cloudEntry(_ lines: String = "cloud: alpha") throws -> PipelineFiles.CloudSource {
    guard case .cloud(let cloud) = try entries("{ \(lines) }")[0] else { throw NotThatKind() }
    return cloud
}

func urlEntry(_ url: String, _ more: String = "") throws -> PipelineFiles.URLSource {
    let lines = "url: '\(url)', image: { name: a, disk_format: raw, container_format: bare }"
    guard case .url(let entry) = try entries("{ \(lines)\(more) }")[0] else { throw NotThatKind() }
    return entry
}

func fileEntry(_ pattern: String) throws -> PipelineFiles.FileSource {
    let lines = "file: '\(pattern)', image: { name: a, disk_format: raw, container_format: bare }"
    guard case .file(let entry) = try entries("{ \(lines) }")[0] else { throw NotThatKind() }
    return entry
}

struct NotThatKind: Error {}

/// The result of one reading.
struct Reading: Sendable {
    var bytes: [UInt8] = []
    var facts: [SourceFacts] = []
    /// The other events: "dropped at 5", "reopened at 5", "cannot go on at 5".
    var told: [String] = []
    /// The reasons why the reading could not continue.
    var reasons: [String] = []
    /// The proof of published data that was decompressed.
    var proof: PublishedProof?
    var tookBytes: Int64?
    var error: TranshipError?
}

/// Reads all data as the pipeline does.
func read(
    _ source: SourceImage, by reader: any ImageSource, into ring: ByteRing = ByteRing(),
    from point: ReadingPoint? = nil
) async -> Reading {
    let reading = Guarded(Reading())
    let collected = Task {
        try? await blocking {
            var bytes: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 99_991)
            while true {
                let count = try buffer.withUnsafeMutableBytes { try ring.read(into: $0) }
                if count == 0 { return bytes }
                bytes += buffer.prefix(count)
            }
        }
    }
    let error = await failure {
        try await reader.read(Sample.transfer("a", source: source), from: point, into: ring) {
            event in
            reading.withLock { reading in
                switch event {
                case .opened(let facts): reading.facts.append(facts)
                case .dropped(let byte, _): reading.told.append("dropped at \(byte)")
                case .reopened(let byte): reading.told.append("reopened at \(byte)")
                case .took(let bytes): reading.tookBytes = bytes
                case .proved(let proof): reading.proof = proof
                case .cannotGoOn(let byte, let reason):
                    reading.told.append("cannot go on at \(byte)")
                    reading.reasons.append(reason)
                }
            }
        }
    }
    if let error { ring.fail(error) } else { ring.finishWriting() }
    let bytes = await collected.value ?? []
    return reading.withLock { reading in
        reading.bytes = bytes
        reading.error = error
        return reading
    }
}

/// Checks the promises of ``ImageSource``, for each kind of source.
func checkConformance(_ make: () async throws -> some TestSource) async throws {
    for count in [0, 1, 65_536, 3_000_001] { try await checkWhole(try await make(), count) }
    try await checkListing(try await make())
    try await checkGoingOn(try await make())

    let changed = try await make()
    let before = try await changed.planned(noise(1000))
    try await changed.change()
    let reading = await read(before, by: changed.source)
    #expect(reading.error?.code == .sourceChanged)
    #expect(reading.error?.isTransient == false)
    #expect(reading.error?.hint != nil)
    #expect(reading.bytes.isEmpty)

    let removed = try await make()
    let gone = try await removed.planned(noise(1000))
    try await removed.remove()
    let missing = await read(gone, by: removed.source)
    #expect(missing.error?.code == .sourceUnavailable)
    #expect(missing.error?.hint != nil)
    #expect(missing.facts.isEmpty)

    try await checkCancelling(try await make())
}

private func checkWhole(_ made: some TestSource, _ count: Int) async throws {
    let bytes = noise(count)
    let image = try await made.planned(bytes)
    let reading = await read(image, by: made.source)
    #expect(reading.error == nil, "\(count) bytes")
    #expect(reading.bytes == bytes, "\(count) bytes")
    // The size is reported once, before the first byte.
    #expect(reading.facts.map(\.sizeBytes) == [Int64(count)])
    let again = await read(image, by: made.source)
    #expect(again.bytes == bytes, "a second time")
}

private func checkListing(_ made: some TestSource) async throws {
    try await made.put(noise(1000))
    let first = try await list(made.source)
    #expect(first.count == 1 && first.allSatisfy { $0.refusal == nil })
    #expect(first.map(\.image.sizeBytes) == [1000])
    // Keys, fingerprints and all other fields are stable: ids are derived from some of them.
    #expect(try await list(made.source).map(\.image) == first.map(\.image))
    #expect(!made.source.endpoint.isEmpty)
    let image = try #require(first.first?.image)
    #expect(!image.displayName.isEmpty && !image.fingerprint.isEmpty)
    let facts = try await made.source.facts(Sample.transfer("a", source: image))
    #expect(facts.sizeBytes == 1000)
    // Only a region of the same Keystone can fetch a cloud's image.
    if case .siblingImage = made.source.fetchable(image, for: nil) {
        Issue.record("a target without Keystone cannot fetch from a region")
    }
}

/// Checks continued readings: a source that states its version continues at any byte; other sources
/// never do.
private func checkGoingOn(_ made: some TestSource) async throws {
    let image = try await made.planned(noise(1000))
    let whole = await read(image, by: made.source)
    guard let version = whole.facts.first?.version else { return }
    #expect(version.isProof)
    let point = ReadingPoint(offsetBytes: 600, version: version)
    let rest = await read(image, by: made.source, from: point)
    if rest.error == nil {
        #expect(rest.bytes == Array(noise(1000).dropFirst(600)))
    } else {
        #expect(rest.error?.code == .rangeNotSatisfiable)
        #expect(rest.bytes.isEmpty)
    }
}

private func checkCancelling(_ made: some TestSource) async throws {
    let large = try await made.planned(noise(3_000_001))
    let ring = ByteRing(capacityBytes: 64 << 10)
    let work = Task {
        await failure {
            try await made.source.read(
                Sample.transfer("a", source: large), from: nil, into: ring
            ) { _ in }
        }
    }
    // The ring is full and has no reader, so the reading is blocked in it.
    #expect(await eventually { ring.writtenBytes == 64 << 10 })
    work.cancel()
    #expect(await work.value?.code == .interrupted)
}
