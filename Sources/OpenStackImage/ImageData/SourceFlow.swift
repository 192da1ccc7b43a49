// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import Digests

/// The flow of a source through a ring, where it is hashed and its checksums are checked.
struct SourceFlow: Sendable {
    let source: ImageDataSource
    let promises: DataPromises
    let ring: ByteRing
    private let digests: [StreamingDigest]

    /// - Throws: ``TranshipError/Code/unverifiable`` for an algorithm that OpenSSL refuses.
    init(
        _ source: ImageDataSource, _ promises: DataPromises, hasReader: Bool = true,
        onProgress: (@Sendable (Int64) -> Void)? = nil
    ) throws(TranshipError) {
        let digests = try [StreamingDigest](computing: promises.allAlgorithms)
        var observers = digests.observers
        if let onProgress { observers.append(Self.counter(onProgress)) }
        self.source = source
        self.promises = promises
        self.digests = digests
        ring = ByteRing(
            observers: observers, hasReader: hasReader,
            withholdsEnd: hasReader && !promises.expected.isEmpty)
    }

    /// Runs the flow while `body` takes the bytes out of the ring.
    ///
    /// - Parameter body: gets the size in bytes; nil if it is unknown.
    /// - Returns: the result of `body`, and the data that went through the ring.
    func run<Value: Sendable>(
        _ body: @Sendable (Int64?) async throws(TranshipError) -> Value
    ) async throws(TranshipError) -> (value: Value, sent: SentData) {
        let size = OneShot<Int64?>()
        async let carried = carry(size)
        let value: Value
        do throws(TranshipError) {
            let sizeBytes = try await size.value()
            if let broken = ring.failure { throw broken }
            value = try await body(sizeBytes)
        } catch {
            // Leaving this scope cancels the task that reads the source.
            ring.fail(error)
            throw error
        }
        return (value, try await carried.get())
    }

    private func carry(_ size: OneShot<Int64?>) async -> Result<SentData, TranshipError> {
        let result = await ring.carry {
            try await source.feed(ring) { size.settle(.success($0)) }
        } judgedBy: { _, sizeBytes in
            let checksums = try digests.finish()
            try promises.check(checksums, of: source.name)
            return SentData(sizeBytes: sizeBytes, checksums: checksums)
        }
        // If the source never reported a size, stop waiting for it.
        size.settle(result.map { _ in nil })
        return result
    }

    private static func counter(_ report: @escaping @Sendable (Int64) -> Void) -> ByteRing.Observer
    {
        let total = Guarded<Int64>(0)
        return { bytes in
            report(
                total.withLock { total in
                    total += Int64(bytes.count)
                    return total
                })
        }
    }
}

extension ImageDataSource {
    /// Returns the checksums of the data, which is read only for that purpose.
    func checksums(
        _ algorithms: Set<Checksum.Algorithm>
    ) async throws(TranshipError) -> [Checksum] {
        let flow = try SourceFlow(self, DataPromises(computing: algorithms), hasReader: false)
        return try await flow.run { _ throws(TranshipError) in
            _ = try await flow.ring.finished()
        }.sent.checksums
    }
}
