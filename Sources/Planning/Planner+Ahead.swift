// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationModel
internal import MigrationPipeline

/// What a source has listed before the plan comes to it.
struct ListedAhead: Sendable {
    /// The place of the source in the pipeline.
    let index: Int
    var pages: [[ListedImage]] = []
    var missed: [MissedSelection] = []
    /// What ended the listing after these pages.
    var error: TranshipError?
}

/// A publisher that does not answer takes a minute. Those of a pipeline are asked side by side, so
/// that many of them take no longer than a few, and the plan then goes through the answers in the
/// order of the pipeline file.
extension Planner {
    private static let aheadMax = 16
    /// Mirrors do not like many connections.
    private static let aheadMaxOfEndpoint = 4

    /// Lists the sources with short listings, by their index.
    func listAhead(_ listing: Listing) async -> [Int: ListedAhead] {
        var waiting = sources.indices.filter { sources[$0].hasShortListing }
        guard waiting.count > 1 else { return [:] }
        return await withTaskGroup(of: ListedAhead.self) { group in
            var found: [Int: ListedAhead] = [:]
            var asked: [String: Int] = [:]
            var unanswered: Set<Int> = []
            func mayAsk(_ index: Int) -> Bool {
                asked[sources[index].endpoint, default: 0] < Self.aheadMaxOfEndpoint
            }
            while true {
                while asked.values.reduce(0, +) < Self.aheadMax,
                    let place = waiting.firstIndex(where: mayAsk)
                {
                    let index = waiting.remove(at: place)
                    asked[sources[index].endpoint, default: 0] += 1
                    unanswered.insert(index)
                    group.addTask { await listedAhead(index, listing) }
                }
                if let slowest = unanswered.min() {
                    tell(
                        .asking(
                            what: "source \(sources[slowest].endpoint)", number: slowest + 1,
                            of: sources.count))
                }
                guard let listed = await group.next() else { return found }
                asked[sources[listed.index].endpoint, default: 1] -= 1
                unanswered.remove(listed.index)
                found[listed.index] = listed
            }
        }
    }

    private func listedAhead(_ index: Int, _ listing: Listing) async -> ListedAhead {
        var listed = ListedAhead(index: index)
        let missed = Guarded<[MissedSelection]>([])
        var listing = listing
        listing.missed = { selection in missed.withLock { $0.append(selection) } }
        do throws(TranshipError) {
            try await sources[index].list(listing) { listed.pages.append($0) }
        } catch {
            listed.error = error
        }
        listed.missed = missed.withLock(\.self)
        return listed
    }

    /// Hands over the listing of a source: what it has listed ahead, or what it says now.
    func pages(
        of index: Int, _ listing: Listing, _ ahead: [Int: ListedAhead],
        page: ([ListedImage]) async throws(TranshipError) -> Void
    ) async throws(TranshipError) {
        guard let listed = ahead[index] else {
            return try await sources[index].list(listing, page: page)
        }
        for selection in listed.missed { listing.missed(selection) }
        for images in listed.pages { try await page(images) }
        if let error = listed.error { throw error }
    }
}
