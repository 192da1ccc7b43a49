// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationJournal
internal import MigrationModel

/// Facts about the targets that the last run learned from failures in the journal: how many
/// properties and tags they accept, and which formats their imports convert. No service reports
/// either.
///
/// A plan warns and still tries, because an operator may have changed the target since then.
final class PastLessons: Sendable {
    private struct Format: Hashable {
        var targetKey: String
        var diskFormat: String?
    }

    private struct State {
        var runID: Int64 = 0
        var properties: [String: Int] = [:]
        var tags: [String: Int] = [:]
        var converted: [Format: Int] = [:]
    }

    private let state = Guarded(State())

    private static let pageImages = 200
    /// The number of complete transfers to search for conversions that the pipeline accepted.
    private static let doneMax = 1000

    /// Reads the transfers of the last run.
    func learn(from journal: Journal) async throws(TranshipError) {
        guard let run = try await journal.lastPlannedRun() else { return }
        state.withLock { $0.runID = run.id }
        let parts: [(states: [TransferState], max: Int)] = [
            ([.failed], .max), ([.done], Self.doneMax),
        ]
        for (states, max) in parts {
            var seen = 0
            while seen < max {
                let page = try await journal.transfers(
                    run: run, in: states, limit: Self.pageImages, offset: seen)
                if page.isEmpty { break }
                seen += page.count
                for transfer in page { learn(from: transfer) }
            }
        }
    }

    private func learn(from transfer: Transfer) {
        let key = transfer.targetKey
        let isConverted = transfer.remarks.contains {
            switch $0 {
            case .transformed, .converted: true
            default: false
            }
        }
        state.withLock { state in
            if isConverted || transfer.failure?.code == .transformed {
                let format = Format(targetKey: key, diskFormat: transfer.record.diskFormat)
                state.converted[format, default: 0] += 1
            }
            guard let words = transfer.failure?.limitWords?.lowercased(),
                let max = LimitWords.maximum(in: words)
            else { return }
            if words.contains("propert") {
                state.properties[key] = min(state.properties[key] ?? max, max)
            } else if words.contains("tag") {
                state.tags[key] = min(state.tags[key] ?? max, max)
            }
        }
    }

    /// Returns the reasons to expect trouble with a new copy.
    func notes(_ item: PlanItem) -> [Note] {
        let record = item.record
        let key = item.targetKey
        return state.withLock { state in
            var notes: [Note] = []
            if let max = state.properties[key], record.propertyCount > max {
                notes.append(
                    .tooManyProperties(
                        count: record.propertyCount, max: max, runID: state.runID))
            }
            if let max = state.tags[key], record.tags.count > max {
                notes.append(
                    .tooManyTags(count: record.tags.count, max: max, runID: state.runID))
            }
            let format = Format(targetKey: key, diskFormat: record.diskFormat)
            let method = item.start?.method ?? item.intent.method
            if method.isImport, let images = state.converted[format] {
                notes.append(
                    .importsConvert(
                        images: images, diskFormat: record.diskFormat ?? "none",
                        isAccepted: record.acceptsTransformed, runID: state.runID))
            }
            return notes
        }
    }
}
