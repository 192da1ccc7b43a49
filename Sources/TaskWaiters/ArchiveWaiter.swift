// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
public import MigrationModel
public import MigrationPipeline

/// The waiter of an archive target. An archive has no imports, so no transfer to it ever waits.
public struct ArchiveWaiter: TaskWaiter {
    public init() {}

    public func look(_ transfer: Transfer) async throws(TranshipError) -> Look {
        throw Self.error(transfer)
    }

    public func requested(
        _ request: ImportNeed, for transfer: Transfer, refusal: TranshipError?
    ) async throws(TranshipError) -> Outcome {
        throw Self.error(transfer)
    }

    private static func error(_ transfer: Transfer) -> TranshipError {
        TranshipError(
            .unexpectedState,
            "\(transfer.source.displayName) waits for an import, and its target is an archive",
            hint: "start with another --journal: the pipeline file was edited since")
    }
}
