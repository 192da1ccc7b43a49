// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import ChecksumVerifiers
import MigrationModel
import MigrationPipeline
import TestSupport

/// The requests to a stage, for scripts and logs.
enum Call: String, Sendable {
    case read, facts, algorithm, reconcile, register, create, send, report, readBack, discard, look
    case request
    case publish
}

/// Sources, a target and their events, in memory. The stages over it keep the contracts of the real
/// ones and nothing else.
final class FakeWorld: Sendable {
    /// A record at the target.
    struct Record: Sendable, Equatable {
        var marker: String
        var status = "queued"
        var data: [UInt8] = []
        var isPublished = false
    }

    /// A body as it arrived; complete only if its end arrived too.
    struct Body: Sendable, Equatable {
        var bytes: [UInt8]
        var isWhole: Bool
    }

    struct State: Sendable {
        var sources: [String: [UInt8]] = [:]
        /// By source: the error that ends its data early, and the number of bytes before that.
        var breaks: [String: (afterBytes: Int, error: TranshipError)] = [:]
        var declaresSize = true
        /// The version that a source states. Without one, it cannot continue in the middle.
        var versions: [String: SourceVersion] = [:]
        /// The number of bytes that were read of each source, including discarded ones.
        var readBytes: [String: Int] = [:]
        /// True if sending begins only after the ring has failed.
        var sendsAfterFailure = false
        /// The transport's words for a refusal, which fail the ring before the stage throws its
        /// own.
        var transportFailure: TranshipError?
        var records: [String: Record] = [:]
        var bodies: [String: [Body]] = [:]
        /// The number of looks at which an import is still running.
        var looks: [String: Int] = [:]
        var errors: [Call: [String: [TranshipError]]] = [:]
        /// The errors of the next calls, for any source.
        var outages: [Call: [TranshipError]] = [:]
        var log: [String] = []
        var held: Set<Call> = []
        var waiting: [(Call, CheckedContinuation<Void, Never>)] = []
        var sending = 0
        var mostSending = 0
        var callsUntilCrash: Int?
        var report: TargetReport?
        /// The disk format that every import leaves; nil if imports convert nothing.
        var importsBecome: String?
        var readBackBytes: [UInt8]?
        /// The inspection of every source.
        var inspection = Inspection.refuses
    }

    let state = Guarded(State())
    private let onCrash = Guarded<(@Sendable () -> Void)?>(nil)

    /// Returns stages with three sources and the targets beta, gamma and delta, all in this world.
    ///
    /// - Parameters:
    ///   - sources: endpoint and limit of some sources, by index.
    ///   - targets: endpoint and limits of some targets, by key.
    func stages(
        sources: [Int: (endpoint: String, images: Int?)] = [:],
        targets: [String: (endpoint: String, limits: TargetLimits)] = [:],
        waiter: (any TaskWaiter)? = nil
    ) -> Stages {
        Stages(
            sources: (0..<3).map { index in
                FakeSource(
                    world: self, endpoint: sources[index]?.endpoint ?? "source \(index + 1)",
                    limitImages: sources[index]?.images)
            },
            verifier: DigestVerifier(),
            targets: ["beta", "gamma", "delta"].map { key in
                OpenedTarget(
                    key: key, endpoint: targets[key]?.endpoint ?? "target \(key)",
                    limits: targets[key]?.limits ?? .init(),
                    uploader: FakeUploader(world: self),
                    waiter: waiter ?? FakeWaiter(world: self),
                    publisher: FakePublisher(world: self))
            })
    }

    // MARK: Scripts

    /// Makes the next calls of that kind for that source fail with these errors.
    func fail(_ call: Call, _ key: String, with errors: TranshipError...) {
        state.withLock { $0.errors[call, default: [:]][key, default: []] += errors }
    }

    /// Makes the next calls of that kind fail with these errors, for any source.
    func failNext(_ call: Call, with errors: [TranshipError]) {
        state.withLock { $0.outages[call, default: []] += errors }
    }

    /// Makes calls of that kind wait from now on.
    func hold(_ call: Call) { state.withLock { _ = $0.held.insert(call) } }

    /// Lets the waiting calls of that kind continue.
    func open(_ call: Call) {
        let waiting = state.withLock { state in
            state.held.remove(call)
            let going = state.waiting.filter { $0.0 == call }
            state.waiting.removeAll { $0.0 == call }
            return going
        }
        for (_, continuation) in waiting { continuation.resume() }
    }

    /// Interrupts the n-th and all later calls, and calls `body`.
    func crash(afterCalls calls: Int, _ body: @escaping @Sendable () -> Void) {
        state.withLock { $0.callsUntilCrash = calls }
        onCrash.withLock { $0 = body }
    }

    func recover() {
        state.withLock { state in
            state.callsUntilCrash = nil
            // A service does this when the connection of a body ends.
            for id in state.records.keys where state.records[id]?.status == "saving" {
                state.records[id]?.status = "queued"
            }
        }
    }

    // MARK: Looking

    var log: [String] { state.withLock { $0.log } }
    func count(_ entry: String) -> Int { log.count { $0 == entry } }
    func bodies(_ key: String) -> [Body] { state.withLock { $0.bodies[key] ?? [] } }
    func record(_ id: String) -> Record? { state.withLock { $0.records[id] } }
    var sending: Int { state.withLock { $0.sending } }
    /// Returns the id of a record, which is short at beta, where most tests look.
    static func recordID(_ transfer: Transfer) -> String {
        let place = transfer.targetKey == "beta" ? "" : " at \(transfer.targetKey)"
        return "\(transfer.source.key)/\(transfer.placement.generation)\(place)"
    }
    func isWaiting(_ call: Call) -> Bool {
        state.withLock { $0.waiting.contains { $0.0 == call } }
    }

    // MARK: For the stages

    func enter(_ call: Call, _ transfer: Transfer) async throws(TranshipError) {
        let key = transfer.source.key
        let crashed = state.withLock { state in
            state.log.append("\(call.rawValue) \(key)")
            guard let left = state.callsUntilCrash else { return false }
            state.callsUntilCrash = max(0, left - 1)
            return left == 0
        }
        if crashed {
            onCrash.withLock { $0 }?()
            throw TranshipError(wrapping: CancellationError())
        }
        try await waitIfHeld(call)
        let error = state.withLock { state -> TranshipError? in
            if state.outages[call]?.isEmpty == false {
                return state.outages[call]?.removeFirst()
            }
            guard let next = state.errors[call]?[key]?.first else { return nil }
            state.errors[call]?[key]?.removeFirst()
            return next
        }
        if let error { throw error }
    }

    private func waitIfHeld(_ call: Call) async throws(TranshipError) {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let goesOn = state.withLock { state in
                    guard state.held.contains(call), !Task.isCancelled else { return true }
                    state.waiting.append((call, continuation))
                    return false
                }
                if goesOn { continuation.resume() }
            }
        } onCancel: {
            open(call)
        }
        if Task.isCancelled { throw TranshipError(wrapping: CancellationError()) }
    }
}
