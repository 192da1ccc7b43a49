// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
import HTTPTransport

/// The pages of a list, each fetched when it is asked for.
///
/// A list that changes while it is read may show an image twice or not at
/// all: the service pages by marker, not by snapshot. Breaking off costs
/// nothing.
public struct ImagePages: AsyncSequence, Sendable {
    public typealias Element = [Image]
    public typealias Failure = TranshipError

    let service: ImageService
    let query: ImageQuery

    /// The images one by one, over all pages.
    public var flattened: FlattenedImages { FlattenedImages(pages: self) }

    /// All of them in memory: for lists that are known to be short.
    public func all() async throws(TranshipError) -> [Image] {
        var images: [Image] = []
        for try await page in self { images += page }
        return images
    }

    /// Begins at the first page again.
    public func makeAsyncIterator() -> Iterator {
        Iterator(service: service, request: ImageRequests.list(query))
    }

    /// Fetches as it goes.
    public struct Iterator: AsyncIteratorProtocol, Sendable {
        let service: ImageService
        /// Nil after the last page.
        var request: ServiceRequest?
        /// The last link followed: one that leads to itself would never end.
        var followed: String?

        /// Nil at the end. After an error the same call may be tried again.
        public mutating func next() async throws(TranshipError) -> [Image]? {
            guard let request else { return nil }
            let page = try ImagePage(
                json: try await service.sendForJSON(request), asked: request.asked)
            // An empty page ends it whatever its link says.
            guard let next = page.nextQuery, !page.images.isEmpty else {
                self.request = nil
                return page.images.isEmpty ? nil : page.images
            }
            guard next != followed else {
                throw TranshipError(
                    .invalidAnswer, "the list of images links its next page to the same page again")
            }
            followed = next
            self.request = ServiceRequest(.get, request.path, rawQuery: next)
            return page.images
        }

        /// As ``next()``.
        public mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(TranshipError) -> [Image]? {
            try await next()
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

        /// Nil at the end. After an error the same call may be tried again.
        public mutating func next() async throws(TranshipError) -> Image? {
            while page.isEmpty {
                guard let more = try await pages.next() else { return nil }
                page = more[...]
            }
            return page.popFirst()
        }

        /// As ``next()``.
        public mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(TranshipError) -> Image? {
            try await next()
        }
    }
}
