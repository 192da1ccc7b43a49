// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import Digests
import Synchronization

/// A source on its way through a ring: fed, hashed and held to its promises.
struct SourceFlow: Sendable {
    let source: ImageDataSource
    let promises: DataPromises
    let ring: ByteRing
    private let digests: [StreamingDigest]

    /// - Throws: ``TranshipError/Code/unverifiable`` for an algorithm that
    ///   OpenSSL refuses.
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
    /// - Parameter body: given the size, nil where it is not known.
    func run(
        _ body: @Sendable (Int64?) async throws(TranshipError) -> Void
    ) async throws(TranshipError) -> SentData {
        let (sizes, size) = AsyncStream.makeStream(of: Int64?.self)
        let outcome = await withTaskGroup(
            of: Void.self, returning: Result<SentData, TranshipError>.self
        ) { group in
            group.addTask {
                await feed { known in
                    size.yield(known)
                    size.finish()
                }
                size.finish()
            }
            // Both look at the ring, neither at the other.
            async let sent = prove()
            var failure: TranshipError?
            do throws(TranshipError) {
                var known: Int64??
                for await size in sizes { known = size }
                if let broken = ring.failure { throw broken }
                try await body(known ?? nil)
            } catch {
                failure = error
                ring.fail(error)
            }
            let result = await sent
            group.cancelAll()
            return failure.map { .failure($0) } ?? result
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

    /// What the bytes came to, once all were written; hands out the last ones
    /// only if that is what was promised.
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
        let total = Counter()
        return { bytes in report(total.add(Int64(bytes.count))) }
    }

    private final class Counter: Sendable {
        private let value = Mutex<Int64>(0)

        func add(_ count: Int64) -> Int64 {
            value.withLock { value in
                value += count
                return value
            }
        }
    }
}

extension ImageDataSource {
    /// The checksums of the data, read for that alone.
    func checksums(
        _ algorithms: Set<Checksum.Algorithm>
    ) async throws(TranshipError) -> [Checksum] {
        let flow = try SourceFlow(self, DataPromises(computing: algorithms), hasReader: false)
        return try await flow.run { _ throws(TranshipError) in
            _ = try await flow.ring.finished()
        }.checksums
    }
}
