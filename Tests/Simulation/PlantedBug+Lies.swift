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
    /// Returns the same stages, but such that they believe everything a service says.
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

    /// Returns an answer as the process with the bug would understand it.
    func believe(
        _ response: HTTPResponse, to request: HTTPRequest
    ) throws(TranshipError) -> HTTPResponse {
        switch self {
        case .showsRequests where response.status >= 400:
            let fields = request.headers.fields.map { "\($0.name): \($0.value)" }
            throw TranshipError(.badRequest, "refused: \(fields.joined(separator: ", "))")
        case .reservesWhatIsDeclared:
            // More memory would end the process that runs the simulation.
            let largest = Self.sizes(in: response).max() ?? 0
            let reserved = [UInt8](
                repeating: 1, count: Int(min(max(largest, 0), 700 << 20)))
            return reserved.count < 0 ? HTTPResponse(status: 500) : response
        case .trapsOnSizes:
            // Traps from 2^53 on.
            for size in Self.sizes(in: response) { precondition(size * 1024 != 1) }
            return response
        case .throwsForeignErrors where Self.isBroken(response, request):
            throw TranshipError(wrapping: Foreign())
        default: return response
        }
    }
}

extension PlantedBug {
    private struct Foreign: Error {}

    /// Returns the sizes in a record, or in the records of a list.
    private static func sizes(in response: HTTPResponse) -> [Int64] {
        guard let value = JSONValue(text: response.body) else { return [] }
        return (value["images"]?.array ?? [value]).compactMap { $0["size"]?.integer }
    }

    /// True for an unreadable answer of an Image service.
    private static func isBroken(_ response: HTTPResponse, _ request: HTTPRequest) -> Bool {
        request.method == .get && request.url.contains("/v2/") && response.status == 200
            && JSONValue(text: response.body) == nil
    }

    /// True if the process with the bug sends the same request again.
    func asksAgain(_ response: HTTPResponse, to request: HTTPRequest) -> Bool {
        self == .asksForEver && Self.isBroken(response, request)
    }

    /// True if the process with the bug waits for another state, without an end.
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

private struct BelievingUploader: ForwardingUploader {
    let real: any ImageUploader
    let bug: PlantedBug
    let service: ImageService

    /// Returns the record as the service reports it; nil if the answer is not a record.
    private func image(_ transfer: Transfer) async -> Image? {
        guard let id = transfer.imageID else { return nil }
        return try? await service.image(id)
    }

    func discard(_ transfer: Transfer) async throws(TranshipError) -> Bool {
        guard bug == .deletesWhatItCannotSee, let image = await image(transfer),
            image.id == transfer.imageID, image.visibility == .private
        else { return try await real.discard(transfer) }
        try await service.delete(image.id, missingIsFine: true)
        return true
    }
}
