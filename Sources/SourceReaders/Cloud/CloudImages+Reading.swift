// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import ByteStreams
internal import HTTPTransport
internal import MigrationModel
internal import MigrationPipeline
internal import OpenStackImage
internal import PipelineFiles

/// If the source drops the connection, opens it again with `Range`, if the record still has the
/// same size and hash. The answer counts only if it is the requested part of data with the same
/// total size.
extension CloudImages {
    func read(
        _ transfer: Transfer, from point: ReadingPoint?, into ring: ByteRing,
        tell: @escaping @Sendable (ReadingEvent) -> Void
    ) async throws(TranshipError) {
        let id = try Self.imageID(transfer)
        connections.begin(at: endpoint)
        defer { connections.end(at: endpoint) }
        try await reopening.read(from: point, into: ring, tell: tell) {
            (point, opened) throws(TranshipError) in
            // Read the record each time, because it must not have changed.
            let facts = try await facts(id, transfer)
            let opened = once(opened)
            let reached = try await readParts(id, facts, from: point, into: ring, opened)
            if let reached, reached.offsetBytes == facts.sizeBytes { return }
            if let point = reached ?? point {
                try await goOn(id, facts, from: point, into: ring, opened)
            } else {
                try await begin(
                    id, facts, transfer.source.status ?? .active, into: ring, opened)
            }
        }
    }

    private var origin: String { "the Image service of cloud \"\(service.session.cloudName)\"" }

    /// Reads over several connections as long as that is faster.
    ///
    /// - Returns: the point at which one connection continues; nil if nothing was read.
    private func readParts(
        _ id: String, _ facts: SourceFacts, from point: ReadingPoint?, into ring: ByteRing,
        _ opened: @escaping @Sendable (SourceFacts) -> Void
    ) async throws(TranshipError) -> ReadingPoint? {
        guard let version = facts.version, point == nil || point?.version == version,
            !memory.knows(origin)
        else { return nil }
        let parts = PartedReading(
            connections: connections, endpoint: endpoint, limit: limitImages,
            totalBytes: version.totalBytes,
            answerSeconds: service.session.http.shortestAnswerSeconds(of: cloud.endpoint),
            wait: reopening.wait
        ) { (part, ring) throws(TranshipError) in
            do throws(TranshipError) {
                try await service.downloadPart(
                    id, part, into: ring, preferring: selection.preferredStores
                ) {
                    (head) throws(TranshipError) in
                    try Self.expectSize(version, in: head, id)
                    opened(facts)
                }
            } catch {
                throw Self.described(error, id)
            }
        }
        let first = point?.offsetBytes ?? 0
        let reached = try await parts.read(from: first, into: ring)
        return reached > first ? ReadingPoint(offsetBytes: reached, version: version) : nil
    }

    private static func expectSize(
        _ version: SourceVersion, in head: HTTPResponse, _ id: String
    ) throws(TranshipError) {
        guard head.contentRange?.total == version.totalBytes else {
            throw TranshipError(
                .rangeNotSatisfiable,
                "image \(id) has \(version.totalBytes ?? 0) bytes by its record and "
                    + "other by the answer: \(head.headers["Content-Range"] ?? "")")
        }
    }

    private func begin(
        _ id: String, _ facts: SourceFacts, _ status: ImageStatus, into ring: ByteRing,
        _ opened: @escaping @Sendable (SourceFacts) -> Void
    ) async throws(TranshipError) {
        let response: Any?
        do {
            response = try await service.download(
                id, into: ring, sizeBytes: facts.sizeBytes,
                preferring: selection.preferredStores
            ) {
                (_) throws(TranshipError) in opened(facts)
            }
        } catch {
            throw await lostData(error, id) ?? Self.described(error, id, status)
        }
        if response == nil {
            if let size = facts.sizeBytes, size > 0 {
                throw Self.lostData(
                    id, "the service sends none, and the record says \(size) bytes")
            }
            guard facts.sizeBytes == 0 else {
                throw TranshipError(
                    .sourceUnavailable, "image \(id) has no data at the source",
                    hint: "create an image from the volume and copy that: a snapshot of a volume "
                        + "keeps its data in the volume")
            }
            opened(facts)
        }
    }

    /// Reads the data from a byte to the end.
    private func goOn(
        _ id: String, _ facts: SourceFacts, from point: ReadingPoint,
        into ring: ByteRing, _ opened: @escaping @Sendable (SourceFacts) -> Void
    ) async throws(TranshipError) {
        guard facts.version == point.version else {
            throw TranshipError(
                .rangeNotSatisfiable, "image \(id) is not the same any more at the source")
        }
        try memory.check(origin)
        do {
            _ = try await service.download(
                id, into: ring, from: point.offsetBytes, sizeBytes: point.version.totalBytes,
                preferring: selection.preferredStores
            ) { (head) throws(TranshipError) in
                try Self.expectSize(point.version, in: head, id)
                opened(facts)
            }
        } catch {
            // The service answers 400 if its store cannot seek.
            guard error.code == .rangeNotSatisfiable || error.code == .badRequest else {
                throw await lostData(error, id) ?? Self.described(error, id)
            }
            memory.remember(origin)
            throw TranshipError(.rangeNotSatisfiable, error.message, answer: error.answer)
        }
    }

    /// Returns the error for a 404 to a request for the data, if the record is still there: the
    /// store has lost the data. Nil for other errors.
    private func lostData(_ error: TranshipError, _ id: String) async -> TranshipError? {
        guard error.isMissing, (try? await service.image(id)) != nil else { return nil }
        return Self.lostData(id, error.message, answer: error.answer)
    }

    static func lostData(
        _ id: String, _ words: String, answer: ServiceAnswer? = nil
    ) -> TranshipError {
        TranshipError(
            .sourceUnavailable,
            "image \(id) has a record at the source, but its data is not found there: \(words)",
            hint: "ask the operator of the cloud: the store has lost the data, or the service does "
                + "not reach it; to copy the others until then, leave the image out with `exclude`",
            answer: answer)
    }

    func facts(_ transfer: Transfer) async throws(TranshipError) -> SourceFacts {
        try await facts(try Self.imageID(transfer), transfer)
    }

    static func imageID(_ transfer: Transfer) throws(TranshipError) -> String {
        guard let id = transfer.source.imageID else {
            throw TranshipError(
                .invalidPipeline,
                "source \(transfer.source.sourceIndex + 1) of the pipeline is a cloud now, and "
                    + "\(transfer.source.displayName) came from elsewhere",
                hint: "run the pipeline again, which makes a new plan")
        }
        return id
    }

    /// Reads the record, which must still match the plan. Returns the source's facts.
    private func facts(
        _ id: String, _ transfer: Transfer
    ) async throws(TranshipError) -> SourceFacts {
        let image: Image
        do {
            image = try await service.image(id)
        } catch {
            throw Self.described(error, id)
        }
        try Self.expectUnchanged(
            transfer, status: image.status, checksums: image.checksums,
            sizeBytes: image.sizeBytes)
        var facts = SourceFacts(sizeBytes: image.sizeBytes)
        if transfer.record.takesMembers, image.visibility == .shared {
            try await addMembers(of: id, to: &facts)
        }
        let version = SourceVersion(totalBytes: image.sizeBytes, hash: image.checksums.first)
        facts.version = version.isProof ? version : nil
        return facts
    }

    private func addMembers(
        of id: String, to facts: inout SourceFacts
    ) async throws(TranshipError) {
        var members: [Member] = []
        _ = try await visibleMembers { () throws(TranshipError) in
            members = try await service.members(of: id)
            return []
        }
        facts.members = members.filter { $0.status != .rejected }.map(\.memberID)
        for member in members where member.status != .pending {
            facts.memberAnswers[member.memberID] = member.status.rawValue
        }
    }

    func sharing(of image: SourceImage) async throws(TranshipError) -> SourceFacts {
        var facts = SourceFacts(sizeBytes: nil)
        if image.visibility == .shared, let id = image.imageID {
            try await addMembers(of: id, to: &facts)
        }
        return facts
    }

    /// Throws if the source differs from the plan.
    static func expectUnchanged(
        _ transfer: Transfer, status: ImageStatus, checksums: [Checksum], sizeBytes: Int64?
    ) throws(TranshipError) {
        let id = transfer.source.imageID ?? ""
        guard status == transfer.source.status ?? .active else {
            throw TranshipError(
                .sourceChanged,
                "image \(id) was \(transfer.source.status ?? .active) when it was planned "
                    + "and is \(status) now",
                hint: "run again, which makes a new plan")
        }
        if let planned = transfer.source.sizeBytes, let sizeBytes, planned != sizeBytes {
            throw TranshipError(
                .sourceChanged,
                "image \(id) had \(planned) bytes when it was planned and has \(sizeBytes) now",
                hint: "run again, which makes a new plan")
        }
        for planned in transfer.source.checksums {
            let now = checksums.first { $0.algorithm == planned.algorithm }
            guard let now, !now.matches(planned) else { continue }
            throw TranshipError(
                .sourceChanged, "image \(id) had \(planned) when it was planned and has \(now) now",
                hint: "run again, which makes a new plan")
        }
    }

    /// Describes a refusal of the source as the source's failure, not the target's.
    ///
    /// - Parameter status: the image's status, if it was read just before.
    static func described(
        _ error: TranshipError, _ id: String, _ status: ImageStatus? = nil
    ) -> TranshipError {
        switch error.code {
        case .notFound, .gone:
            TranshipError(
                .sourceUnavailable, "image \(id) is gone at the source: \(error.message)",
                hint: "run again, which makes a new plan", answer: error.answer)
        case .forbidden:
            TranshipError(
                .sourceUnavailable, "image \(id) may not be read at the source: \(error.message)",
                hint: status == .deactivated
                    ? "reactivate it, or use an administrator's entry of clouds.yaml: only "
                        + "administrators may read the data of a deactivated image"
                    : error.hint
                        ?? "ask the operator of the cloud: its policy refuses this to the project",
                answer: error.answer)
        default: error.whileDoing("reading image \(id) at the source")
        }
    }
}

extension TranshipError {
    /// True if the service does not find what the request asked for.
    var isMissing: Bool { code == .notFound || code == .gone }
}
