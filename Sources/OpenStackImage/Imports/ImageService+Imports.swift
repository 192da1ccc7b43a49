// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

extension ImageService {
    /// Starts an import. It has only been accepted: watch the image's status
    /// *and* its ``tasks(ofImage:)``, since one that fails puts the image back
    /// to `queued` and some failures do not even do that.
    ///
    /// - Throws: ``TranshipError/Code/conflict`` for an image in the wrong
    ///   state, an unknown store, or another import of it that is not quite
    ///   over ("has active task": try again),
    ///   ``TranshipError/Code/badRequest`` for a method or a URI that this
    ///   cloud does not allow, ``TranshipError/Code/forbidden``.
    public func importImage(
        _ id: String, _ request: ImportRequest
    ) async throws(TranshipError) {
        try await send(ImportRequests.start(id, request), expecting: [202])
    }

    /// The import methods that this cloud allows.
    public func importInfo() async throws(TranshipError) -> ImportInfo {
        ImportInfo(json: try await sendForJSONIfKnown(ImportRequests.info) ?? [:])
    }
}
