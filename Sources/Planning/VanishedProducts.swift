// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationModel
internal import MigrationPipeline

/// The products that indexes have now, to find those that disappeared.
final class VanishedProducts: Sendable {
    private struct Found {
        var keys: Set<Upstream.Key> = []
        var isWhole = true
    }

    private let found = Guarded<[String: Found]>([:])

    /// Notes a listed product. The series of a refused product may not be known.
    func note(_ listed: ListedImage) {
        guard let selector = listed.upstream?.selector else { return }
        let lineageID = ImageIdentity.lineageID(listed.image.lineage)
        let place = listed.series?.allowsSeveral == true ? listed.image.place : nil
        found.withLock { found in
            found[selector, default: Found()].keys.insert(Upstream.Key(lineageID, at: place))
            if listed.refusal != nil { found[selector]?.isWhole = false }
        }
    }

    /// The indexes whose products are all known.
    var selectors: [String] {
        found.withLock { found in found.filter(\.value.isWhole).keys.sorted() }
    }

    func isMissing(_ upstream: Upstream) -> Bool {
        guard let selector = upstream.selector else { return false }
        return found.withLock { $0[selector]?.keys.contains(upstream.key) == false }
    }
}
