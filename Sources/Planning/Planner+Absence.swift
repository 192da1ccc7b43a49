// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationJournal
internal import MigrationModel
internal import MigrationPipeline

/// The items of a plan that each source gave, and the sources that are absent.
struct ListedSources {
    /// The positions of each source's items: after the first number, up to the second one.
    var positions: [(first: Int64, last: Int64)]
    var absent: Set<Int> = []
    let ahead: [Int: ListedAhead]

    init(count: Int, ahead: [Int: ListedAhead]) {
        positions = Array(repeating: (0, 0), count: count)
        self.ahead = ahead
    }
}

/// Leaves out a source that cannot be listed, without harm to the other sources. The plan has none
/// of its images, not even those that it listed before it failed: the rest of the listing might
/// have changed their meaning, for example by a kernel or by a second version in a series.
extension Planner {
    /// Lists a source into the plan.
    ///
    /// - Throws: an error that stops the whole plan.
    func list(
        _ index: Int, _ listing: Listing, _ series: inout SeriesCheck,
        _ decisions: inout Decisions, _ listed: inout ListedSources
    ) async throws(TranshipError) {
        let source = sources[index]
        let before = (series: series, decisions: decisions)
        let first = try await plan.lastPosition()
        var isOurs = false
        do throws(TranshipError) {
            try await pages(of: index, listing, listed.ahead) { (page) throws(TranshipError) in
                do throws(TranshipError) {
                    var images: [ListedImage] = []
                    for var image in page {
                        try series.check(&image)
                        guard crossing.takes(image, of: source) else { continue }
                        decisions.along.list(image)
                        images.append(try await compared(image))
                    }
                    try await add(images, from: source, &decisions)
                } catch {
                    isOurs = true
                    throw error
                }
            }
        } catch {
            guard !isOurs else { throw error }
            (series, decisions) = (before.series, before.decisions)
            listed.positions[index] = (first, try await plan.lastPosition())
            return try await leaveOut(index, error, &listed)
        }
        listed.positions[index] = (first, try await plan.lastPosition())
    }

    /// Takes the items of a source out of the plan.
    ///
    /// - Throws: the given error, if the plan needs the source, or if no other source is left.
    func leaveOut(
        _ index: Int, _ error: TranshipError, _ listed: inout ListedSources
    ) async throws(TranshipError) {
        guard let absent, error.isOfOneSource else { throw error }
        listed.absent.insert(index)
        guard listed.absent.count < sources.count else { throw error }
        seriesSources.noteAbsence()
        let positions = listed.positions[index]
        try await plan.remove(after: positions.first, upTo: positions.last)
        absent(index, error)
    }
}
