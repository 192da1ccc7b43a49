// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics

@testable import OpenStackImage

/// The data that a download passed on.
final class Received: Sendable {
    private let state = Guarded<(bytes: [UInt8], pieces: [Int])>(([], []))

    var bytes: [UInt8] { state.withLock { $0.bytes } }
    /// The length of each piece, in order.
    var pieces: [Int] { state.withLock { $0.pieces } }

    func add(_ bytes: UnsafeRawBufferPointer) {
        let piece = Array(bytes)
        state.withLock { state in
            state.bytes += piece
            state.pieces.append(piece.count)
        }
    }

    static func all(
        _ service: ImageService, _ id: String, _ options: DownloadOptions = .init()
    ) async throws -> (bytes: [UInt8], data: DownloadedData) {
        let received = Received()
        let data = try await service.download(id, options) { received.add($0) }
        return (received.bytes, data)
    }
}
