// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationModel
internal import MigrationPipeline

/// Facts about the sources of series from the listings of a plan.
final class SeriesSources: Sendable {
    private struct Found {
        /// Lineages that several sources may have.
        var several: Set<String> = []
        /// Entries of the pipeline that have an image.
        var listed: Set<Int> = []
        var hasGap = false
        var isAbsent = false
    }

    private let found = Guarded(Found())

    func note(_ listed: ListedImage) {
        let isSeveral = listed.series?.allowsSeveral == true
        let lineageID = isSeveral ? ImageIdentity.lineageID(listed.image.lineage) : nil
        found.withLock { found in
            found.listed.insert(listed.image.sourceIndex)
            if let lineageID { found.several.insert(lineageID) }
            // The name of its series may contain words that only its data shows.
            if isSeveral, listed.refusal != nil { found.hasGap = true }
        }
    }

    /// Notes a name in the pipeline that matches no image. Its series is not known.
    func noteGap() { found.withLock { $0.hasGap = true } }

    /// Notes a source that cannot be listed: it may have any version of any series.
    func noteAbsence() {
        found.withLock { found in
            found.hasGap = true
            found.isAbsent = true
        }
    }

    /// True if a source cannot be listed.
    var isAbsent: Bool { found.withLock { $0.isAbsent } }

    /// True if several sources may have versions of the series, each at its own place.
    func areSeveral(_ lineageID: String) -> Bool {
        found.withLock { $0.several.contains(lineageID) }
    }

    /// Returns the plan's knowledge of the sources of a series.
    ///
    /// - Parameters:
    ///   - items: all items of the series at one target.
    ///   - sourceCount: the number of entries in the pipeline.
    func knowledge(
        of lineageID: String, _ items: [PlanItem], sourceCount: Int
    ) -> Retirement.Sources {
        found.withLock { found in
            Retirement.Sources(
                areSeveral: found.several.contains(lineageID),
                areWhole: !found.hasGap && found.listed.count >= sourceCount
                    && items.allSatisfy { $0.source.imageID != nil || $0.isVersion })
        }
    }
}

extension PlanItem {
    /// True for an image of a URL or a file that is at its target, or that this run copies there.
    /// Images of clouds do not form a series: each has an id of its own.
    var isVersion: Bool {
        guard source.imageID == nil, let action, [.create, .update, .skip].contains(action)
        else { return false }
        // `on_conflict: skip` leaves another owner's image in the version's place.
        if case .nameTaken = reason, action == .skip { return false }
        return true
    }
}
