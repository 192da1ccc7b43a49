// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationModel
import TestSupport
import Testing

/// Tests every state in the journal with every state of the image at the target: the next run has
/// to do what docs/journal.md says.
@Suite(.timeLimit(.minutes(15))) struct ReconciliationTests {
    @Test(arguments: Ours.allCases, Found.allCases)
    func `A run makes of each state what the rule says`(ours: Ours, found: Found) async throws {
        let ending = try await Encounter(method: ours.method).play(ours, found)
        #expect(ending.rule(ours, found) == Rule.of(ours, found))
        if ending.action != .conflict, ending.transfer.state == .done {
            #expect(ending.isRight, "what counts as done has the right bytes")
        }
    }

    @Test(arguments: ArchiveRule.ours, Archived.allCases)
    func `A run makes of each state in an archive what the rule says, and leaves one image`(
        ours: Ours, found: Archived
    ) async throws {
        let ending = try await ArchiveEncounter().play(ours, found)
        #expect(ending.rule(ours) == ArchiveRule.of(ours, found))
        #expect(ending.ids.isSubset(of: [ending.firstID]), "an archive gives an id again")
        if ending.action != .conflict, ending.transfer.state == .done {
            #expect(ending.isRight, "what counts as done has the right bytes")
        }
    }

    /// The id of a deleted image is lost permanently.
    @Test(arguments: Ours.allCases, Found.allCases)
    func `No record under a kept id is ever discarded`(ours: Ours, found: Found) async throws {
        let required = try await Encounter(method: ours.method, keepID: "true").play(ours, found)
        #expect(!required.wasDiscarded)
        #expect(required.transfer.imageID == nil || required.transfer.imageID == required.firstID)
        let preferred = try await Encounter(method: ours.method, keepID: "prefer")
            .play(ours, found)
        #expect(!preferred.wasDiscarded)
        if preferred.action == .create, preferred.transfer.state == .done {
            #expect(preferred.isRight)
        }
    }
}

extension Encounter.Ending {
    /// Returns the observed result in the words of the table.
    func rule(_ ours: Ours, _ found: Found) -> String {
        switch action {
        case .skip: return "nothing to do"
        case .conflict: return "`conflict` in the plan"
        default: break
        }
        var parts: [String] = []
        switch waitedSeconds {
        case ..<10: break
        case ..<100: parts.append(ours == .importing ? "a minute" : "75 looks")
        case ..<1000: parts.append("10 minutes")
        default: parts.append("an hour")
        }
        if wasDiscarded { parts.append("discarded") }
        if transfer.placement.isAdopted { parts.append("adopted") }
        if wasSent {
            parts.append(
                transfer.imageID != firstID
                    ? "next id" : found.status == nil ? "made and sent" : "sent into it")
        } else if transfer.state == .done {
            parts.append(
                [.publishing, .unpublished].contains(ours) ? "published" : "compared, published")
        }
        switch transfer.state {
        case .done: break
        case .failed: parts.append("`\(transfer.failure?.code.rawValue ?? "?")`")
        default: parts.append("`\(transfer.state.rawValue)`")
        }
        return parts.joined(separator: "; ")
    }
}

extension ArchiveEncounter.Ending {
    /// Returns the observed result in the words of the table.
    func rule(_ ours: Ours) -> String {
        switch action {
        case .skip: return "nothing to do"
        case .conflict: return "`conflict` in the plan"
        default: break
        }
        var parts: [String] = []
        if transfer.placement.isAdopted { parts.append("adopted") }
        if readings > 0 { parts.append("sent") }
        if transfer.state == .done, readings == 0 {
            parts.append(
                [.publishing, .done, .unpublished].contains(ours)
                    ? "published" : "compared, published")
        }
        if ids.isEmpty { parts.append("removed") }
        switch transfer.state {
        case .done: break
        case .failed: parts.append("`\(transfer.failure?.code.rawValue ?? "?")`")
        default: parts.append("`\(transfer.state.rawValue)`")
        }
        return parts.joined(separator: "; ")
    }
}
