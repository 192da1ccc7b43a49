// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationModel
import TranshipKit

/// The facts about a run that the process knows and the journal does not.
struct EndFacts {
    var pipelineFile: String
    /// The path of the journal; nil if commands find the journal without it.
    var journalPath: String?
    var seconds: Int64
    var sentBytes: Int64

    var pipelineName: String
    /// The command that continues the run; nil means `run` with the pipeline's file.
    var ownCommand: String?
    /// The saved plan that the run carries out.
    var planFile: String?
    /// Returns the pipeline file's line of a source, by an image's key and the source's index.
    var place: (_ key: String, _ index: Int?) -> String? = { _, _ in nil }
    /// True while another process carries out the run. Then no command must be run again.
    var isUnderWay = false
    /// The number of images that the plan left out because the target has another image with their
    /// name.
    var namesakes = 0

    var command: String {
        let plan = planFile.map { " --plan \($0.shellQuoted)" } ?? ""
        return ownCommand ?? "tranship run \(pipelineFile.shellQuoted)\(plan)\(journalOption)"
    }

    /// The steps after sources or targets have changed since the plan was saved. A run without a
    /// plan could make changes that its operator has not reviewed.
    var stepsAfterDrift: [EndReport.Step] {
        let (file, plan) = (pipelineFile.shellQuoted, Self.newPlan)
        return [
            EndReport.Step(
                "save a new plan, and read it",
                command: "tranship plan \(file) --save \(plan)\(journalOption)"),
            EndReport.Step(
                "run that plan", command: "tranship run \(file) --plan \(plan)\(journalOption)"),
        ]
    }

    /// The name of another file, so that the reviewed plan is kept.
    private static let newPlan = "new-plan.json"

    var statusCommand: String {
        "tranship status \(journalPath == nil ? pipelineName : "")\(journalOption) -v"
            .replacing("  ", with: " ")
    }

    /// Returns the change after which an image will not fail again. A copy has no pipeline file, so
    /// the words are the options of `tranship copy`.
    ///
    /// - Parameter isAlone: false for several images, for which the message of one is too specific.
    func remedy(of failure: Transfer.Failure, isAlone: Bool = true) -> String {
        if isAlone, [.checksumMismatch, .verificationMismatch].contains(failure.code) {
            return comparison(failure)
        }
        guard ownCommand != nil else { return failure.advice }
        let hint = failure.hint.map(CopyOrder.hint)
        let words = hint ?? "\(failure.message); \(CopyOrder.hint(failure.step))"
        guard !failure.isTransient else { return words }
        // The plan gave this image the same hint, which names the cause.
        func hinted(or option: String) -> String {
            guard let hint else { return "\(failure.message); \(option)" }
            return isAlone ? "\(failure.message); \(hint)" : hint
        }
        return switch failure.code {
        case .formatRejected: hinted(or: "name the right --disk-format")
        case .badRequest: hinted(or: "if it is the name, give another one: --name")
        case .sourceUnavailable, .notFound:
            hinted(or: "look at the source, the first word of the command")
        case .targetConflict: "\(words), or give the copy another name: --name"
        default: words
        }
    }

    /// Returns the promise, the computed digest and the hint. Digests are shortened as long as they
    /// differ; `tranship status` has them in full.
    private func comparison(_ failure: Transfer.Failure) -> String {
        // The step already contains the image's name.
        let values =
            failure.code != .checksumMismatch
            ? nil
            : failure.message.firstRange(of: ": promised ")
                .map { failure.message[$0.lowerBound...].dropFirst(2) }
        let message = Self.withShortDigests(String(values ?? failure.message[...]))
        let hint = failure.hint ?? failure.step
        return ownCommand == nil
            ? "\(message); \(hint)"
            : "\(CopyOrder.message(message)); \(CopyOrder.hint(hint))"
    }

    /// Shortens digests to as many digits as are needed to distinguish them, at least 12.
    private static func withShortDigests(_ message: String) -> String {
        let digest = /\b(md5|sha1|sha256|sha512):([0-9a-f]{13,})/
        let all = Set(message.matches(of: digest).map { String($0.output.2) })
        let most = all.map(\.count).max() ?? 0
        let digits = (12..<max(13, most)).first { count in
            Set(all.map { $0.prefix(count) }).count == all.count
        }
        guard let digits else { return message }
        return message.replacing(digest) { match in
            match.2.count > digits
                ? "\(match.1):\(match.2.prefix(digits))…" : String(match.0)
        }
    }

    private var journalOption: String {
        CommandWords.journalOption(journalPath)
    }
}

extension EndReport {
    /// The maximum number of images that are read for names and reasons.
    private static let imagesMax = 1000

    /// An image that was not successful, before it is grouped.
    private struct Entry {
        var outcome: ImageOutcome
        var name: String
        var target: String
        var sourceKey: String
        var sourceIndex: Int?
        var reason: String
        var failure: Transfer.Failure?
    }

    init(
        _ summary: RunSummary, pipeline: String, status: ExitStatus, facts: EndFacts
    ) async throws(TranshipError) {
        let entries = try await Self.entries(summary)
        let severalTargets = Set(entries.map(\.target)).count > 1
        func name(_ entry: Entry) -> String {
            severalTargets ? "\(entry.name) -> \(entry.target)" : entry.name
        }
        var groups: [Group] = []
        for tally in summary.status.outcomes {
            var left = tally.images
            for (reason, group) in Self.grouped(
                entries.filter { $0.outcome == tally.kind }, by: \.reason)
            {
                groups.append(
                    Group(
                        outcome: tally.kind, images: group.count,
                        names: group.prefix(8).map(name), reason: reason,
                        messages: Self.messages(group)))
                left -= group.count
            }
            if tally.kind == .skipped { left -= facts.namesakes }
            // These images need no names, or exceed the maximum number.
            guard left > 0 else { continue }
            let hasNames = left < tally.images
            groups.append(
                Group(
                    outcome: tally.kind, images: left,
                    sizeBytes: hasNames ? 0 : tally.sizeBytes))
        }
        self.init(
            pipeline: pipeline, runID: summary.status.run.id, status: status,
            seconds: facts.seconds, endedAt: Timestamp.now(), sentBytes: facts.sentBytes,
            groups: groups)
        notes = try await Self.notes(summary)
        namesakes = facts.namesakes
        nothingToDo = Self.nothingToDo(summary, namesakes: facts.namesakes)
        if namesakes > 0, nothingToDo == nil { notes.append(Self.namesakeWords(namesakes)) }
        missed = summary.missed
        let hasDrifted = summary.status.end?.cause?.code == .planDrifted
        steps =
            hasDrifted
            ? facts.stepsAfterDrift
            : Self.steps(
                summary, status, facts,
                entries.map {
                    ($0.outcome, name($0), facts.place($0.sourceKey, $0.sourceIndex), $0.failure)
                })
    }

    private static func entries(_ summary: RunSummary) async throws(TranshipError) -> [Entry] {
        let states = TransferState.allCases.filter { $0 != .done && $0 != .skipped }
        var entries: [Entry] = []
        for transfer in try await summary.status.transfers(in: states, limit: imagesMax) {
            let outcome: ImageOutcome =
                switch transfer.state {
                case .failed: .failed
                case .unpublished: .unpublished
                case .planned, .reading, .read, .registered, .sending, .importing, .verifying,
                    .publishing, .done, .skipped:
                    .unfinished
                }
            let reason = transfer.failure?.code.rawValue ?? transfer.state.rest
            entries.append(
                Entry(
                    outcome: outcome, name: transfer.source.displayName,
                    target: transfer.targetKey, sourceKey: transfer.source.key,
                    sourceIndex: transfer.source.sourceIndex,
                    reason: outcome == .unfinished && reason == "not finished" ? "" : reason,
                    failure: transfer.failure.map { summary.status.projects.naming($0) }))
        }
        for image in summary.status.refused.prefix(imagesMax) {
            entries.append(
                Entry(
                    outcome: image.action == .conflict ? .conflict : .refused, name: image.name,
                    target: image.targetKey, sourceKey: image.sourceKey,
                    reason: image.failure.code.rawValue,
                    failure: summary.status.projects.naming(image.failure)))
        }
        return entries
    }

    /// Returns the messages of a group's images, without duplicates.
    private static func messages(_ group: [Entry]) -> [String] {
        grouped(group.filter { $0.failure != nil }) { entry in
            entry.failure?.message(without: entry.name) ?? ""
        }.compactMap { $0.entries.first?.failure?.message }
    }

    /// Returns groups of entries that share a value, in the order of their first entries.
    private static func grouped<Entry>(
        _ entries: [Entry], by key: (Entry) -> String
    ) -> [(key: String, entries: [Entry])] {
        var order: [String] = []
        var found: [String: [Entry]] = [:]
        for entry in entries {
            if found[key(entry)] == nil { order.append(key(entry)) }
            found[key(entry), default: []].append(entry)
        }
        return order.map { ($0, found[$0] ?? []) }
    }

    private static func notes(_ summary: RunSummary) async throws(TranshipError) -> [String] {
        var notes: [String] = []
        if summary.status.reading.isRemarkable { notes.append(summary.status.reading.words) }
        if let words = summary.changes.tallyWords { notes.append(words) }
        // While these wait, others see an older version than they should.
        let waiting = summary.changes.filter { $0.isWaiting }
        notes += waiting.prefix(3).map(\.waitingLine)
        notes += summary.status.staleWords.map { "warning: \($0)" }
        var remarks = AlikeNotes()
        for transfer in try await summary.status.transfers(
            in: [.done, .failed, .unpublished], limit: imagesMax)
        {
            for remark in transfer.remarks {
                remarks.add(
                    transfer.label, summary.status.projects.naming(projectsIn: remark.words),
                    kind: remark.code)
            }
        }
        notes += remarks.lines
        for (target, error) in summary.pausedTargets.sorted(by: { $0.key < $1.key }) {
            notes.append("target \(target) was paused: \(error.message)")
        }
        notes += summary.absences.map { "\($0.pastWords): \($0.failure.message)" }
        for (endpoint, error) in summary.deadEndpoints.sorted(by: { $0.key < $1.key }) {
            notes.append("\(endpoint) did not answer any more: \(error.message)")
        }
        return notes
    }

    private static func nothingToDo(_ summary: RunSummary, namesakes: Int) -> String? {
        guard summary.isNothingToDo, summary.images(.refuse) == 0 else { return nil }
        // This includes images whose data was found at the target during the run.
        let skipped = summary.status.outcomes.filter { $0.kind == .skipped }
            .reduce(0) { $0 + $1.images }
        let there = max(0, skipped - namesakes)
        guard namesakes > 0 else {
            return there == 0
                ? "nothing to do: no image is selected"
                : there == 1
                    ? "nothing to do: the image is there"
                    : "nothing to do: all \(there) images are there"
        }
        let left = "nothing copied: \(namesakeWords(namesakes))"
        return there == 0 ? left : "\(left); \(counted(there, "image")) already there"
    }

    /// Returns the words for images that `on_conflict: skip` left out.
    static func namesakeWords(_ count: Int) -> String {
        count == 1
            ? "1 image left out, because the target has another image of its name, left as it was"
            : "\(count) images left out, because the target has other images of their names, left as "
                + "they were"
    }

    // MARK: What to do next

    private static let stepsMax = 8
    /// The maximum number of lines of the pipeline file in one step.
    private static let placesMax = 3

    private static func waitingSteps(_ changes: [Change]) -> [Step] {
        changes.compactMap(\.stepForOperator).map { Step($0) }
    }

    private static func steps(
        _ summary: RunSummary, _ status: ExitStatus, _ facts: EndFacts,
        _ entries: [(
            outcome: ImageOutcome, name: String, place: String?, failure: Transfer.Failure?
        )]
    ) -> [Step] {
        guard status != .done else { return [] }
        var steps: [Step] = []
        for absence in summary.absences where absence.isLasting {
            steps.append(Step("\(absence.name): \(absence.failure.advice)"))
        }
        let silent =
            summary.absences.filter { !$0.isLasting }.map(\.name)
            + summary.deadEndpoints.keys.sorted()
        if !silent.isEmpty, !facts.isUnderWay {
            steps.append(
                Step(
                    "when \(silent.joined(separator: ", ")) answers again",
                    command: facts.command))
        }
        for (target, error) in summary.pausedTargets.sorted(by: { $0.key < $1.key }) {
            steps.append(Step("\(target): \(facts.remedy(of: .init(error)))"))
        }
        steps += waitingSteps(summary.changes)
        let empty = facts.ownCommand == nil ? ", or write `allow_empty: true`" : ""
        steps += summary.status.notFound.map {
            Step("\($0.words): \($0.wayOut ?? "correct the name\(empty)")")
        }
        let broken = entries.filter { $0.outcome != .unfinished && $0.failure != nil }
        for (_, group) in grouped(broken, by: { $0.failure?.kind(without: $0.name) ?? "" }) {
            guard let failure = group.first?.failure else { continue }
            let names = list(group.map(\.name), count: group.count, toColumns: 40)
            var seen: Set<String> = []
            let lines = group.compactMap(\.place).filter { seen.insert($0).inserted }
                .prefix(placesMax + 1)
            let places =
                (1...placesMax).contains(lines.count)
                ? " (\(lines.joined(separator: ", ")))" : ""
            let remedy = facts.remedy(of: failure, isAlone: group.count == 1)
            steps.append(Step("\(names)\(places): \(remedy)"))
        }
        let unchanged = summary.changes.filter { $0.state == .failed }
        steps += Self.steps(unchanged, facts)
        let failures = broken.map(\.failure) + unchanged.map(\.failure)
        if steps.count > stepsMax {
            steps =
                Array(steps.prefix(stepsMax - 1))
                + [Step("and \(steps.count - stepsMax + 1) more", command: facts.statusCommand)]
        } else if !failures.isEmpty {
            steps.append(Step("every try and message", command: facts.statusCommand))
        }
        if silent.isEmpty, !facts.isUnderWay {
            let isLeft = entries.contains { $0.outcome == .unfinished }
            // The same run would fail again.
            let mayPass = failures.isEmpty || failures.contains { $0?.isTransient == true }
            let again = steps.isEmpty ? "run again" : "then run again"
            let words = isLeft ? "go on" : mayPass ? again : change(after: failures, facts)
            if let words { steps.append(Step(words, command: facts.command)) }
        }
        return steps
    }

    /// Returns the steps for earlier versions that a service did not change.
    private static func steps(_ failed: [Change], _ facts: EndFacts) -> [Step] {
        grouped(failed) {
            "\($0.action) \($0.targetKey) \($0.failure?.kind(without: $0.image.id) ?? "")"
        }.compactMap { _, group in
            guard let change = group.first, let failure = change.failure else { return nil }
            let names = list(group.map(\.label), count: group.count, toColumns: 60)
            let remedy = facts.remedy(of: failure, isAlone: group.count == 1)
            return Step(
                "\(names) at \(change.targetKey): not \(change.action.pastWord): \(remedy)")
        }
    }

    /// Returns the words for a run after a necessary change; nil if the command must not be
    /// repeated, because another command does the rest.
    private static func change(after failures: [Transfer.Failure?], _ facts: EndFacts) -> String? {
        let same = "run again once that is changed"
        guard facts.ownCommand != nil else { return same }
        let next = failures.map { ($0?.hint ?? $0?.step).map(CopyOrder.next(after:)) ?? .same }
        if next.allSatisfy({ $0 == .other }) { return nil }
        // A wrong promise may also come from the publisher.
        let lacksOption = zip(failures, next).contains { failure, next in
            next == .sameWithOption
                && [.refused, .formatRejected, .targetConflict].contains(failure?.code)
        }
        return lacksOption ? "run again with that option" : same
    }
}

extension Transfer.Failure {
    /// Returns the message without the image's name, so that similar messages are equal.
    fileprivate func message(without name: String) -> String {
        (name.count > 1 ? message.replacing(name, with: "…") : message).withoutIDs
    }

    /// Returns a text that is equal for all images that need the same change.
    ///
    /// - Parameter name: the image's name, ` -> ` and its target.
    fileprivate func kind(without name: String) -> String {
        "\(code.rawValue) " + (hint ?? message(without: name.prefix(upTo: " -> ")))
    }
}

extension String {
    /// Returns the text before a separator; all of it if there is none.
    fileprivate func prefix(upTo separator: String) -> String {
        firstRange(of: separator).map { String(self[..<$0.lowerBound]) } ?? self
    }
}
