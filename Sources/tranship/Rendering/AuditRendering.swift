// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationModel
import TranshipKit

/// The fields of a report about one transfer, under the names of the JSON members.
struct AuditFields {
    let entry: RunAudit.Entry
    let audit: RunAudit

    private var transfer: Transfer { entry.transfer }

    var sourceID: String { transfer.source.imageID ?? transfer.source.location }
    var project: String { transfer.ownerID ?? "" }
    /// The name of the project; empty if the journal does not know it.
    var projectName: String { audit.projectNames[project] ?? "" }
    /// The project that owns the image at the source; empty if none does.
    var sourceProject: String { transfer.source.ownerID ?? "" }
    var sourceProjectName: String { audit.projectNames[sourceProject] ?? "" }
    var started: String { entry.history.startedAt.map { Timestamp.text($0) } ?? "" }
    /// The time of the end; empty if the transfer has not ended.
    var ended: String {
        transfer.state.isFinal && entry.history.startedAt != nil
            ? Timestamp.text(entry.history.updatedAt) : ""
    }
    /// The number of tries: the failed ones, and the last one unless it failed.
    var attempts: Int {
        entry.history.failedTries
            + (entry.history.startedAt != nil && transfer.state != .failed ? 1 : 0)
    }
    var who: String { audit.facts?.who ?? "" }
    /// The time at which a rollback removed the copy; empty if none did.
    var rolledBackAt: String { entry.rolledBackAt.map { Timestamp.text($0) } ?? "" }
    var remarks: [String] { transfer.remarks.map { audit.naming(projectsIn: $0.words) } }

    /// The columns, in the order of ``names``.
    var columns: [(name: String, value: String)] {
        [
            ("source_id", sourceID), ("target_id", transfer.imageID ?? ""),
            ("name", transfer.record.shownName ?? ""), ("target", transfer.targetKey),
            ("project", project), ("state", transfer.state.rawValue),
            ("bytes", transfer.sizeBytes.map { "\($0)" } ?? ""),
            ("digest", entry.digest.map { "\($0)" } ?? ""), ("proof", entry.proofWords),
            ("method", transfer.methodWord), ("started", started), ("ended", ended),
            ("attempts", "\(attempts)"), ("who", who),
            ("request_ids", entry.history.requestIDs.joined(separator: " ")),
            ("error", transfer.failure.map { audit.naming(projectsIn: $0.message) } ?? ""),
            ("code", transfer.failure?.code.rawValue ?? ""),
            ("project_name", projectName), ("source_project", sourceProject),
            ("source_project_name", sourceProjectName), ("rolled_back_at", rolledBackAt),
            ("promise", transfer.proof.promised.map { "\($0)" } ?? ""),
            ("remarks", remarks.joined(separator: "; ")),
        ]
    }

    /// The names of the columns, in order.
    static let names = [
        "source_id", "target_id", "name", "target", "project", "state", "bytes", "digest", "proof",
        "method", "started", "ended", "attempts", "who", "request_ids", "error", "code",
        "project_name", "source_project", "source_project_name", "rolled_back_at", "promise",
        "remarks",
    ]

    private func text(_ value: String) -> JSONValue? { value.isEmpty ? nil : .string(value) }

    var json: [String: JSONValue?] {
        [
            "id": .integer(transfer.id), "source": .string(transfer.source.key),
            "source_id": .string(sourceID), "target_id": transfer.imageID.map { .string($0) },
            "name": transfer.record.shownName.map { .string($0) },
            "target": .string(transfer.targetKey),
            "project": text(project), "project_name": text(projectName),
            "source_project": text(sourceProject), "source_project_name": text(sourceProjectName),
            "state": .string(transfer.state.rawValue),
            "bytes": transfer.sizeBytes.map { .integer($0) },
            "digest": entry.digest.map { .string("\($0)") },
            "promise": transfer.proof.promised.map { .string("\($0)") },
            "proof": entry.proofWords.isEmpty ? nil : .string(entry.proofWords),
            "method": .string(transfer.methodWord),
            "started": started.isEmpty ? nil : .string(started),
            "ended": ended.isEmpty ? nil : .string(ended), "rolled_back_at": text(rolledBackAt),
            "attempts": .integer(Int64(attempts)),
            "request_ids": .array(entry.history.requestIDs.map { .string($0) }),
            "stages": .array(
                entry.history.steps.map {
                    .object(["state": .string($0.state.rawValue), "at": .integer($0.at)])
                }),
            "remarks": .array(remarks.map { .string($0) }),
            "error": transfer.failure.map {
                .object(
                    [
                        "code": JSONValue.string($0.code.rawValue),
                        "message": .string(audit.naming(projectsIn: $0.message)),
                        "hint": $0.hint.map { .string($0) },
                    ].compactMapValues(\.self))
            },
        ]
    }
}

extension RunAudit {
    /// The facts about the run itself.
    var json: [String: JSONValue?] {
        [
            "run": .integer(run.id), "pipeline": .string(run.pipelineName),
            "pipeline_file": .string(run.pipelineWord),
            "pipeline_digest": facts.map { .string($0.pipelineDigest) },
            "plan_digest": facts?.planDigest.map { .string($0) },
            "who": facts.map { .string($0.who) },
            "started": .string(Timestamp.text(run.startedAt)),
            "ended": run.endedAt.map { .string(Timestamp.text($0)) },
            "outcome": run.outcome.map { .string($0.rawValue) },
            "exit_status": status.exitJSON, "cause": status.end?.causeJSON,
            "rolled_back": .integer(Int64(status.rolledBackImages)),
            "not_found": status.missedJSON, "outcomes": status.outcomesJSON,
            "version": .string(Version.text),
            "planned": .object(Self.numbers(status.planned, \.rawValue)),
            "states": .object(Self.numbers(status.states, \.rawValue)),
            "refusals": .array(
                status.refusals.map { .string(naming(projectsIn: $0.message)) }),
            "refused": .array(status.refused.map(json)),
            "projects": projectNames.isEmpty
                ? nil : .object(projectNames.mapValues { .string($0) }),
            "absent": status.absences.json,
        ]
    }

    private func json(of image: RefusedImage) -> JSONValue {
        guard case .object(var fields) = image.json.value else { return .null }
        fields["message"] = .string(naming(projectsIn: image.failure.message))
        return .object(fields)
    }

    private static func numbers<Kind>(
        _ tallies: [Tally<Kind>], _ name: (Kind) -> String
    ) -> [String: JSONValue] {
        Dictionary(
            tallies.map { (name($0.kind), .integer(Int64($0.images))) }
        ) { first, _ in first }
    }
}

/// Prints a report as text or as JSON Lines.
struct AuditRendering {
    let format: OutputFormat
    let verbose: Bool

    func render(_ audit: RunAudit) async throws(TranshipError) {
        if format == .json {
            JSONLine("report-run", audit.json).put()
            if TableOfLines.isOpen { AuditProblems(audit).putRows() }
            return try await audit.eachEntry { (entry) throws(TranshipError) in
                JSONLine("report-transfer", AuditFields(entry: entry, audit: audit).json).put()
            }
        }
        let run = audit.run
        Terminal.putSentence(
            "run \(run.id) of \(run.pipelineName), \(run.outcome?.rawValue ?? "not ended"), "
                + "started \(Timestamp.text(run.startedAt))"
                + (audit.facts.map { " by \($0.who)" } ?? ""))
        if let facts = audit.facts {
            Terminal.putSentence(
                "pipeline file \(run.isCopy ? "in the journal" : run.pipelineFile), \(facts.pipelineDigest)"
            )
        }
        tellEnd(audit)
        try await table(audit).put()
        try await tellRemarks(audit)
        for absence in audit.status.absences {
            Terminal.putSentence(
                "absent: \(absence.pastWords): \(absence.failure.code): \(absence.failure.message)")
        }
        for image in audit.status.refused {
            Terminal.putSentence(
                "\(image.words): \(image.name) (\(image.sourceID)) -> \(image.targetKey): "
                    + "\(image.failure.code): \(audit.naming(projectsIn: image.failure.message))")
        }
    }

    /// Prints the remarks about images; without `-v`, one line for each kind.
    private func tellRemarks(_ audit: RunAudit) async throws(TranshipError) {
        var alike = AlikeNotes()
        try await audit.eachEntry { (entry) throws(TranshipError) in
            for remark in entry.transfer.remarks {
                let words = audit.naming(projectsIn: remark.words)
                guard !verbose else {
                    Terminal.putSentence("\(entry.transfer.label): \(words)")
                    continue
                }
                alike.add(entry.transfer.label, words, kind: remark.code)
            }
        }
        for line in alike.lines { Terminal.putSentence(line) }
    }

    /// Returns the table, with a column for projects if there are several.
    private func table(_ audit: RunAudit) async throws(TranshipError) -> Table {
        var projects: Set<String> = []
        var rows: [(project: String, cells: [String])] = []
        try await audit.eachEntry { (entry) throws(TranshipError) in
            let fields = AuditFields(entry: entry, audit: audit)
            projects.insert(fields.project)
            rows.append(
                (
                    audit.words(ofProject: fields.project),
                    [
                        entry.transfer.source.displayName.cut(to: verbose ? 1000 : 60),
                        entry.transfer.targetKey,
                        entry.transfer.state.rest
                            + (entry.rolledBackAt == nil ? "" : ", rolled back"),
                        entry.transfer.sizeBytes.map { ByteCount.format($0) } ?? "?",
                        entry.transfer.methodWord, fields.started, fields.ended,
                        "\(fields.attempts)",
                        entry.digest.map { "\($0)".cut(to: verbose ? 1000 : 24) } ?? "-",
                    ]
                ))
        }
        let hasProjects = projects.count > 1
        var header = [
            "IMAGE", "TARGET", "STATE", "SIZE", "METHOD", "STARTED", "ENDED", "TRIES", "DIGEST",
        ]
        let place = 2
        if hasProjects { header.insert("PROJECT", at: place) }
        var table = Table(header)
        for row in rows {
            var cells = row.cells
            if hasProjects { cells.insert(row.project, at: place) }
            table.add(cells)
        }
        return table
    }

    /// Prints how the run ended, and the number of images by result, including images without a
    /// row.
    private func tellEnd(_ audit: RunAudit) {
        let end = [
            audit.run.endedAt.map { "ended \(Timestamp.text($0))" },
            audit.status.end.map { "exit \($0.exitStatus.rawValue)" },
        ].compactMap(\.self)
        if !end.isEmpty { Terminal.putSentence(end.joined(separator: ", ")) }
        for line in audit.status.endLines(labelled: false) { Terminal.putSentence(line) }
        let counts = audit.status.outcomes.map { "\($0.images) \($0.kind.words)" }
        Terminal.putSentence(counts.isEmpty ? "no image" : counts.joined(separator: ", "))
        if let words = audit.status.rolledBackWords { Terminal.putSentence("rolled back \(words)") }
    }
}

/// Prints a report as comma-separated values (RFC 4180).
struct AuditTable {
    let audit: RunAudit

    init(_ audit: RunAudit) { self.audit = audit }

    func put() async throws(TranshipError) {
        Terminal.putWhole(Self.line(AuditFields.names))
        try await audit.eachEntry { (entry) throws(TranshipError) in
            let columns = AuditFields(entry: entry, audit: audit).columns
            Terminal.putWhole(Self.line(columns.map(\.value)))
        }
        for row in AuditProblems(audit).columns { Terminal.putWhole(Self.line(row)) }
    }

    static func line(_ cells: [String]) -> String {
        cells.map(cell).joined(separator: ",") + "\r\n"
    }

    private static func cell(_ text: String) -> String {
        let shown = text.withoutFormula.withControlsShown
        guard shown.contains(where: { ",\"".contains($0) }) else { return shown }
        return "\"\(shown.replacing("\"", with: "\"\""))\""
    }
}

extension RunStatus {
    /// The words `3 images of these, removed at the targets since`; nil if no rollback removed any.
    var rolledBackWords: String? {
        guard rolledBackImages > 0 else { return nil }
        return "\(counted(rolledBackImages, "image")) of these, removed at the targets since"
    }
}
