// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Dispatch
import Foundation
import MigrationModel
import TranshipKit

/// Ends the work of a command in order when a signal comes: it is cancelled,
/// and what it had begun is taken back. A second signal ends the process.
enum Interruption {
    private static let numbers = [SIGINT, SIGTERM, SIGHUP]

    static func guarding<Value: Sendable>(
        _ work: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        let task = Task { try await work() }
        let queue = DispatchQueue(label: "tranship.signals")
        let sources = numbers.map { number in
            // `DispatchSource` sees signals only when their default is off.
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler {
                if task.isCancelled { exit(ExitStatus.interrupted.rawValue) }
                task.cancel()
            }
            source.activate()
            return source
        }
        defer { for source in sources { source.cancel() } }
        return try await task.value
    }
}
