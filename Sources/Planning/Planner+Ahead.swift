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
    /// How many are asked at once that may yet answer.
    private static let aheadMax = 16
    /// Mirrors do not like many connections.
    private static let aheadMaxOfEndpoint = 4
    /// Seconds after which one does not count as such any more, so that those that do not answer keep
    /// few others waiting.
    private static let slowSeconds: Int64 = 3
    /// With those.
    private static let aheadMaxInAll = 64
    private static let aheadMaxOfEndpointInAll = 16

    /// What is asked now.
    private struct Asked {
        /// When each was, by its index.
        private var times: [Int: (endpoint: String, at: ContinuousClock.Instant)] = [:]

        mutating func begin(_ index: Int, at endpoint: String) {
            times[index] = (endpoint, .now)
        }

        mutating func end(_ index: Int) { times[index] = nil }

        var slowest: Int? { times.keys.min() }

        func mayAsk(_ endpoint: String) -> Bool {
            let slowSince = ContinuousClock.now - .seconds(Planner.slowSeconds)
            let own = times.values.filter { $0.endpoint == endpoint }
            return own.count < Planner.aheadMaxOfEndpointInAll
                && own.count { $0.at > slowSince } < Planner.aheadMaxOfEndpoint
                && times.count < Planner.aheadMaxInAll
                && times.values.count { $0.at > slowSince } < Planner.aheadMax
        }

        /// When the next one becomes slow, which may let others be asked; nil if all are.
        var nextSlow: ContinuousClock.Instant? {
            let now = ContinuousClock.now
            return times.values.map { $0.at + .seconds(Planner.slowSeconds) }.filter { $0 > now }
                .min()
        }
    }

    /// Lists the sources with short listings, by their index.
    func listAhead(_ listing: Listing) async -> [Int: ListedAhead] {
        var waiting = sources.indices.filter { sources[$0].hasShortListing }
        guard waiting.count > 1 else { return [:] }
        // Nil: another one may have become slow.
        return await withTaskGroup(of: ListedAhead?.self) { group in
            var found: [Int: ListedAhead] = [:]
            var asked = Asked()
            var isTimed = false
            while true {
                while let place = waiting.firstIndex(where: { asked.mayAsk(sources[$0].endpoint) })
                {
                    let index = waiting.remove(at: place)
                    asked.begin(index, at: sources[index].endpoint)
                    group.addTask { await listedAhead(index, listing) }
                }
                if !waiting.isEmpty, !isTimed, let time = asked.nextSlow {
                    isTimed = true
                    group.addTask {
                        try? await Task.sleep(until: time, clock: .continuous)
                        return nil
                    }
                }
                if let slowest = asked.slowest {
                    tell(
                        .asking(
                            what: "source \(sources[slowest].endpoint)", number: slowest + 1,
                            of: sources.count))
                }
                guard asked.slowest != nil, let next = await group.next() else {
                    group.cancelAll()
                    return found
                }
                guard let listed = next else {
                    isTimed = false
                    continue
                }
                asked.end(listed.index)
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
