// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import GlanceModel
import HTTPTransport
import ImageUploaders
import MigrationModel
import MigrationPipeline
import OpenStackImage

extension PlantedBug {
    /// The same stages, as they would be if they believed what a service says.
    func believing(_ stages: Stages) -> Stages {
        var believing = stages
        believing.verifier = BelievingVerifier(real: stages.verifier, bug: self)
        believing.targets = stages.targets.map { target in
            var changed = target
            guard let service = (target.uploader as? CloudUploader)?.service else { return target }
            changed.uploader = BelievingUploader(real: target.uploader, bug: self, service: service)
            return changed
        }
        return believing
    }

    /// What the process would make of an answer.
    func believe(
        _ response: HTTPResponse, to request: HTTPRequest
    ) throws(TranshipError) -> HTTPResponse {
        switch self {
        case .showsRequests where response.status >= 400:
            let fields = request.headers.fields.map { "\($0.name): \($0.value)" }
            throw TranshipError(.badRequest, "refused: \(fields.joined(separator: ", "))")
        case .reservesWhatIsDeclared:
            // More than this would end the process that runs the simulation.
            let reserved = [UInt8](
                repeating: 1, count: Int(min(max(Self.size(in: response), 0), 700 << 20)))
            return reserved.count < 0 ? HTTPResponse(status: 500) : response
        case .trapsOnSizes:
            // Traps from 2^62 on.
            precondition(Self.size(in: response) + (1 << 62) != 0, "impossible")
            return response
        case .throwsForeignErrors where Self.isBroken(response, request):
            throw TranshipError(wrapping: Foreign())
        default: return response
        }
    }
}

extension PlantedBug {
    private struct Foreign: Error {}

    /// The size in a record; 0 without one.
    private static func size(in response: HTTPResponse) -> Int64 {
        JSONValue(text: response.body)?["size"]?.integer ?? 0
    }

    /// True for an answer of an Image service that cannot be read.
    private static func isBroken(_ response: HTTPResponse, _ request: HTTPRequest) -> Bool {
        request.method == .get && request.url.contains("/v2/") && response.status == 200
            && JSONValue(text: response.body) == nil
    }

    /// True if the process asks again, whatever it has asked before.
    func asksAgain(_ response: HTTPResponse, to request: HTTPRequest) -> Bool {
        self == .asksForEver && Self.isBroken(response, request)
    }

    /// True if the process waits for another state, without an end.
    func waits(for response: HTTPResponse) -> Bool {
        let known = [
            "queued", "saving", "uploading", "importing", "active", "deactivated", "killed",
            "deleted", "pending_delete",
        ]
        guard self == .waitsForUnknownStates,
            let record = JSONValue(text: response.body), record["visibility"] != nil,
            let status = record["status"]?.string
        else { return false }
        return !known.contains(status)
    }
}

private struct BelievingVerifier: ChecksumVerifier {
    let real: any ChecksumVerifier
    let bug: PlantedBug

    func begin(
        _ transfer: Transfer, reportedAlgorithm: Checksum.Algorithm
    ) throws(TranshipError) -> any RunningVerification {
        try real.begin(transfer, reportedAlgorithm: reportedAlgorithm)
    }

    func compare(_ transfer: Transfer, with report: TargetReport) -> Verdict {
        switch bug {
        case .takesSilenceForProof where report.checksums.isEmpty: .match([])
        case .takesSizeForProof where report.sizeBytes == transfer.sizeBytes: .match([])
        default: real.compare(transfer, with: report)
        }
    }
}

private struct BelievingUploader: ImageUploader {
    let real: any ImageUploader
    let bug: PlantedBug
    let service: ImageService

    func carryOut(_ change: Change) async throws(TranshipError) -> Change {
        try await real.carryOut(change)
    }

    /// What the service says of the record; nil without an answer of that form.
    private func image(_ transfer: Transfer) async -> Image? {
        guard let id = transfer.imageID else { return nil }
        return try? await service.image(id)
    }

    func list(
        ownerID: String?, page: ([TargetImage]) async throws(TranshipError) -> Void
    ) async throws(TranshipError) {
        try await real.list(ownerID: ownerID, page: page)
    }

    func request(
        _ request: ImportNeed, for transfer: Transfer, from fetchable: Fetchable
    ) async throws(TranshipError) {
        try await real.request(request, for: transfer, from: fetchable)
    }

    func reportedAlgorithm(
        for transfer: Transfer
    ) async throws(TranshipError) -> Checksum.Algorithm {
        try await real.reportedAlgorithm(for: transfer)
    }

    func reconcile(_ given: Transfer) async throws(TranshipError) -> Outcome {
        try await real.reconcile(given)
    }

    func register(
        _ transfer: Transfer, references: [String: String], commit: @escaping Commit
    ) async throws(TranshipError) -> Outcome {
        try await real.register(transfer, references: references, commit: commit)
    }

    func send(_ transfer: Transfer, from ring: ByteRing) async throws(TranshipError) -> Transfer {
        try await real.send(transfer, from: ring)
    }

    func report(_ transfer: Transfer) async throws(TranshipError) -> TargetReport {
        try await real.report(transfer)
    }

    func readBack(_ transfer: Transfer, into ring: ByteRing) async throws(TranshipError) {
        try await real.readBack(transfer, into: ring)
    }

    func clean(
        _ leftover: inout Leftover, deletesLeft: inout Int
    ) async throws(TranshipError) {
        try await real.clean(&leftover, deletesLeft: &deletesLeft)
    }

    func discard(_ transfer: Transfer) async throws(TranshipError) -> Bool {
        guard bug == .deletesWhatItCannotSee, let image = await image(transfer),
            image.id == transfer.imageID, image.visibility == .private
        else { return try await real.discard(transfer) }
        try await service.delete(image.id, missingIsFine: true)
        return true
    }
}
