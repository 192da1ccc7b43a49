// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationJournal
internal import MigrationModel

/// Finds the copies of the kernels and ramdisks that a record refers to.
struct References: Sendable {
    let journal: Journal

    /// Returns the ids at the target of the images that the record refers to, by property.
    ///
    /// - Throws: ``TranshipError/Code/dependencyFailed`` if one of them is not at the target; the
    ///   journal's errors.
    func ids(of transfer: Transfer) async throws(TranshipError) -> [String: String] {
        var ids: [String: String] = [:]
        for (property, key) in transfer.record.references {
            let other = try await journal.transfer(
                sourceKey: key, targetKey: transfer.targetKey(ofReference: key))
            guard let other, let id = other.imageID,
                [.done, .unpublished, .skipped].contains(other.state)
            else {
                throw TranshipError(
                    .dependencyFailed,
                    "its \(property) \(key) could not be copied"
                        + (other?.failure.map { ": \($0.message)" } ?? ""),
                    hint: "fix that image first; the next run tries this one again")
            }
            ids[property] = id
        }
        return ids
    }
}
