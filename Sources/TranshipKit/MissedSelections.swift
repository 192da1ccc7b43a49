// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationModel

extension MissedSelection {
    /// What the journal keeps: the words, and the way out on a line of its own.
    var text: String { words + (wayOut.map { "\n\($0)" } ?? "") }
}

/// What a run did not find, as its journal has it.
public struct MissedWords: Sendable, Hashable {
    public let words: String
    /// What to do about it; nil if the name may be mistaken.
    public let wayOut: String?

    /// - Parameter text: ``MissedSelection/text``.
    init(text: String) {
        let lines = text.split(separator: "\n", maxSplits: 1).map(String.init)
        words = lines.first ?? ""
        wayOut = lines.count > 1 ? lines[1] : nil
    }
}

/// Collects names that no image has, and images that no entry selects.
final class MissedSelections: Sendable {
    private let found = Guarded<[MissedSelection]>([])
    private let left = Guarded(UnselectedImages())

    var all: [MissedSelection] { found.withLock { $0 } }
    var unselected: UnselectedImages { left.withLock { $0 } }

    func add(_ missed: MissedSelection) { found.withLock { $0.append(missed) } }

    func add(_ image: UnselectedImages.Image, key: String) {
        left.withLock { $0.add(image, key: key) }
    }
}
