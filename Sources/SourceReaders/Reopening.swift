// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import ByteStreams
internal import MigrationModel
internal import MigrationPipeline

/// Reopens a source at the byte where it dropped. The upload stays open, and the digests keep their
/// state.
///
/// A reopening is not a retry of the stage: as long as bytes arrive, the try continues. If the
/// source cannot prove that the rest belongs to the bytes before it, the try ends, and the pipeline
/// decides what to do.
public struct Reopening: Sendable {
    /// Maximum number of openings in a row without a byte.
    public var inVainMax = 6
    /// Maximum number of openings for one image.
    public var inAllMax = 100
    /// The longest wait before an opening, in seconds. Meanwhile the target waits for the next
    /// byte, and proxies in front of it may give up.
    public var waitSecondsMax = 10.0
    /// The longest `Retry-After` to wait for, in seconds. For longer ones, the image starts again
    /// later.
    public var retryAfterSecondsMax = 60
    /// Returns a random number from 0 up to 1, for full jitter.
    public var chance: @Sendable () -> Double = { .random(in: 0..<1) }
    /// Waits this many seconds, or until the task is cancelled.
    public var wait: @Sendable (Double) async -> Void = { try? await Task.sleep(for: .seconds($0)) }

    /// The seconds between two checks, during a wait, that the ring is still in use.
    private static let lookSeconds = 0.2

    public init() {}

    /// Opens the source once. Reports the facts, then writes all bytes from the point on into the
    /// ring.
    ///
    /// - Throws: ``TranshipError/Code/rangeNotSatisfiable`` if the source does not prove that it
    ///   continues at the point.
    typealias Open =
        @Sendable (
            _ point: ReadingPoint?, _ opened: @escaping @Sendable (SourceFacts) -> Void
        ) async throws(TranshipError) -> Void

    /// Reads to the end, with as many openings as necessary.
    func read(
        from start: ReadingPoint?, into ring: ByteRing,
        tell: @escaping @Sendable (ReadingEvent) -> Void, open: Open
    ) async throws(TranshipError) {
        let known = Guarded<SourceFacts?>(nil)
        let first = start?.offsetBytes ?? 0
        var point = start
        var inVain = 0
        var inAll = 0
        // The error that broke the read. A refusal to continue is only its consequence.
        var drop: TranshipError?
        while true {
            let before = ring.writtenBytes
            do throws(TranshipError) {
                let asked = point
                return try await open(asked) { facts in
                    let isFirst = known.withLock { known in
                        defer { known = known ?? facts }
                        return known == nil
                    }
                    tell(isFirst ? .opened(facts) : .reopened(atByte: asked?.offsetBytes ?? 0))
                }
            } catch {
                let written = ring.writtenBytes
                let reached = first + written
                if error.code == .rangeNotSatisfiable, drop != nil || written > before {
                    tell(.cannotGoOn(atByte: reached, reason: error.message))
                    // The ring may contain bytes that do not belong there, so start again.
                    throw written > before ? Self.lied(error) : drop ?? error
                }
                guard error.isTransient, error.code != .interrupted, ring.failure == nil,
                    !Task.isCancelled, written > 0, let facts = known.withLock({ $0 })
                else { throw error }
                inVain = written > before ? 1 : inVain + 1
                inAll += 1
                let wish = error.answer?.retryAfterSeconds
                let version = start?.version ?? facts.version
                if let reason = objection(version, inVain: inVain, inAll: inAll, wish: wish ?? 0) {
                    tell(.cannotGoOn(atByte: reached, reason: reason))
                    throw error
                }
                drop = error
                point = version.map { ReadingPoint(offsetBytes: reached, version: $0) }
                tell(.dropped(atByte: reached, error))
                try await pause(wish.map(Double.init) ?? seconds(inVain), ring)
            }
        }
    }

    /// The reason not to open the source again; nil if there is none.
    private func objection(
        _ version: SourceVersion?, inVain: Int, inAll: Int, wish: Int
    ) -> String? {
        if version?.isProof != true {
            return "the source reports nothing by which the rest could be proved to belong to it"
        }
        if inVain > inVainMax { return "\(inVainMax) openings brought nothing" }
        if inAll > inAllMax { return "it was opened \(inAllMax) times" }
        return wish > retryAfterSecondsMax ? "it asks for \(wish) s of patience" : nil
    }

    private func seconds(_ inVain: Int) -> Double {
        var ceiling = 0.25
        for _ in 0..<min(inVain, 10) { ceiling *= 2 }
        return 0.05 + chance() * min(ceiling, waitSecondsMax)
    }

    /// Waits. Ends early if the target breaks or the task is cancelled.
    private func pause(_ seconds: Double, _ ring: ByteRing) async throws(TranshipError) {
        var left = seconds
        while left > 0 {
            await wait(min(left, Self.lookSeconds))
            left -= Self.lookSeconds
            if let failure = ring.failure { throw failure }
            if Task.isCancelled { throw TranshipError(wrapping: CancellationError()) }
        }
    }

    /// Returns the error for a source that sent bytes of a wrong part. It is temporary, because the
    /// next try does not use a range.
    private static func lied(_ error: TranshipError) -> TranshipError {
        TranshipError(
            .rangeNotSatisfiable, error.message, hint: error.hint, answer: error.answer,
            isTransient: true)
    }
}

/// Reports only the first facts, for an opening that takes several requests.
func once(
    _ opened: @escaping @Sendable (SourceFacts) -> Void
) -> @Sendable (SourceFacts) -> Void {
    let isTold = Guarded(false)
    return { facts in
        let isFirst = isTold.withLock { isTold in
            defer { isTold = true }
            return !isTold
        }
        if isFirst { opened(facts) }
    }
}

/// The servers that did not honour a range in this run. Tranship does not request ranges from them
/// again.
final class RangeMemory: Sendable {
    private let origins = Guarded<Set<String>>([])

    func remember(_ origin: String) { origins.withLock { _ = $0.insert(origin) } }

    func knows(_ origin: String) -> Bool { origins.withLock { $0.contains(origin) } }

    /// - Throws: ``TranshipError/Code/rangeNotSatisfiable`` for a server that is known.
    func check(_ origin: String) throws(TranshipError) {
        guard !knows(origin) else {
            throw TranshipError(
                .rangeNotSatisfiable, "\(origin) did not honour a range before in this run")
        }
    }
}
