// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationModel
import TranshipKit

/// Prints a report as an in-toto Statement
/// (<https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md>).
///
/// A subject is a copy that exists and can be verified. A copy that a rollback removed is not a
/// subject; the predicate has the time of its removal.
struct AuditStatement {
    let audit: RunAudit

    static let predicateType = "urn:x-tranship:run:v1"

    init(_ audit: RunAudit) { self.audit = audit }

    func put() async throws(TranshipError) { Terminal.putJSON(try await statement().text()) }

    /// - Throws: ``TranshipError/Code/notFound`` if the run has no copy to attest. A statement
    ///   without subjects is invalid: verifiers refuse it.
    func statement() async throws(TranshipError) -> JSONValue {
        var subjects: [JSONValue] = []
        var transfers: [JSONValue] = []
        try await audit.eachEntry { (entry) throws(TranshipError) in
            let fields = AuditFields(entry: entry, audit: audit).json.compactMapValues(\.self)
            transfers.append(.object(fields))
            if let subject = subject(entry) { subjects.append(subject) }
        }
        guard !subjects.isEmpty else { throw nothingToAttest }
        var predicate = audit.json.compactMapValues(\.self)
        predicate["transfers"] = .array(transfers)
        return .object([
            "_type": "https://in-toto.io/Statement/v1", "subject": .array(subjects),
            "predicateType": .string(Self.predicateType), "predicate": .object(predicate),
        ])
    }

    /// Returns the subject of a copy; nil if the copy is not proved, has no digest, or was removed.
    /// If the target converted the copy, its subject has the target's digests, provided that its
    /// data was proved before.
    private func subject(_ entry: RunAudit.Entry) -> JSONValue? {
        guard entry.isProved, entry.rolledBackAt == nil, let id = entry.transfer.imageID else {
            return nil
        }
        let transfer = entry.transfer
        let isConverted = transfer.conversion != nil
        if isConverted, !transfer.isProvedBeforeConversion { return nil }
        let known =
            transfer.proof.reported + (isConverted ? [] : transfer.proof.computed)
            + [entry.digest].compactMap(\.self)
        var digests: [String: JSONValue] = [:]
        for checksum in known { digests[checksum.algorithm.rawValue] = .string(checksum.value) }
        guard !digests.isEmpty else { return nil }
        return .object([
            "name": .string("\(entry.transfer.targetKey)/images/\(id)"),
            "digest": .object(digests),
        ])
    }

    private var nothingToAttest: TranshipError {
        let run = audit.run
        let removed = audit.status.rolledBackImages
        let why =
            removed > 0
            ? "a rollback removed \(counted(removed, "image")) of it since, and no proved one is left"
            : "it made no copy whose data is proved"
        return TranshipError(
            .notFound,
            "run \(run.id) of \(run.pipelineName) has nothing to attest: \(why)",
            hint:
                "name a run that copied images; `tranship report \(run.pipelineName) \(run.id) --json` "
                + "has what this one did")
    }
}
