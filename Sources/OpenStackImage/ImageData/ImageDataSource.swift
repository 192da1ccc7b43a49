// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
public import ByteStreams
public import HTTPTransport

/// A source of image data that this program sends.
///
/// It is read once, piece by piece. Only a few MiB are in memory at a time, at any size.
public struct ImageDataSource: Sendable {
    /// A function that fills a ring: it writes all bytes, or throws. It calls the second argument
    /// once with the size, as soon as the size is known; nil means unknown.
    typealias Feed = @Sendable (ByteRing, @escaping @Sendable (Int64?) -> Void) async throws -> Void

    /// The name in messages.
    let name: String
    /// The default name of an image from this source: the file name without its directory and its
    /// last extension.
    public let stem: String?
    /// True if the same bytes can be read again, as from a file.
    let isRepeatable: Bool
    /// The size, if it is known before the data is read.
    public var sizeBytes: Int64?
    let feed: Feed

    /// Creates a source from a file. The file's size must not change while it is read. A pipe or a
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

    /// Creates a source from a file that is open for reading, mostly standard input. Reads from its
    /// current position, and leaves it open.
    ///
    /// - Parameters:
    ///   - name: the name for messages.
    ///   - sizeBytes: the expected size of a pipe, so that a broken pipe is noticed. The size of a
    ///     plain file is known.
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

    /// Creates a source from bytes in memory.
    public static func bytes(_ bytes: [UInt8]) -> ImageDataSource {
        ImageDataSource(
            name: "memory", stem: nil, isRepeatable: true, sizeBytes: Int64(bytes.count)
        ) { ring, opened in
            opened(Int64(bytes.count))
            try await BlockingWork.run { try ring.write(bytes) }
        }
    }

    /// Creates a source from pieces of any length. Each piece is taken when there is room for it.
    public static func stream<Pieces: AsyncSequence & Sendable>(
        _ pieces: Pieces, sizeBytes: Int64? = nil
    ) -> ImageDataSource where Pieces.Element == [UInt8] {
        ImageDataSource(name: "a stream", stem: nil, isRepeatable: false, sizeBytes: sizeBytes) {
            ring, opened in
            opened(sizeBytes)
            for try await piece in pieces { try await BlockingWork.run { try ring.write(piece) } }
        }
    }

    /// Creates a source from a ring that other code fills and finishes, or fails.
    public static func ring(_ source: ByteRing, sizeBytes: Int64? = nil) -> ImageDataSource {
        ImageDataSource(name: "a ring", stem: nil, isRepeatable: false, sizeBytes: sizeBytes) {
            ring, opened in
            opened(sizeBytes)
            try await BlockingWork.run(failingOnCancel: source) { try source.pour(into: ring) }
        }
    }

    /// Creates a source from the body at an http or https URL. Follows redirects. This program
    /// reads the body; to let the cloud read it, import by `web-download`.
    public static func url(
        _ url: Secret<String>, headers: HTTPHeaders = [:], client: HTTPClient = HTTPClient()
    ) -> ImageDataSource {
        let shown = shownURL(url.revealed)
        return ImageDataSource(name: shown, stem: FileStem.of(shown), isRepeatable: true) {
            ring, opened in
            var request = HTTPRequest(
                .get, url.revealed, headers: headers, followsRedirects: true)
            request.secrets = HTTPRequest.secrets(ofURL: url.revealed)
            let answer = try await client.download(request, into: ring) { head in
                opened(head.status == 204 ? 0 : head.headers.contentLengthBytes)
            }
            guard answer.isSuccess else {
                let refusal = answer.refusal(by: .source, asked: "GET \(shown)")
                throw TranshipError(
                    refusal.isTransient ? refusal.code : .sourceUnavailable,
                    "\(shown) cannot be read: \(refusal.message)", answer: refusal.answer,
                    isTransient: refusal.isTransient)
            }
        }
    }
}

/// The last component of a path, without its last extension: `a/ubuntu-24.04.img` gives
/// `ubuntu-24.04`, and `.hidden` stays as it is.
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

    /// Writes the rest of this ring into another ring. BLOCKS.
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
                // Otherwise the producer of this ring would wait forever.
                fail(error)
                throw error
            }
        }
    }
}
