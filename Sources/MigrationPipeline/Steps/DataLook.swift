// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import ByteStreams
internal import ImageFormats
internal import MigrationModel

/// A look at the first bytes of a transfer's data.
///
/// The Image service accepts anything as `raw`, so a web page in the place of an image would become
/// an active image. The plan makes the same check on data that it can read, but the data may have
/// changed since.
struct DataLook {
    let inspection: Inspection
    /// True if the data is as it came from its source, before any conversion.
    let isAsRead: Bool

    /// Checks the first bytes in the ring, once they have arrived, and leaves them there.
    ///
    /// - Parameter isSound: called once they have arrived; false if the reading broke within them.
    /// - Returns: the objection to data that is copied nevertheless.
    /// - Throws: ``TranshipError/Code/formatRejected`` if the data must not be copied; the failure
    ///   of the ring.
    func objection(
        to transfer: Transfer, in ring: ByteRing, isSound: () -> Bool = { true }
    ) async throws(TranshipError) -> TranshipError? {
        let conversion = isAsRead ? transfer.source.published?.conversion : nil
        // A conversion has to know its input format, even if the pipeline file turns inspection
        // off.
        guard inspection != .off || conversion != nil else { return nil }
        let bytes = try await ring.head(bytesMax: ImageHead.bytesMax)
        guard isSound() else { return nil }
        let head = ImageHead(bytes)
        let source = transfer.source
        // If the plan knew that the data is empty, that is intended. Data of unknown size was cut
        // off.
        if head.isEmpty, inspection == .refuses, source.sizeBytes == nil {
            throw TranshipError.emptyData(source.location).at(.source)
        }
        // If there are fewer bytes, they are all of the data, even if more were planned.
        let isAll = bytes.count < ImageHead.bytesMax
        let sizeBytes = isAll ? Int64(bytes.count) : source.sizeBytes
        let objection = head.objection(
            to: DeclaredFormat(
                disk: conversion?.from ?? transfer.record.diskFormat,
                container: transfer.record.containerFormat),
            shown: source.imageID.map { "image \($0)" } ?? source.location,
            facts: sizeBytes.map { ["\($0) bytes"] } ?? [])
        guard let objection else { return nil }
        if inspection == .refuses || conversion != nil { throw objection.at(.source) }
        // Other hints name keys of the pipeline file that do not affect the source's record.
        return head.need == nil ? TranshipError(objection.code, objection.message) : objection
    }
}
