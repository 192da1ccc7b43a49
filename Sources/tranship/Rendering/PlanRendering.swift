// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationModel
import TranshipKit

/// A plan as text or JSON Lines, page by page.
struct PlanRendering {
    let talk: Talk
    /// True before a run: only the totals and the images that need attention are printed.
    let tallyOnly: Bool
    /// True if `-v` lists the images that no entry selects. False for a copy, which names its
    /// images: most images of a cloud are not meant.
    var listsUnselected = false

    /// - Parameter headline: the pipeline, its sources and its targets.
    func render(_ plan: PipelinePlan, headline: String) async throws(TranshipError) {
        guard talk.verbose || talk.format == .json else {
            try await renderOverview(plan, headline)
            // A log has few lines, so both are on one line.
            guard tallyOnly, talk.style.isForLogs, let words = bandwidthWords(plan) else {
                tell(summary(plan))
                return tell(bandwidth: plan)
            }
            return tell("\(summary(plan)); \(words)")
        }
        try await plan.items { page in
            for item in page { talk.format == .json ? putJSON(item, plan) : tell(item, plan) }
        }
        for change in plan.changes {
            if talk.format == .json {
                change.json("plan-change").put()
            } else {
                tell(change.plannedLine)
            }
        }
        if talk.format == .json { return putJSON(plan) }
        if listsUnselected {
            tell(plan.unselected)
        } else {
            tell(plan.unselected.byStatus, of: plan.unselected.countByStatus)
        }
        tell(summary(plan))
        tell(bandwidth: plan)
    }

    /// Prints the bandwidth limit that applies now, and when it changes.
    func tell(bandwidth plan: PipelinePlan) {
        if let words = bandwidthWords(plan) { tell(words) }
    }

    private func bandwidthWords(_ plan: PipelinePlan) -> String? {
        guard !plan.bandwidth.isUnlimited else { return nil }
        let minute = LocalTime.minuteOfDay(Timestamp.now())
        return "bandwidth: \(plan.bandwidth.words(atMinute: minute))"
    }

    private func tell(_ unselected: UnselectedImages) {
        tell(unselected.images, of: unselected.count)
    }

    private func tell(_ images: [UnselectedImages.Image], of count: Int) {
        for image in images {
            tell("leave    \(image.name) of \(image.cloud): not selected: \(image.words)")
        }
        let left = count - images.count
        if left > 0 { tell("… and \(left) more that are not selected") }
    }

    /// Prints the plan on one screen. Before a run, prints only the lines that need attention.
    private func renderOverview(
        _ plan: PipelinePlan, _ headline: String
    ) async throws(TranshipError) {
        var overview = PlanOverview(namesTargets: plan.targetCount > 1)
        overview.unselected = plan.unselected
        overview.projects = plan.projects
        let shown: [PlanAction] = tallyOnly ? [.conflict, .refuse] : PlanAction.allCases
        try await plan.items(shown) { page in
            for item in page { overview.add(item, projects: plan.projectWords(of: item)) }
        }
        // Lines in a file or a pipe are not wrapped.
        let isTerminal = tallyOnly ? Terminal.talkIsTerminal : Terminal.outputIsTerminal
        let columns = isTerminal ? Terminal.columns : 10_000
        let changes = plan.changes.filter { $0.state == .planned }.map(\.plannedLine)
        let lines =
            tallyOnly
            ? overview.problemLines(columns: columns) + overview.statusLines(columns: columns)
                + changes
            : overview.lines(headline: headline, changes: changes, columns: columns)
        for line in lines { tell(line) }
    }

    /// Prints a line: a plan goes to standard output, a message before a run to standard error.
    private func tell(_ text: String) {
        tallyOnly ? Terminal.tell(text) : Terminal.putSentence(text)
    }

    private func tell(_ item: PlanItem, _ plan: PipelinePlan) {
        let action = item.action?.rawValue ?? "?"
        let size = item.source.sizeAtSourceBytes.map { ByteCount.format($0) } ?? "size unknown"
        let renamed = item.record.name.flatMap { name in
            name == item.source.name ? nil : " as \(name.cut(to: 255))"
        }
        let version = item.source.version.map { "version \($0), " } ?? ""
        let projects = plan.projectWords(of: item).map { "project \($0), " } ?? ""
        let published = item.source.published.map { ", \($0.words)" } ?? ""
        var reason = item.reason?.words ?? ""
        if item.action != .skip {
            reason = CommandWords.message(plan.projects.naming(projectsIn: reason))
        }
        tell(
            "\(action.padded(to: 9))\(item.source.displayName)\(renamed ?? "") -> \(item.targetKey)"
                + " (\(projects)\(version)\(size)\(published), \(item.record.diskFormat ?? "no format")): \(reason)"
        )
        if let hint = item.objection?.hint {
            tell("         hint: \(CommandWords.hint(hint))")
        }
        guard talk.verbose else { return }
        defer {
            for note in item.notes {
                let words = note.words(at: item.targetKey, name: item.record.name)
                tell("         \(plan.projects.naming(projectsIn: words))")
            }
        }
        guard [.create, .update].contains(item.action) else { return }
        let proof =
            (item.promise.map { "\($0.algorithm.rawValue) promised by the source" })
            ?? (item.source.published?.checksum).map {
                "\($0.algorithm.rawValue) promised of the published data; what is sent is compared "
                    + "with what the target reports"
            }
            ?? "nothing promised; only what is sent is compared with what the target reports"
        let signer = item.source.signedBy.map { ", signed by \($0)" } ?? ""
        tell("         proof: \(proof)\(signer); \(item.record.visibility)")
        tell("         by \(item.method.rawValue): \(item.methodReason?.words ?? "")")
        if let start = item.start, let reason = start.intent.wayReason {
            tell("         \(start.intent.spools ? "spooled" : "streamed"): \(reason.words)")
        }
    }

    private func summary(_ plan: PipelinePlan) -> String {
        let tallies = plan.tallies
        let lacks = plan.absences.map(\.label).joined(separator: ", ")
        let without = lacks.isEmpty ? "" : "; nothing of \(lacks)"
        guard !tallies.isEmpty else {
            return "plan: no image is selected; nothing to do\(without)"
        }
        let words = PlanAction.allCases.compactMap { action -> String? in
            guard let tally = tallies.first(where: { $0.kind == action }) else { return nil }
            // The size of data that will be unpacked or converted is not known yet.
            let size = tally.sizeBytes > 0 ? " (\(ByteCount.format(tally.sizeBytes)))" : ""
            return "\(tally.images) \(action.countedWord)\(size)"
        }
        return "plan: " + words.joined(separator: ", ") + without
    }

    private func putJSON(_ item: PlanItem, _ plan: PipelinePlan) {
        let projects = plan.projects(of: item)
        JSONLine(
            "plan-item",
            [
                "action": item.action.map { .string($0.rawValue) },
                "name": .string(item.source.displayName),
                "target_name": item.record.name.map { .string($0) },
                "source": .string(item.source.key), "target": .string(item.targetKey),
                "project": projects.target.map { .string($0.id) },
                "project_name": projects.target?.name.map { .string($0) },
                "source_project": projects.source.map { .string($0.id) },
                "source_project_name": projects.source?.name.map { .string($0) },
                "size": item.source.sizeBytes.map { .integer($0) },
                "method": .string(item.method.rawValue),
                "reason": .string(item.reason?.words ?? ""),
                "reason_code": item.reason.map { .string($0.code) },
                "method_reason": .string(item.methodReason?.words ?? ""),
                "method_reason_code": item.methodReason.map { .string($0.code) },
                "estimates": item.methodReason?.estimatesJSON,
                "transfer": item.start?.way.map { .string($0) },
                "transfer_reason": item.start?.intent.wayReason.map { .string($0.words) },
                "transfer_reason_code": item.start?.intent.wayReason.map { .string($0.code) },
                "fallbacks": .array(item.fallbacks.map { .string($0.rawValue) }),
                "verify": .string(item.record.verification.rawValue),
                "promise": item.promise.map { .string("\($0)") },
                "published": item.source.published?.json(nil),
                "version": item.source.version.map { .string($0) },
                "signed_by": item.source.signedBy.map { .string($0) },
                "visibility": .string(item.record.visibility.rawValue),
                "notes": .array(item.notes.map { .string($0.words) }),
                "note_codes": .array(item.notes.map { .string($0.code) }),
                "code": item.refusal.map { .string($0.code.rawValue) },
                "hint": item.objection?.hint.map { .string(CommandWords.hint($0)) },
            ]
        ).put()
    }

    private func putJSON(_ plan: PipelinePlan) {
        var members: [String: JSONValue?] = [:]
        members["not_selected"] = .object(plan.unselected.counts.mapValues { .integer(Int64($0)) })
        members["absent_sources"] = plan.absences.names(.source)
        members["absent_targets"] = plan.absences.names(.target)
        if !plan.projects.names.isEmpty {
            members["projects"] = .object(plan.projects.names.mapValues { .string($0) })
        }
        members["bandwidth"] = plan.bandwidth.json(atMinute: LocalTime.minuteOfDay(Timestamp.now()))
        for action in PlanAction.allCases {
            let tally = plan.tallies.first { $0.kind == action }
            members[action.rawValue] =
                (tally ?? Tally(action, images: 0, sizeBytes: 0)).jsonValue
        }
        JSONLine("plan-summary", members).put()
    }
}

extension PlanReason {
    /// The estimates; nil if none decided.
    var estimatesJSON: JSONValue? {
        guard !estimates.isEmpty else { return nil }
        return .array(
            estimates.map { estimate in
                var members: [String: JSONValue] = [
                    "method": .string(estimate.method.rawValue),
                    "milliseconds_per_gib": .integer(estimate.millisecondsPerGiB),
                    "basis": .string(estimate.basis.code),
                ]
                members["run"] = estimate.basis.lastRun.map { .integer($0) }
                return .object(members)
            })
    }
}

extension BandwidthSchedule {
    /// Returns the limits as JSON; nil if there are none at any time of day.
    func json(atMinute minute: Int) -> JSONValue? {
        guard !isUnlimited else { return nil }
        func rate(_ bytes: Int64?) -> JSONValue { bytes.map { .integer($0) } ?? .null }
        var members = ["bytes_per_second": rate(bytesPerSecond(atMinute: minute))]
        if let change = change(afterMinute: minute) {
            members["until"] = .string(LocalTime.text(minuteOfDay: change.minute))
            members["then_bytes_per_second"] = rate(change.bytesPerSecond)
        }
        return .object(members)
    }
}

extension String {
    /// Returns the text with spaces up to a width. Longer text stays unchanged.
    func padded(to width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - count))
    }
}
