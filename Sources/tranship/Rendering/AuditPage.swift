// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import MigrationModel
import TranshipKit

/// Writes a report as one HTML page that needs no network: totals, the throughput over time, and a
/// timeline of each transfer by stage, failures first.
struct AuditPage {
    let audit: RunAudit

    init(_ audit: RunAudit) { self.audit = audit }

    /// - Throws: ``TranshipError/Code/usage`` if the file cannot be written.
    func write(to path: String) async throws(TranshipError) {
        let page = try await text()
        try expectPage(at: path)
        do {
            try Data(page.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
        } catch {
            throw TranshipError(
                .usage, "cannot write \(path): \(error.systemWords)",
                hint: "check its folder, or name another file with --html")
        }
        Terminal.tell("wrote \(path)")
    }

    /// Refuses to replace a file that is not an earlier page.
    private func expectPage(at path: String) throws(TranshipError) {
        let words: String
        do throws(WholeFile.Problem) {
            guard let head = try WholeFile.head(path, bytes: 1024) else { return }
            let start = String(decoding: head, as: UTF8.self)
            guard !start.isEmpty, !start.contains(Self.mark) else { return }
            words = "is there already, and is not a page of `report`"
        } catch {
            words = error.words
        }
        throw TranshipError(
            .usage, "\(path) \(words)", hint: "name another file, or remove it")
    }

    func text() async throws(TranshipError) -> String {
        var transfers: [JSONValue] = []
        try await audit.eachEntry { (entry) throws(TranshipError) in
            var fields = AuditFields(entry: entry, audit: audit).json
            fields["image"] = .string(entry.transfer.source.displayName)
            fields["rest"] = .string(entry.transfer.state.rest)
            fields["began"] = entry.history.startedAt.map { .integer($0) }
            fields["until"] = .integer(entry.history.updatedAt)
            transfers.append(.object(fields.compactMapValues(\.self)))
        }
        let data = JSONValue.object([
            "run": .object(audit.json.compactMapValues(\.self)), "transfers": .array(transfers),
        ]).withControlsShown
        let stages = TransferState.allCases.filter { !$0.isFinal && $0 != .planned }
            .map { JSONValue.string($0.rawValue) }
        return Self.template.replacing("%TITLE%", with: Self.escaped(title))
            .replacing("%STAGES%", with: JSONValue.array(stages).text())
            .replacing("%DATA%", with: Self.inScript(data.text()))
    }

    private var title: String { "\(audit.run.pipelineName), run \(audit.run.id)" }

    private static func escaped(_ text: String) -> String {
        text.withControlsShown.replacing("&", with: "&amp;").replacing("<", with: "&lt;")
    }

    /// Returns JSON that cannot end the element around it.
    private static func inScript(_ json: String) -> String { json.replacing("<", with: "\\u003c") }
}

extension JSONValue {
    /// The value with the characters in its texts that a browser interprets or hides shown as
    /// `\u{202E}`. Line ends stay.
    fileprivate var withControlsShown: JSONValue {
        switch self {
        case .string(let text):
            .string(
                text.split(separator: "\n", omittingEmptySubsequences: false)
                    .map { String($0).withControlsShown }.joined(separator: "\n"))
        case .array(let values): .array(values.map(\.withControlsShown))
        case .object(let fields): .object(fields.mapValues(\.withControlsShown))
        default: self
        }
    }
}
