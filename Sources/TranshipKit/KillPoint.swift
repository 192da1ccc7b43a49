// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import Foundation
internal import MigrationJournal
internal import MigrationModel

/// The commit at which a test wants this process to die. `TRANSHIP_KILL_AT_COMMIT` is `before:N` or
/// `after:N`, for the N-th commit of the journal.
///
/// Debug builds only: no variable can end a released binary.
enum KillPoint {
    static let variable = "TRANSHIP_KILL_AT_COMMIT"

    static func hook(_ environment: [String: String]) throws(TranshipError) -> CommitHook? {
        #if DEBUG
            guard let text = environment[variable] else { return nil }
            let parts = text.split(separator: ":")
            guard parts.count == 2, let moment = CommitHook.Moment(rawValue: String(parts[0])),
                let number = Int(parts[1]), number > 0
            else {
                throw TranshipError(
                    .usage, "\(variable) is \"\(text)\", but it must be before:N or after:N",
                    hint: "unset it: it is for tests")
            }
            // SIGKILL, so that none of our code runs after it.
            return CommitHook { if $0 == moment, $1 == number { kill(getpid(), SIGKILL) } }
        #else
            return nil
        #endif
    }
}
