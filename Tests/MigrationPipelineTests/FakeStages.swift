// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import MigrationModel
import MigrationPipeline
import TestSupport

struct FakeSource: ImageSource {
    let world: FakeWorld
    var endpoint: String
    var limitImages: Int?
    var inspection: Inspection { world.state.withLock { $0.inspection } }

    func list(
        _ listing: Listing, page: ([ListedImage]) async throws(TranshipError) -> Void
    ) async throws(TranshipError) {}

    func fetchable(_ image: SourceImage, for target: CloudRegion?) -> Fetchable {
        .nothing(.dataIsLocal)
    }

    func read(
        _ transfer: Transfer, from point: ReadingPoint?, into ring: ByteRing,
        tell: @escaping @Sendable (ReadingEvent) -> Void
    ) async throws(TranshipError) {
        try await world.enter(.read, transfer)
        let key = transfer.source.key
        let (bytes, broken, declares, version) = world.state.withLock {
            ($0.sources[key] ?? [], $0.breaks[key], $0.declaresSize, $0.versions[key])
        }
        if let point, point.version != version {
            throw TranshipError(.rangeNotSatisfiable, "another version")
        }
        let first = Int(point?.offsetBytes ?? 0)
        tell(
            .opened(
                SourceFacts(sizeBytes: declares ? Int64(bytes.count) : nil, version: version)))
        let error = await failure {
            try await blocking {
                let part = bytes.prefix(broken?.afterBytes ?? .max).dropFirst(first)
                world.state.withLock { $0.readBytes[key, default: 0] += part.count }
                try Array(part).withUnsafeBytes { try ring.write($0) }
            }
        }
        if let error = error ?? broken?.error { throw error }
        if Task.isCancelled { throw TranshipError(wrapping: CancellationError()) }
    }

    func facts(_ transfer: Transfer) async throws(TranshipError) -> SourceFacts {
        try await world.enter(.facts, transfer)
        let bytes = world.state.withLock { $0.sources[transfer.source.key] ?? [] }
        return SourceFacts(sizeBytes: Int64(bytes.count))
    }
}

/// Keeps the states of a record as the Image service does.
struct FakeUploader: ImageUploader {
    let world: FakeWorld

    func carryOut(_ change: Change) async throws(TranshipError) -> Change { change.ended(.done) }

    func undo(
        _ copy: inout UndoneCopy, references: [String: String], deletesLeft: inout Int
    ) async throws(TranshipError) {}

    func record(
        _ imageID: String, withMembers: Bool
    ) async throws(TranshipError) -> TargetRecord? { nil }

    func reportedAlgorithm(
        for transfer: Transfer
    ) async throws(TranshipError) -> Checksum.Algorithm {
        try await world.enter(.algorithm, transfer)
        return .sha256
    }

    func reconcile(_ given: Transfer) async throws(TranshipError) -> Outcome {
        try await world.enter(.reconcile, given)
        var transfer = given
        switch world.record(given.imageID ?? "")?.status {
        case "active":
            if transfer.state != .verifying { transfer.move(to: .verifying) }
            return .advance(transfer)
        case "importing", "uploading":
            if transfer.state != .importing { transfer.move(to: .importing) }
            return .advance(transfer)
        case "saving": return .snooze(transfer, seconds: 0.01, reason: .brokenBody(status: .saving))
        default:
            if transfer.state != .registered { transfer.move(to: .registered) }
            return .send(transfer)
        }
    }

    func list(
        ownerID: String?, page: ([TargetImage]) async throws(TranshipError) -> Void
    ) async throws(TranshipError) {}

    func request(
        _ request: ImportNeed, for transfer: Transfer, from fetchable: Fetchable
    ) async throws(TranshipError) {
        try await world.enter(.request, transfer)
    }

    func register(
        _ given: Transfer, references: [String: String], commit: @escaping Commit
    ) async throws(TranshipError) -> Outcome {
        try await world.enter(.register, given)
        var transfer = given
        if transfer.state != .registered { transfer.move(to: .registered) }
        let id = FakeWorld.recordID(transfer)
        transfer.placement.imageID = id
        try await commit(transfer)
        try await world.enter(.create, transfer)
        world.state.withLock { state in
            state.records[id] =
                state.records[id] ?? .init(marker: transfer.origin.propertyValue)
        }
        return .send(transfer)
    }

    func send(_ transfer: Transfer, from ring: ByteRing) async throws(TranshipError) -> Transfer {
        let id = transfer.imageID ?? ""
        world.state.withLock { state in
            state.records[id]?.status = "saving"
            state.sending += 1
            state.mostSending = max(state.mostSending, state.sending)
        }
        defer { world.state.withLock { $0.sending -= 1 } }
        do throws(TranshipError) {
            if world.state.withLock({ $0.sendsAfterFailure }) {
                _ = await eventually { ring.failure != nil }
            }
            if let failure = world.state.withLock({ $0.transportFailure }) { ring.fail(failure) }
            try await world.enter(.send, transfer)
            let body = try await receive(transfer, ring)
            world.state.withLock { state in
                state.records[id]?.data = body.bytes
                state.records[id]?.status = transfer.method == .upload ? "active" : "importing"
            }
            return transfer.moved(to: transfer.method == .upload ? .verifying : .importing)
        } catch {
            world.state.withLock { state in
                if state.records[id]?.status == "saving" { state.records[id]?.status = "queued" }
            }
            ring.fail(error)
            throw error
        }
    }

    private func receive(
        _ transfer: Transfer, _ ring: ByteRing
    ) async throws(TranshipError) -> FakeWorld.Body {
        let body = Guarded(FakeWorld.Body(bytes: [], isWhole: false))
        let error = await failure {
            try await withTaskCancellationHandler {
                try await blocking {
                    var buffer = [UInt8](repeating: 0, count: 70_001)
                    while true {
                        let count = try buffer.withUnsafeMutableBytes { try ring.read(into: $0) }
                        if count == 0 { break }
                        body.withLock { $0.bytes += buffer.prefix(count) }
                    }
                    body.withLock { $0.isWhole = true }
                }
            } onCancel: {
                ring.fail(TranshipError(wrapping: CancellationError()))
            }
        }
        let received = body.withLock { $0 }
        world.state.withLock { $0.bodies[transfer.source.key, default: []].append(received) }
        if let error { throw error }
        return received
    }

    func report(_ transfer: Transfer) async throws(TranshipError) -> TargetReport {
        try await world.enter(.report, transfer)
        if let report = world.state.withLock({ $0.report }) { return report }
        guard let record = world.record(transfer.imageID ?? "") else {
            throw TranshipError(.notFound, "no image")
        }
        return TargetReport(
            status: .init(rawValue: record.status), sizeBytes: Int64(record.data.count),
            checksums: [sha256(record.data)],
            diskFormat: transfer.method.isImport ? world.state.withLock { $0.importsBecome } : nil)
    }

    func readBack(_ transfer: Transfer, into ring: ByteRing) async throws(TranshipError) {
        try await world.enter(.readBack, transfer)
        let bytes =
            world.state.withLock { $0.readBackBytes } ?? world.record(transfer.imageID ?? "")?.data
        let error = await failure {
            try await blocking { try (bytes ?? []).withUnsafeBytes { try ring.write($0) } }
        }
        if let error { throw error }
    }

    func clean(_ leftover: inout Leftover, deletesLeft: inout Int) {}

    func discard(_ transfer: Transfer) async throws(TranshipError) -> Bool {
        try await world.enter(.discard, transfer)
        return world.state.withLock { $0.records.removeValue(forKey: transfer.imageID ?? "") }
            != nil
    }
}

struct FakeWaiter: TaskWaiter {
    let world: FakeWorld

    func look(_ transfer: Transfer) async throws(TranshipError) -> Look {
        try await world.enter(.look, transfer)
        let isActive = world.state.withLock { state in
            let key = transfer.source.key
            guard let left = state.looks[key], left > 0 else {
                let id = transfer.imageID ?? ""
                state.records[id]?.status = "active"
                if transfer.method.isServerSide {
                    state.records[id]?.data = state.sources[key] ?? []
                }
                return true
            }
            state.looks[key] = left - 1
            return false
        }
        return .outcome(
            isActive
                ? .advance(transfer.moved(to: .verifying))
                : .snooze(transfer, seconds: 0.01, reason: .otherProcessWrites))
    }

    func requested(
        _ request: ImportNeed, for transfer: Transfer, refusal: TranshipError?
    ) async throws(TranshipError) -> Outcome {
        if let refusal { throw refusal }
        return .snooze(transfer, seconds: 0.01, reason: .otherProcessWrites)
    }
}

struct FakePublisher: Publisher {
    let world: FakeWorld

    func publish(
        _ transfer: Transfer, references: [String: String]
    ) async throws(TranshipError) -> Transfer {
        try await world.enter(.publish, transfer)
        world.state.withLock { $0.records[transfer.imageID ?? ""]?.isPublished = true }
        return transfer.moved(to: .done)
    }
}
