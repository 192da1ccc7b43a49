// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Dispatch
import Foundation
import MigrationModel
import TranshipKit

/// Cancels the work of a command at the first signal, so that it can undo what it began. A second
/// signal ends the process at once.
enum Interruption {
    private static let numbers = [SIGINT, SIGTERM, SIGHUP]

    static func guarding<Value: Sendable>(
        _ work: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        let task = Task { try await work() }
        let queue = DispatchQueue(label: "tranship.signals")
        let sources = numbers.map { number in
            // `DispatchSource` receives a signal only if its default action is disabled.
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
