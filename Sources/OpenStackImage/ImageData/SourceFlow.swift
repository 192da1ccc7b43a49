// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import Digests

/// Sends a source through a ring, hashes it, and checks its checksums.
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
        var digests: [StreamingDigest] = []
        for algorithm in promises.allAlgorithms { digests.append(try StreamingDigest(algorithm)) }
        var observers: [ByteRing.Observer] = digests.map { digest in { digest.update($0) } }
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
    /// - Parameter body: gets the size in bytes, nil if it is unknown.
    /// - Returns: what the body returned, and what went through the ring.
    func run<Value: Sendable>(
        _ body: @Sendable (Int64?) async throws(TranshipError) -> Value
    ) async throws(TranshipError) -> (value: Value, sent: SentData) {
        let (sizes, size) = AsyncStream.makeStream(of: Int64?.self)
        let outcome = await withTaskGroup(
            of: Void.self, returning: Result<(Value, SentData), TranshipError>.self
        ) { group in
            group.addTask {
                await feed { known in
                    size.yield(known)
                    size.finish()
                }
                size.finish()
            }
            // Feeding and proving each use the ring and do not depend on each other.
            async let sent = prove()
            let made: Result<Value, TranshipError>
            do throws(TranshipError) {
                var known: Int64??
                for await size in sizes { known = size }
                if let broken = ring.failure { throw broken }
                made = .success(try await body(known ?? nil))
            } catch {
                made = .failure(error)
                ring.fail(error)
            }
            let result = await sent
            group.cancelAll()
            return made.flatMap { value in result.map { (value, $0) } }
        }
        return try outcome.get()
    }

    private func feed(_ opened: @escaping @Sendable (Int64?) -> Void) async {
        do {
            try await source.feed(ring, opened)
            ring.finishWriting()
        } catch {
            ring.fail(TranshipError(wrapping: error))
        }
    }

    /// The checksums after all bytes were written. Hands out the last bytes only if the checksums
    /// are the promised ones.
    private func prove() async -> Result<SentData, TranshipError> {
        do throws(TranshipError) {
            let sizeBytes = try await ring.finished()
            var checksums: [Checksum] = []
            for digest in digests { checksums.append(try digest.finish()) }
            try promises.check(checksums, of: source.name)
            ring.release()
            return .success(SentData(sizeBytes: sizeBytes, checksums: checksums))
        } catch {
            ring.fail(error)
            return .failure(error)
        }
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
    /// The checksums of the data, which is read only for that.
    func checksums(
        _ algorithms: Set<Checksum.Algorithm>
    ) async throws(TranshipError) -> [Checksum] {
        let flow = try SourceFlow(self, DataPromises(computing: algorithms), hasReader: false)
        return try await flow.run { _ throws(TranshipError) in
            _ = try await flow.ring.finished()
        }.sent.checksums
    }
}
