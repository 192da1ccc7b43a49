// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
import ByteStreams

extension ImageService {
    /// Reads the data of an image into a file that is open for writing:
    /// standard output, mostly. It stays open.
    ///
    /// Proved as ``download(_:_:to:)`` says: of data that does not agree the
    /// last bytes are never written, so that whoever knows the size sees that
    /// it is not whole.
    ///
    /// - Parameters:
    ///   - name: what messages call it, such as `standard output`.
    ///   - onProgress: called with the bytes written so far.
    /// - Throws: as ``download(_:_:to:)``, and
    ///   ``TranshipError/Code/targetFailed`` when it cannot be written, such
    ///   as a pipe that nobody reads any more.
    @discardableResult
    public func download(
        _ id: String, toDescriptor descriptor: Int32, named name: String,
        _ options: DownloadOptions = .init(),
        onProgress: @escaping @Sendable (Int64) -> Void = { _ in }
    ) async throws(TranshipError) -> DownloadedData {
        let download = try await ProvedDownload(id, options, of: self)
        async let arriving = download.run()
        let failure: TranshipError?
        do throws(TranshipError) {
            try await download.ring.drain(into: descriptor, named: name, onProgress: onProgress)
            failure = nil
        } catch {
            failure = error
        }
        let arrived = await arriving
        if let failure { throw failure }
        return try arrived.get()
    }
}
