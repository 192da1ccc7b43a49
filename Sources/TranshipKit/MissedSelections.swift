// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationModel

/// A collector of names that no image has, and of images that no entry selects.
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
