// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import ByteStreams
internal import ImageFormats
internal import MigrationModel

/// A look at the first bytes of a transfer's data.
///
/// The Image service takes anything as `raw`, so a web page in the place of an image would
/// become an active image. The plan looks too, at what it can read, and the data may have changed
/// since.
struct DataLook {
    let inspection: Inspection
    /// True for data as it comes from its source. A conversion changes it afterwards.
    let isAsRead: Bool

    /// Waits for the first bytes in the ring, and leaves them there.
    ///
    /// - Parameter isSound: asked when they are there; false if the reading broke within them.
    /// - Returns: the objection to data that is copied nevertheless.
    /// - Throws: ``TranshipError/Code/formatRejected`` if it is not copied; the failure of the ring.
    func objection(
        to transfer: Transfer, in ring: ByteRing, isSound: () -> Bool = { true }
    ) async throws(TranshipError) -> TranshipError? {
        let conversion = isAsRead ? transfer.source.published?.conversion : nil
        // A conversion has to know what it reads, no matter what the operator says.
        guard inspection != .off || conversion != nil else { return nil }
        let bytes = try await ring.head(bytesMax: ImageHead.bytesMax)
        guard isSound() else { return nil }
        let head = ImageHead(bytes)
        let source = transfer.source
        // What the plan accepted as empty is meant. Data that was to have some bytes was cut off.
        if head.isEmpty, inspection == .refuses, source.sizeBytes == nil {
            throw TranshipError.emptyData(source.location).at(.source)
        }
        // Of short data this is all, also if more was planned.
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
        // Other hints name keys of the pipeline file that the source's record does not follow.
        return head.need == nil ? TranshipError(objection.code, objection.message) : objection
    }
}
