// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationModel
import TranshipKit

/// The journal's facts about one run, as text or JSON Lines.
struct StatusRendering {
    let format: OutputFormat
    let verbose: Bool
    /// The path from `--journal`; nil without that option.
    var givenJournal: String?

    /// The maximum number of lines for the progress of a run at work.
    private static let rowsMax = 100

    /// - Parameter status: nil if the journal has no run yet.
    func render(_ status: RunStatus?, journalPath: String) async throws(TranshipError) {
        guard let status else {
            if format == .json { return JSONLine("status", ["run": .null]).put() }
            return Terminal.putSentence("the journal \(journalPath) has no run yet")
        }
        let isRunning = status.run.outcome == nil && status.holder != nil
        let soFar = isRunning ? try await RunSummary(status).exitStatus : nil
        if format == .json {
            putJSON(status, soFar, journalPath)
        } else {
            tell(status, soFar, journalPath)
        }
        // Programs, and people who use `-v`, get everything.
        if verbose || format == .json { return try await list(status) }
        if let live = status.live {
            let columns = Terminal.outputIsTerminal ? Terminal.columns : 120
            let screen = RunScreen(
                live: live, headline: "now", columns: columns, rows: Self.rowsMax)
            for line in screen.lines { Terminal.put(line) }
        }
        // Lines in a file or a pipe are not wrapped.
        let columns = Terminal.outputIsTerminal ? Terminal.columns : 10_000
        for line in try await report(status, soFar).statusLines(columns: columns) {
            Terminal.put(line)
        }
    }

    /// Prints every image of the run, and each hint once.
    private func list(_ status: RunStatus) async throws(TranshipError) {
        var told: Set<String> = []
        try await status.eachTransfer { transfer, tries in
            format == .json
                ? putJSON(transfer, tries) : tell(transfer, tries, status, &told)
        }
        for image in status.refused {
            format == .json
                ? image.json.put() : tell(image, status.projects, of: status.run, &told)
        }
    }

    /// Returns the end report of the run: its images and the next steps.
    private func report(
        _ status: RunStatus, _ soFar: ExitStatus?
    ) async throws(TranshipError) -> EndReport {
        let run = status.run
        let summary = try await RunSummary(status)
        let isLeft = run.outcome == nil || run.outcome == .interrupted
        let command =
            isLeft
            ? "tranship resume\(journalWords(run))" : run.copyCommand ?? "the same `tranship copy`"
        var facts = EndFacts(
            pipelineFile: run.pipelineFile, journalPath: givenJournal,
            seconds: ((run.endedAt ?? run.startedAt) - run.startedAt) / 1000, sentBytes: 0,
            pipelineName: run.pipelineName, ownCommand: run.isCopy ? command : nil,
            planFile: status.planWord)
        facts.isUnderWay = soFar != nil
        var report = try await EndReport(
            summary, pipeline: run.pipelineName,
            status: status.end?.exitStatus ?? soFar
                ?? (isLeft ? .interrupted : summary.exitStatus), facts: facts)
        if run.isCopy {
            for index in report.groups.indices {
                report.groups[index].messages = report.groups[index].messages
                    .map(CopyOrder.message)
            }
        }
        // Images in flight are already shown in the progress above.
        if status.live != nil { report.groups.removeAll { $0.outcome == .unfinished } }
        return report
    }

    private func tell(
        _ image: RefusedImage, _ projects: ProjectWords, of run: Run, _ told: inout Set<String>
    ) {
        let (word, failure) = (image.words, projects.naming(image.failure))
        Terminal.putSentence("\(word.padded(to: 14))\(image.name) -> \(image.targetKey)")
        tell(failure, of: run, &told)
    }

    private func tell(_ status: RunStatus, _ soFar: ExitStatus?, _ path: String) {
        let run = status.run
        Terminal.putSentence("pipeline      \(run.shownPipeline)")
        Terminal.putSentence("journal       \(path)")
        Terminal.putSentence(
            "run           \(run.id), started \(Timestamp.text(run.startedAt)), "
                + words(status)
                + (soFar.map { ", exit so far \($0.rawValue)" } ?? "") + exitWords(status))
        for line in status.endLines(labelled: true) { Terminal.putSentence(line) }
        if let limits = status.limits {
            Terminal.putSentence(
                "limits        \(limits.words), since \(Timestamp.text(limits.changedAt)) "
                    + "(`tranship limit`)")
        }
        let decided = status.planned.map { "\($0.kind.rawValue) \($0.images)" }
        if !decided.isEmpty {
            Terminal.putSentence("plan          " + decided.joined(separator: ", "))
        }
        for tally in status.outcomes {
            Terminal.putSentence(words(tally.kind.words, tally.images, tally.sizeBytes))
        }
        if let words = status.rolledBackWords { Terminal.putSentence("rolled back   \(words)") }
        if let words = status.changes.tallyWords { Terminal.putSentence("series        \(words)") }
        for absence in status.absences {
            Terminal.putSentence(
                "absent        \(absence.pastWords): \(absence.failure.message)")
            if let hint = absence.failure.hint {
                Terminal.putSentence(
                    "              hint: \(run.isCopy ? CopyOrder.hint(hint) : hint)")
            }
        }
        for words in status.staleWords { Terminal.putSentence("stale         \(words)") }
        for change in status.changes
        where verbose || change.state == .failed || change.waitsForOperator {
            Terminal.putSentence("  \(change.endedLine)")
            if let step = change.stepForOperator { Terminal.putSentence("  hint: \(step)") }
        }
        if status.failedTries > 0 {
            Terminal.putSentence("tries         \(status.failedTries) failed")
        }
        if status.reading.readBytes > 0 {
            Terminal.putSentence("sources       \(status.reading.words)")
        }
        let all = status.outcomesInAll
        if status.statesInAll != status.states {
            Terminal.putSentence(
                "in all        \(counted(all.reduce(0) { $0 + $1.images }, "image")) in this journal"
            )
            for tally in all {
                Terminal.putSentence("  " + words(tally.kind.words, tally.images, tally.sizeBytes))
            }
        }
        let isRunning = run.outcome == nil && status.holder != nil
        for outage in status.outages { tell(outage, isRunning: isRunning) }
    }

    /// Returns the exit code in words; empty if the outcome already says it, as for a successful or
    /// interrupted run.
    private func exitWords(_ status: RunStatus) -> String {
        guard let end = status.end, end.exitStatus != .done, end.exitStatus != .interrupted,
            status.run.outcome == .failed || status.run.outcome == .interrupted
        else { return "" }
        return ", exit \(end.exitStatus.rawValue)"
    }

    private func words(_ word: String, _ images: Int, _ sizeBytes: Int64) -> String {
        "\(word.padded(to: 14))\(counted(images, "image")), \(ByteCount.format(sizeBytes))"
    }

    /// Returns the words with which a command finds the journal.
    private func journalWords(_ run: Run) -> String {
        givenJournal == nil
            ? " \(run.pipelineName.shellQuoted)" : CommandWords.journalOption(givenJournal)
    }

    private func words(_ status: RunStatus) -> String {
        let run = status.run
        if let holder = status.holder, run.outcome == nil {
            return (run.plannedAt == nil ? "planning now" : "running now") + " (\(holder.words))"
        }
        let journal = journalWords(run)
        let goesOn =
            status.rolledBackImages == 0
            ? "`tranship resume\(journal)` goes on"
            : "a new `tranship run`\(status.planWord == nil ? "" : " of the plan") goes on"
        guard let outcome = run.outcome else { return "killed; \(goesOn)" }
        let end = run.endedAt.map { " \(Timestamp.text($0))" } ?? ""
        let hint = outcome == .interrupted ? "; \(goesOn)" : ""
        return "\(outcome.rawValue)\(end)\(hint)"
    }

    private func tell(
        _ transfer: Transfer, _ tries: [Attempt], _ status: RunStatus, _ told: inout Set<String>
    ) {
        let isWorkedOn = status.run.outcome == nil && status.holder != nil
        let word = isWorkedOn ? transfer.state.activity : transfer.state.rest
        Terminal.putSentence(
            "\(word.padded(to: 14))\(transfer.label)"
                + (transfer.imageID.map { ", image \($0)" } ?? ""))
        tellProof(transfer)
        let projects = status.projects
        for remark in transfer.remarks {
            Terminal.putSentence("              \(projects.naming(projectsIn: remark.words))")
        }
        if let note = transfer.wait.reason { Terminal.putSentence("              \(note)") }
        if let failure = transfer.failure.map(projects.naming) {
            tell(failure, of: status.run, &told)
        }
        for attempt in tries {
            Terminal.putSentence(
                "              failed \(Timestamp.text(attempt.at)) in \(attempt.state.rawValue): "
                    + "\(attempt.code): \(projects.naming(projectsIn: attempt.message))")
        }
    }

    /// Prints the method of a copy and its proof.
    private func tellProof(_ transfer: Transfer) {
        if let reading = transfer.reading {
            Terminal.putSentence("              \(reading.words)")
        }
        let reason = transfer.intent.methodReason?.words ?? ""
        Terminal.putSentence(
            transfer.placement.isAdopted
                ? "              found at the target: nothing was sent"
                : "              by \(transfer.method.rawValue): \(reason)")
        if let published = transfer.source.published {
            let proof = transfer.proof.published.map {
                ", published as \($0.sizeBytes) bytes, \($0.checksum)"
            }
            let isPromised = published.checksum == nil ? "" : ", as promised"
            Terminal.putSentence(
                "              \(published.words)\(proof.map { $0 + isPromised } ?? "")")
        }
        if let signer = transfer.source.signedBy {
            Terminal.putSentence("              its checksum is signed by \(signer)")
        }
        for proof in transfer.proof.computed {
            let isSent = !transfer.method.isServerSide && !transfer.placement.isAdopted
            let verb = isSent ? "sent" : "the source has"
            Terminal.putSentence("              \(verb) \(proof)")
        }
        for proof in transfer.proofs { Terminal.putSentence("              proved by \(proof)") }
        guard transfer.conversion != nil else { return }
        Terminal.putSentence("              \(transfer.proofWords)")
        for checksum in transfer.proof.reported {
            Terminal.putSentence("              the target has \(checksum)")
        }
    }

    /// - Parameter told: hints that were already printed for earlier images.
    private func tell(_ failure: Transfer.Failure, of run: Run, _ told: inout Set<String>) {
        let message = run.isCopy ? CopyOrder.message(failure.message) : failure.message
        Terminal.putSentence("              \(failure.code): \(message)")
        guard let hint = failure.hint, told.insert(hint).inserted else { return }
        Terminal.putSentence("              hint: \(run.isCopy ? CopyOrder.hint(hint) : hint)")
    }

    private func tell(_ outage: OutageRecord, isRunning: Bool) {
        let end =
            outage.endedAt.map { "to \(Timestamp.text($0))" }
            ?? (isRunning ? "until now" : "to the end of the run")
        Terminal.putSentence(
            "outage        \(outage.endpoint) from \(Timestamp.text(outage.beganAt)) \(end): "
                + "\(outage.code): \(outage.message)")
    }

    private func putJSON(_ transfer: Transfer, _ tries: [Attempt]) {
        var members = transfer.jsonMembers
        members["failed_tries"] = .array(tries.map(\.jsonValue))
        JSONLine("transfer", members).put()
    }

    func putJSON(_ status: RunStatus, _ soFar: ExitStatus?, _ path: String) {
        let run = status.run
        JSONLine(
            "status",
            [
                "pipeline": .string(run.pipelineName), "journal": .string(path),
                "run": .integer(run.id), "started_at": .string(Timestamp.text(run.startedAt)),
                "ended_at": run.endedAt.map { .string(Timestamp.text($0)) },
                "outcome": run.outcome.map { .string($0.rawValue) },
                "exit_status": status.exitJSON, "cause": status.end?.causeJSON,
                "not_found": status.missedJSON,
                "holder": status.holder.map { .string($0.words) },
                "exit_so_far": soFar.map { .integer(Int64($0.rawValue)) },
                "limits": status.limits?.json,
                "plan": members(status.planned),
                "outcomes": status.outcomesJSON,
                "failed_tries": .integer(Int64(status.failedTries)),
                "rolled_back": .integer(Int64(status.rolledBackImages)),
                "states": members(status.states), "states_in_all": members(status.statesInAll),
                "reading": status.reading.json,
                "outages": .array(status.outages.map(\.jsonValue)),
                "projects": status.projects.names.isEmpty
                    ? nil : .object(status.projects.names.mapValues { .string($0) }),
                "absent": status.absences.json,
            ]
        ).put()
    }

    private func members<Kind: RawRepresentable<String>>(_ tallies: [Tally<Kind>]) -> JSONValue {
        .object(
            Dictionary(uniqueKeysWithValues: tallies.map { ($0.kind.rawValue, $0.jsonValue) }))
    }
}

extension Tally {
    var jsonValue: JSONValue {
        .object(["images": .integer(Int64(images)), "bytes": .integer(sizeBytes)])
    }
}

extension Attempt {
    fileprivate var jsonValue: JSONValue {
        .object([
            "at": .string(Timestamp.text(at)), "state": .string(state.rawValue),
            "code": .string(code.rawValue),
            "message": .string(message),
        ])
    }
}

extension OutageRecord {
    fileprivate var jsonValue: JSONValue {
        .object([
            "endpoint": .string(endpoint), "began_at": .string(Timestamp.text(beganAt)),
            "ended_at": endedAt.map { .string(Timestamp.text($0)) } ?? .null,
            "code": .string(code.rawValue), "message": .string(message),
        ])
    }
}

extension Run {
    /// The pipeline's name and file. A copy has no file, so its own command is shown instead.
    var shownPipeline: String {
        isCopy
            ? "\(pipelineName) (\(copyCommand ?? "tranship copy, without a file"))"
            : "\(pipelineName) (\(pipelineFile))"
    }
}
