// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
public import ByteStreams
public import HTTPTransport

/// Where image data comes from that this program sends.
///
/// Each is read once, a piece at a time: whatever its size, no more than a few
/// MiB of it are in memory.
public struct ImageDataSource: Sendable {
    /// Fills a ring: writes all of its bytes, or throws. Says the size, as soon
    /// as it is known, by calling the second argument once; nil is "not known".
    typealias Feed = @Sendable (ByteRing, @escaping @Sendable (Int64?) -> Void) async throws -> Void

    /// What it is called in messages.
    let name: String
    /// What an image from it is called unless it is given a name: a file's
    /// name without its directory and its last extension.
    public let stem: String?
    /// The same bytes may be had again, as those of a file.
    let isRepeatable: Bool
    /// How many bytes it has, where that is known before they are read.
    public var sizeBytes: Int64?
    let feed: Feed

    init(
        name: String, stem: String?, isRepeatable: Bool, sizeBytes: Int64? = nil,
        feed: @escaping Feed
    ) {
        self.name = name
        self.stem = stem
        self.isRepeatable = isRepeatable
        self.sizeBytes = sizeBytes
        self.feed = feed
    }

    /// A file. Its size must stay what it was when it was opened; a pipe or a
    /// device is read to its end.
    public static func file(_ path: String) -> ImageDataSource {
        let sizeBytes = OpenFile.sizeBytes(path)
        return ImageDataSource(
            name: path, stem: FileStem.of(path), isRepeatable: sizeBytes != nil,
            sizeBytes: sizeBytes
        ) { ring, opened in
            let file = try OpenFile(reading: path)
            try await file.pump(into: ring, opened: opened)
        }
    }

    /// A file that is open for reading, from where it stands: standard input,
    /// mostly. It stays open.
    ///
    /// - Parameters:
    ///   - name: what messages call it.
    ///   - sizeBytes: of a pipe whose end is to be known from a broken one;
    ///     a plain file knows its own.
    public static func descriptor(
        _ descriptor: Int32, named name: String? = nil, sizeBytes: Int64? = nil
    ) -> ImageDataSource {
        let file = OpenFile(borrowing: descriptor, name: name)
        let sizeBytes = sizeBytes ?? file.sizeBytes
        return ImageDataSource(
            name: file.name, stem: nil, isRepeatable: false, sizeBytes: sizeBytes
        ) { ring, opened in
            try await file.pump(into: ring) { _ in opened(sizeBytes) }
        }
    }

    /// Bytes that are in memory already.
    public static func bytes(_ bytes: [UInt8]) -> ImageDataSource {
        ImageDataSource(
            name: "memory", stem: nil, isRepeatable: true, sizeBytes: Int64(bytes.count)
        ) { ring, opened in
            opened(Int64(bytes.count))
            try await SerialWork.run { try ring.write(bytes) }
        }
    }

    /// Pieces of any length, taken when there is room for them.
    public static func stream<Pieces: AsyncSequence & Sendable>(
        _ pieces: Pieces, sizeBytes: Int64? = nil
    ) -> ImageDataSource where Pieces.Element == [UInt8] {
        ImageDataSource(name: "a stream", stem: nil, isRepeatable: false, sizeBytes: sizeBytes) {
            ring, opened in
            opened(sizeBytes)
            for try await piece in pieces { try await SerialWork.run { try ring.write(piece) } }
        }
    }

    /// What somebody else writes into a ring and finishes, or fails.
    public static func ring(_ source: ByteRing, sizeBytes: Int64? = nil) -> ImageDataSource {
        ImageDataSource(name: "a ring", stem: nil, isRepeatable: false, sizeBytes: sizeBytes) {
            ring, opened in
            opened(sizeBytes)
            try await withTaskCancellationHandler {
                try await SerialWork.run { try source.pour(into: ring) }
            } onCancel: {
                source.fail(TranshipError(wrapping: CancellationError()))
            }
        }
    }

    /// What an http or https URL answers, redirects followed. This program
    /// reads it; to have the cloud do that, import by `web-download`.
    public static func url(
        _ url: Secret<String>, headers: HTTPHeaders = [:], client: HTTPClient = HTTPClient()
    ) -> ImageDataSource {
        let shown = shownURL(url.revealed)
        return ImageDataSource(name: shown, stem: FileStem.of(shown), isRepeatable: true) {
            ring, opened in
            let request = HTTPRequest(
                .get, url.revealed, headers: headers, followsRedirects: true)
            let answer = try await client.download(request, into: ring) { head in
                opened(
                    head.status == 204 ? 0 : head.headers["Content-Length"].flatMap { Int64($0) })
            }
            guard answer.isSuccess else {
                let refusal = answer.refusal(by: "the source", asked: "GET \(shown)")
                throw TranshipError(
                    refusal.isTransient ? refusal.code : .sourceUnavailable,
                    "\(shown) cannot be read: \(refusal.message)", answer: refusal.answer,
                    isTransient: refusal.isTransient)
            }
        }
    }
}

/// A path's last component without its last extension: `a/ubuntu-24.04.img`
/// is `ubuntu-24.04`, and `.hidden` stays what it is.
enum FileStem {
    static func of(_ path: String) -> String? {
        guard let name = path.split(separator: "/").last else { return nil }
        guard let dot = name.lastIndex(of: "."), name[..<dot].contains(where: { $0 != "." })
        else { return String(name) }
        return String(name[..<dot])
    }
}

extension ByteRing {
    func write(_ bytes: [UInt8]) throws(TranshipError) {
        let result = bytes.withUnsafeBytes { bytes in
            Result { () throws(TranshipError) in try write(bytes) }
        }
        try result.get()
    }

    /// Writes all that this ring has yet to give into another; BLOCKS.
    func pour(into other: ByteRing) throws(TranshipError) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 16)
        defer { buffer.deallocate() }
        while true {
            let count: Int
            do {
                count = try read(into: buffer)
            } catch {
                other.fail(error)
                throw error
            }
            if count == 0 { return }
            do {
                try other.write(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            } catch {
                // Whoever fills this ring would wait for ever.
                fail(error)
                throw error
            }
        }
    }
}
