// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Foundation
public import MigrationJournal

/// Where journals lie: `$XDG_STATE_HOME/tranship/NAME.sqlite`, by the XDG Base
/// Directory Specification; `~/.local/state` where it is not set.
public enum JournalPlace {
    /// The folder of all journals that were not put elsewhere by `--journal`.
    public static func folder(environment: [String: String]) -> String {
        if let state = environment["XDG_STATE_HOME"], state.hasPrefix("/") {
            return "\(state)/tranship"
        }
        let home = environment["HOME"] ?? NSHomeDirectory()
        return "\(home)/.local/state/tranship"
    }

    public static func path(pipelineName: String, environment: [String: String]) -> String {
        "\(folder(environment: environment))/\(pipelineName).sqlite"
    }

    /// The journal with the latest run, and that run; interrupted ones only, or
    /// any. Nil when there is none.
    ///
    /// A journal that cannot be read is passed over.
    public static func latest(
        environment: [String: String], interruptedOnly: Bool
    ) async -> (path: String, run: Run)? {
        let folder = folder(environment: environment)
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        var latest: (path: String, run: Run)?
        for name in names.sorted() where name.hasSuffix(".sqlite") {
            let path = "\(folder)/\(name)"
            guard let journal = try? Journal.openForReading(path: path),
                let run = try? await journal.lastRun(),
                !interruptedOnly || run.isInterrupted,
                run.startedAt > latest?.run.startedAt ?? 0
            else { continue }
            latest = (path, run)
        }
        return latest
    }
}
