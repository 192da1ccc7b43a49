// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import Foundation
internal import MigrationModel

/// Converts spooled data: writes a second file beside the first, then renames it over the first. If
/// the process dies before that, the next run reads the data again, and removes the second file as
/// an orphan.
extension SpoolStep {
    /// Replaces the spooled data, which is complete and proved, by its converted form.
    func convert(
        _ filling: inout Filling, _ conversion: Conversion
    ) async throws(TranshipError) {
        let transfer = filling.transfer
        let (input, output) = (filling.entry.path, spool.conversionPath(filling.entry))
        let converter = ImageConverter(
            input: input, output: output, conversion: conversion,
            shown: transfer.source.displayName)
        defer { unlink(output) }
        let virtualBytes = try await converter.virtualSizeBytes()
        let inputBytes = filling.entry.offsetBytes
        try await converter.expectWhole(inputBytes: inputBytes)
        try spool.reserve(&filling.entry, inputBytes.clampedSum(virtualBytes), transfer)
        monitor.note(
            transfer, .converting(from: "\(conversion.from)", to: conversion.format.rawValue))
        let result = try await converter.run(
            virtualBytes: virtualBytes, inputBytes: inputBytes, on: spool.disk)
        guard rename(output, input) == 0 else {
            throw SpoolDisk.failure("cannot rename a file to", input)
        }
        filling.entry.offsetBytes = result.sizeBytes
        filling.entry.digest = result.digest
        filling.entry.reservedBytes = result.sizeBytes
    }
}
