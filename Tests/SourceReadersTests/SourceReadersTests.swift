// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import GlanceServer
import HTTPTransport
import MigrationModel
import SourceReaders
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct SourceReadersTests {
    @Test func `Each image is read by the reader of its kind`() async throws {
        let glance = try GlanceServer()
        glance.put("a", data: [1])
        let server = try RawHTTPServer { _ in .status(200, body: [2]) }
        let folder = try TemporaryFolder()
        let path = try folder.write([3], to: "a.img")
        let readers = SourceReaders(
            cloud: CloudReader(services: [0: glance.service]),
            url: URLReader(addresses: [0: .init(url: Secret(server.url), client: HTTPClient())]))
        var image = Sample.source("a", sizeBytes: 1)
        #expect(await read(image, by: readers).bytes == [1])
        image.location = .url(server.url)
        #expect(await read(image, by: readers).bytes == [2])
        image.location = .file(path)
        image.updatedAt = try FileFacts(path: path).changedAt
        #expect(await read(image, by: readers).bytes == [3])
    }
}
