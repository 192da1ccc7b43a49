// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationModel
internal import MigrationPipeline

/// The listing of a source that was read before the plan comes to that source.
struct ListedAhead: Sendable {
    /// The place of the source in the pipeline.
    let index: Int
    var pages: [[ListedImage]] = []
    var missed: [MissedSelection] = []
    /// The error that ended the listing after these pages.
    var error: TranshipError?
}

/// Lists sources ahead. A publisher that does not answer costs a minute. The planner asks the
/// publishers of a pipeline in parallel, so that many of them take no longer than a few. Then the
/// plan processes the answers in the order of the pipeline file.
extension Planner {
    /// The number of sources that are asked at once, without those that count as slow.
    private static let aheadMax = 16
    /// The same for one endpoint: mirrors do not like many connections.
    private static let aheadMaxOfEndpoint = 4
    /// Seconds after which a source counts as slow, so that sources that do not answer delay few
    /// others.
    private static let slowSeconds: Int64 = 3
    /// The limits that include slow sources.
    private static let aheadMaxInAll = 64
    private static let aheadMaxOfEndpointInAll = 16

    /// The sources that are being asked now.
    private struct Asked {
        /// The endpoint and start of each request, by the index of the source.
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

        /// The time at which the next source becomes slow, which may let others be asked; nil if
        /// all are slow.
        var nextSlow: ContinuousClock.Instant? {
            let now = ContinuousClock.now
            return times.values.map { $0.at + .seconds(Planner.slowSeconds) }.filter { $0 > now }
                .min()
        }
    }

    /// Lists the sources that have short listings. Returns the listings by the index of the source.
    func listAhead(_ listing: Listing) async -> [Int: ListedAhead] {
        var waiting = sources.indices.filter { sources[$0].hasShortListing }
        guard waiting.count > 1 else { return [:] }
        // The group's result is nil for a timer: another source may have become slow.
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

    /// Passes on the listing of a source: the pages that were listed ahead, or else those that it
    /// returns now.
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
