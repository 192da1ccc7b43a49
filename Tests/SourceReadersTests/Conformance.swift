// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import MigrationModel
import MigrationPipeline
import Synchronization
import TestSupport
import Testing

/// A source that a test can make of given bytes, for the suite that every
/// reader passes.
protocol TestSource: Sendable {
    var reader: any SourceReader { get }
    /// The image as planning would find it, promised by nothing but its size.
    func planned(_ bytes: [UInt8]) async throws -> SourceImage
    /// Other bytes of the same size in the same place.
    func change() async throws
    func remove() async throws
}

/// What came out of one reading.
struct Reading: Sendable {
    var bytes: [UInt8] = []
    var facts: [SourceFacts] = []
    /// What else was told: "dropped at 5", "reopened at 5", "cannot go on at 5".
    var told: [String] = []
    /// Why it could not go on.
    var reasons: [String] = []
    var error: TranshipError?
}

/// Reads all of it, as the pipeline does.
func read(
    _ source: SourceImage, by reader: any SourceReader, into ring: ByteRing = ByteRing(),
    from point: ReadingPoint? = nil
) async -> Reading {
    let reading = Mutex(Reading())
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

/// What ``SourceReader`` promises, for each kind of source.
func checkConformance(_ make: () async throws -> some TestSource) async throws {
    for count in [0, 1, 65_536, 3_000_001] {
        let source = try await make()
        let bytes = noise(count)
        let image = try await source.planned(bytes)
        let reading = await read(image, by: source.reader)
        #expect(reading.error == nil, "\(count) bytes")
        #expect(reading.bytes == bytes, "\(count) bytes")
        // Told once, before the first byte.
        #expect(reading.facts.map(\.sizeBytes) == [Int64(count)])
        let again = await read(image, by: source.reader)
        #expect(again.bytes == bytes, "a second time")
    }

    let changed = try await make()
    let before = try await changed.planned(noise(1000))
    try await changed.change()
    let reading = await read(before, by: changed.reader)
    #expect(reading.error?.code == .sourceChanged)
    #expect(reading.error?.isTransient == false)
    #expect(reading.error?.hint != nil)
    #expect(reading.bytes.isEmpty)

    let removed = try await make()
    let gone = try await removed.planned(noise(1000))
    try await removed.remove()
    let missing = await read(gone, by: removed.reader)
    #expect(missing.error?.code == .sourceUnavailable)
    #expect(missing.facts.isEmpty)

    let cancelled = try await make()
    let large = try await cancelled.planned(noise(3_000_001))
    let ring = ByteRing(capacityBytes: 64 << 10)
    let work = Task {
        await failure {
            try await cancelled.reader.read(
                Sample.transfer("a", source: large), from: nil, into: ring
            ) { _ in }
        }
    }
    // Full, and nobody reads: it is blocked in the ring.
    #expect(await eventually { ring.writtenBytes == 64 << 10 })
    work.cancel()
    #expect(await work.value?.code == .interrupted)
}
