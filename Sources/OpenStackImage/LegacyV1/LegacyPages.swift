// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// One page of a v1 list, with references to its neighbours.
public struct LegacyPage<Item: ServiceRecord>: Sendable {
    /// The entries in the order of the list, even on a page that was reached backward.
    public let items: [Item]
    /// The next page; nil after an empty page.
    public let next: LegacyPageReference?
    /// The previous page; nil on the first page.
    public let previous: LegacyPageReference?
}

/// The start of a page, for ``LegacyPages/page(_:)`` of the same list.
public struct LegacyPageReference: Sendable, Hashable {
    var query: LegacyImageQuery
    /// The query of a link, if the service wrote one.
    var rawQuery: String?
    /// True for a backward page. The service pages only forward, so a backward page is a forward
    /// page in the opposite order, reversed.
    var isBackward = false
    /// True if there is no page before this one.
    var isFirst = false
}

/// The pages of a v1 list, each of which is fetched when it is needed, like ``ImagePages``.
///
/// The v1 service writes no links: each page starts after the last image of the page before. The
/// list ends with an empty page, since any page may have fewer images than requested.
public struct LegacyPages<Item: ServiceRecord>: AsyncSequence, Sendable {
    public typealias Element = [Item]
    public typealias Failure = TranshipError

    let service: LegacyImageService
    let path: String
    let query: LegacyImageQuery

    /// Returns the first page, from which `next` and `previous` lead on.
    public func first() async throws(TranshipError) -> LegacyPage<Item> {
        try await page(LegacyPageReference(query: query, isFirst: query.marker == nil))
    }

    /// Returns the page at a reference.
    public func page(
        _ reference: LegacyPageReference
    ) async throws(TranshipError) -> LegacyPage<Item> {
        let request = LegacyImageRequests.list(path, reference)
        let json = try await service.service.sendForJSON(request)
        return try LegacyPage(json: json, reference, asked: request.asked)
    }

    /// Returns all images, in memory. For short lists.
    public func all() async throws(TranshipError) -> [Item] {
        var items: [Item] = []
        for try await page in self { items += page }
        return items
    }

    public func makeAsyncIterator() -> Iterator {
        Iterator(pages: self)
    }

    /// An iterator that fetches each page when it is needed.
    public struct Iterator: AsyncIteratorProtocol, Sendable {
        let pages: LegacyPages
        /// The next page; nil after the last page.
        var reference: LegacyPageReference?
        var trail = PageTrail()
        var links: FollowedLinks

        init(pages: LegacyPages) {
            self.pages = pages
            reference = LegacyPageReference(query: pages.query)
            links = FollowedLinks(limit: pages.query.pageLimit)
        }

        /// Returns the next page; nil after the last one.
        ///
        /// - Throws: as the requests of ``LegacyImageService/images(_:)``, and
        ///   ``TranshipError/Code/invalidAnswer`` for a list that does not end, as
        ///   ``ImagePages/Iterator/next(isolation:)``.
        public mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(TranshipError) -> [Item]? {
            while let here = reference {
                let page: LegacyPage<Item>
                do {
                    page = try await pages.page(here)
                } catch {
                    let request = LegacyImageRequests.list(pages.path, here)
                    guard let detour = trail.detour(around: request, after: error) else {
                        throw error
                    }
                    reference = LegacyPageReference(query: here.query, rawQuery: detour.rawQuery)
                    links.begin()
                    continue
                }
                if let next = page.next {
                    try links.follow(
                        next.rawQuery ?? "marker=\(next.query.marker ?? "")", of: pages.path,
                        after: page.items.count)
                }
                reference = page.next
                return page.items.isEmpty ? nil : trail.note(page.items)
            }
            return nil
        }
    }
}

extension LegacyPage {
    /// Reads a page.
    ///
    /// - Throws: ``TranshipError/Code/invalidAnswer``.
    init(
        json: JSONValue, _ reference: LegacyPageReference, asked: String
    ) throws(TranshipError) {
        var items: [Item] = try RecordPage(json: json, key: "images", asked: asked).records
        if reference.isBackward { items.reverse() }
        self.items = items
        func link(_ key: String) -> LegacyPageReference? {
            PageLink.query(json[key]?.string).map {
                LegacyPageReference(query: reference.query, rawQuery: $0)
            }
        }
        func neighbour(after item: Item?, backward: Bool) -> LegacyPageReference? {
            guard let item else { return nil }
            var query = reference.query
            query.marker = item.idText
            return LegacyPageReference(query: query, isBackward: backward)
        }
        next = items.isEmpty ? nil : link("next") ?? neighbour(after: items.last, backward: false)
        previous =
            reference.isFirst
            ? nil : link("previous") ?? neighbour(after: items.first, backward: true)
    }
}
