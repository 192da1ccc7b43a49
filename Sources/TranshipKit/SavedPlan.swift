// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import Foundation
public import MigrationModel

/// A plan as a file, so that a run does exactly what an operator has reviewed.
///
/// JSON; one entry for each image and target, with what would be done. Made by
/// ``PipelinePlan/saved()``.
public struct SavedPlan: Codable, Hashable, Sendable {
    public struct Entry: Codable, Hashable, Sendable {
        public var source: String
        public var target: String
        /// Of these very data: changes when the source changes.
        public var version: String
        public var action: PlanAction
    }

    public var version: Int
    public var pipeline: String
    public var entries: [Entry]

    public func write(to path: String) throws(TranshipError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        do {
            try encoder.encode(self).write(to: URL(fileURLWithPath: path), options: .atomic)
        } catch {
            throw TranshipError(
                .usage, "cannot write the plan to \(path): \(error.localizedDescription)")
        }
    }

    /// - Throws: ``TranshipError/Code/usage`` if the file is not a saved plan.
    public static func read(from path: String) throws(TranshipError) -> SavedPlan {
        do {
            let data = try Data(contentsOf: URL(fileURLWithPath: path))
            return try JSONDecoder().decode(SavedPlan.self, from: data)
        } catch {
            throw TranshipError(
                .usage, "\(path) is not a saved plan: \(error.localizedDescription)",
                hint: "make one with `tranship plan PIPELINE --save \(path)`")
        }
    }

    /// - Throws: ``TranshipError/Code/planDrifted`` with the first differences.
    public func check(against now: SavedPlan) throws(TranshipError) {
        guard pipeline == now.pipeline else {
            throw TranshipError(
                .usage, "the saved plan is of pipeline \(pipeline), not of \(now.pipeline)")
        }
        let before = Set(entries)
        let after = Set(now.entries)
        guard before != after else { return }
        let words = { (sign: String, entries: Set<Entry>) in
            entries.sorted { $0.source < $1.source }.prefix(5).map {
                "\(sign) \($0.action.rawValue) \($0.source) -> \($0.target)"
            }
        }
        let lines = words("-", before.subtracting(after)) + words("+", after.subtracting(before))
        throw TranshipError(
            .planDrifted,
            "the world is not as it was planned:\n  " + lines.joined(separator: "\n  "),
            hint: "look at the new plan, save it, and run that")
    }
}
