// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
public import MigrationModel

/// Plain values from which tests start; each test changes the relevant ones.
public enum Sample {
    /// Returns an active image of a cloud with 10 bytes and without a promise.
    public static func source(
        _ id: String = "s1", sizeBytes: Int64? = 10, checksums: [Checksum] = [],
        properties: [String: String] = [:]
    ) -> SourceImage {
        SourceImage(
            key: "image:\(id)", sourceIndex: 0, location: id, imageID: id,
            lineage: "image:\(id)", fingerprint: checksums.first?.description ?? "created:today",
            name: "name of \(id)", status: .active, sizeBytes: sizeBytes, checksums: checksums,
            ownerID: "project-1", visibility: .private, diskFormat: "raw",
            containerFormat: "bare", properties: properties)
    }

    public static func record(visibility: ImageVisibility = .private) -> PlannedRecord {
        var record = PlannedRecord(name: "sample", diskFormat: "raw", containerFormat: "bare")
        record.visibility = visibility
        return record
    }

    public static func origin(of id: String) -> Origin {
        Origin(lineageID: "lineage-\(id)", versionID: "version-\(id)")
    }

    public static func transfer(
        _ id: String = "s1", to targetKey: String = "beta", source: SourceImage? = nil,
        record: PlannedRecord? = nil, method: UploadMethod = .upload,
        state: TransferState = .planned, imageID: String? = nil, promise: Checksum? = nil
    ) -> Transfer {
        let source = source ?? Self.source(id)
        let isFilled = [.sending, .importing, .verifying, .publishing].contains(state)
        return Transfer(
            Intent(
                targetKey: targetKey, source: source, record: record ?? Self.record(),
                origin: origin(of: id), method: method),
            state: state,
            placement: Placement(imageID: imageID, contents: isFilled ? .ours : .empty),
            proof: Proof(
                promised: promise ?? source.checksums.first, sizeBytes: source.sizeBytes))
    }

    /// Returns an undecided item of a plan.
    public static func item(
        _ id: String = "s1", to targetKey: String = "beta", source: SourceImage? = nil,
        record: PlannedRecord? = nil
    ) -> PlanItem {
        let source = source ?? Self.source(id)
        let intent = Intent(
            targetKey: targetKey, source: source, record: record ?? Self.record(),
            origin: origin(of: id), method: .upload)
        return PlanItem(intent, firstImageID: "\(id)-0", promise: source.checksums.first)
    }

    /// Returns an image in a target's listing; active and without a marker.
    public static func target(
        _ id: String, at targetKey: String = "beta", name: String? = "sample",
        status: ImageStatus = .active, checksums: [Checksum] = [],
        visibility: ImageVisibility = .private, marker: String? = nil
    ) -> TargetImage {
        TargetImage(
            targetKey: targetKey, id: id, name: name, status: status, sizeBytes: 10,
            checksums: checksums, visibility: visibility, isHidden: false, isProtected: false,
            ownerID: nil, originValue: marker)
    }

    /// Returns a checksum of the right length that consists of one digit.
    public static func checksum(
        _ algorithm: Checksum.Algorithm, _ digit: Character
    ) throws -> Checksum {
        try Checksum(algorithm, String(repeating: digit, count: algorithm.digitCount))
    }
}

/// Returns the error that `body` throws; nil if it throws none.
public func failure(_ body: () async throws -> Void) async -> TranshipError? {
    do {
        try await body()
        return nil
    } catch {
        return TranshipError(wrapping: error)
    }
}
