// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
import HTTPTransport

/// The pages of a list, each of which is fetched when it is needed.
///
/// The service pages by marker, not by snapshot: the list may lack an image that is created
/// meanwhile. If the image at the end of a page is deleted before the next page is requested, the
/// list goes on after an earlier image. The list contains no image twice, unless 5,000 others come
/// between. You can stop at any page.
///
/// Conditions that the service is too old for are left out or checked here. Sent to the service,
/// they would empty the list; see ``ImageService/minorVersion()``.
public struct ImagePages: AsyncSequence, Sendable {
    public typealias Element = [Image]
    public typealias Failure = TranshipError

    let service: ImageService
    let query: ImageQuery

    /// The images of all pages, one by one.
    public var flattened: FlattenedImages { FlattenedImages(pages: self) }

    /// Returns all images, in memory. For short lists.
    public func all() async throws(TranshipError) -> [Image] {
        var images: [Image] = []
        for try await page in self { images += page }
        return images
    }

    /// Returns an iterator that starts at the first page again.
    public func makeAsyncIterator() -> Iterator {
        Iterator(service: service, query: query)
    }

    /// An iterator that fetches each page when it is needed.
    public struct Iterator: AsyncIteratorProtocol, Sendable {
        let service: ImageService
        let query: ImageQuery
        /// The query as the service understands it; nil before the first page.
        var known: ImageQuery.Known?
        /// The next request; nil before the first page and after the last one.
        var request: ServiceRequest?
        var trail = PageTrail()
        var links: FollowedLinks

        init(service: ImageService, query: ImageQuery) {
            self.service = service
            self.query = query
            links = FollowedLinks(limit: query.pageLimit)
        }

        /// Returns the next page; nil at the end. After an error, the same call may be repeated.
        ///
        /// - Throws: as the request, and ``TranshipError/Code/invalidAnswer`` if the list leads
        ///   back to an earlier page, has more than 100,000 pages or 2,500,000 images, or has more
        ///   than 500 pages in a row with fewer than 10 images (or ``ImageQuery/pageLimit``, if
        ///   that is less).
        public mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(TranshipError) -> [Image]? {
            let known = try await begin()
            while let request {
                let page: RecordPage<Image>
                do {
                    page = try await service.sendForPage(request, key: "images")
                } catch {
                    guard let detour = trail.detour(around: request, after: error) else {
                        throw error
                    }
                    self.request = detour
                    links.begin()
                    continue
                }
                if let next = page.nextQuery {
                    try links.follow(next, of: request.path, after: page.records.count)
                }
                self.request = page.nextQuery.map {
                    ServiceRequest(.get, request.path, rawQuery: $0)
                }
                return page.records.isEmpty
                    ? nil : trail.note(page.records).filter { known.keeps($0) }
            }
            return nil
        }

        /// Adapts the query to the service, before the first page.
        private mutating func begin() async throws(TranshipError) -> ImageQuery.Known {
            if let known { return known }
            let known = try await service.known(query)
            self.known = known
            request = known.query.map { ImageRequests.list($0) }
            return known
        }
    }
}

/// The images of ``ImagePages`` one by one.
public struct FlattenedImages: AsyncSequence, Sendable {
    public typealias Element = Image
    public typealias Failure = TranshipError

    let pages: ImagePages

    /// Returns an iterator that begins at the first page again.
    public func makeAsyncIterator() -> Iterator { Iterator(pages: pages.makeAsyncIterator()) }

    /// An iterator that fetches a page when it needs one.
    public struct Iterator: AsyncIteratorProtocol, Sendable {
        var pages: ImagePages.Iterator
        var page: ArraySlice<Image> = []

        /// Returns the next image; nil at the end. After an error, the same call may be repeated.
        public mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(TranshipError) -> Image? {
            while page.isEmpty {
                guard let more = try await pages.next() else { return nil }
                page = more[...]
            }
            return page.popFirst()
        }
    }
}
