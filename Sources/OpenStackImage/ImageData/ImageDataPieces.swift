// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
import ByteStreams

/// The data of an image in pieces; see ``ImageService/data(of:_:)``.
public struct ImageDataPieces: AsyncSequence, Sendable {
    public typealias Element = [UInt8]
    public typealias Failure = TranshipError

    let service: ImageService
    let id: String
    let options: DownloadOptions

    public func makeAsyncIterator() -> Iterator {
        Iterator(pieces: self)
    }

    /// Starts the download at the first `next()`. Releasing the iterator ends it.
    public struct Iterator: AsyncIteratorProtocol, Sendable {
        let pieces: ImageDataPieces
        var running: Running?
        var isOver = false

        /// - Throws: as ``ImageService/download(_:_:to:)``.
        public mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(TranshipError) -> [UInt8]? {
            guard !isOver else { return nil }
            let running: Running
            if let started = self.running {
                running = started
            } else {
                running = Running(
                    try await pieces.service.proved(pieces.id, pieces.options))
                self.running = running
            }
            let piece = try await running.piece(of: pieces.options.bufferBytes)
            if piece.count < pieces.options.bufferBytes {
                isOver = true
                _ = try await running.arriving.value.get()
            }
            return piece.isEmpty ? nil : piece
        }
    }

    /// A download that ends when its last reference is released.
    final class Running: Sendable {
        private let download: ProvedDownload<Image>
        let arriving: Task<Result<ProvedDownload<Image>.Data, TranshipError>, Never>

        init(_ download: ProvedDownload<Image>) {
            self.download = download
            arriving = Task { await download.run() }
        }

        deinit { arriving.cancel() }

        func piece(of bytes: Int) async throws(TranshipError) -> [UInt8] {
            let ring = download.ring
            return try await BlockingWork.run(failingOnCancel: ring) {
                try [UInt8](unsafeUninitializedCapacity: bytes) { buffer, count in
                    count = try ring.fill(UnsafeMutableRawBufferPointer(buffer))
                }
            }
        }
    }
}
