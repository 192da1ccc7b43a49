// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
import HTTPTransport

/// The pages of a list. Each is fetched when it is needed.
///
/// If the list changes meanwhile, an image may come twice or not at all: the service pages by
/// marker, not by snapshot. You can stop at any page.
public struct ImagePages: AsyncSequence, Sendable {
    public typealias Element = [Image]
    public typealias Failure = TranshipError

    let service: ImageService
    let query: ImageQuery

    /// The images of all pages, one by one.
    public var flattened: FlattenedImages { FlattenedImages(pages: self) }

    /// All images in memory. For short lists.
    public func all() async throws(TranshipError) -> [Image] {
        var images: [Image] = []
        for try await page in self { images += page }
        return images
    }

    /// Starts at the first page again.
    public func makeAsyncIterator() -> Iterator {
        Iterator(service: service, request: ImageRequests.list(query))
    }

    /// Fetches each page when it is needed.
    public struct Iterator: AsyncIteratorProtocol, Sendable {
        let service: ImageService
        /// Nil after the last page.
        var request: ServiceRequest?
        var trail = PageTrail()

        /// Nil at the end. After an error, the same call may be repeated.
        ///
        /// - Throws: as the request, and ``TranshipError/Code/invalidAnswer`` if the list leads back
        ///   to an earlier page or has more than 100,000.
        public mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(TranshipError) -> [Image]? {
            guard let request else { return nil }
            let page: RecordPage<Image> = try await service.sendForPage(request, key: "images")
            guard let next = page.nextQuery else {
                self.request = nil
                return page.records.isEmpty ? nil : page.records
            }
            try trail.follow(next, of: request.path)
            self.request = ServiceRequest(.get, request.path, rawQuery: next)
            return page.records
        }
    }
}

/// The images of ``ImagePages`` one by one.
public struct FlattenedImages: AsyncSequence, Sendable {
    public typealias Element = Image
    public typealias Failure = TranshipError

    let pages: ImagePages

    /// Begins at the first page again.
    public func makeAsyncIterator() -> Iterator { Iterator(pages: pages.makeAsyncIterator()) }

    /// Fetches as it goes.
    public struct Iterator: AsyncIteratorProtocol, Sendable {
        var pages: ImagePages.Iterator
        var page: ArraySlice<Image> = []

        /// Nil at the end. After an error, the same call may be repeated.
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
