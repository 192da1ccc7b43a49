// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation

/// The setting of `--progress` and `TRANSHIP_PROGRESS`: how a run shows its progress.
enum ProgressMode: String, ExpressibleByArgument, CaseIterable {
    case auto, tty, plain, quiet, json

    static let variable = "TRANSHIP_PROGRESS"

    /// - Throws: `ValidationError` for an unknown word in the environment.
    static func of(
        _ option: ProgressMode?, environment: [String: String]
    ) throws -> ProgressMode {
        if let option { return option }
        guard let text = environment[variable], !text.isEmpty else { return .auto }
        guard let mode = ProgressMode(rawValue: text) else {
            let words = allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("\(variable) is \"\(text)\", but must be one of \(words)")
        }
        return mode
    }

    /// - Parameters:
    ///   - isTerminal: true if standard error is a terminal.
    ///   - canDraw: true if that terminal can move the cursor.
    func style(isTerminal: Bool, canDraw: Bool) -> ProgressStyle {
        let isForLogs = !isTerminal
        return switch self {
        case .auto, .json:
            ProgressStyle(draws: canDraw, writes: !canDraw, isForLogs: isForLogs)
        case .tty: ProgressStyle(draws: true, writes: false, isForLogs: false)
        case .plain: ProgressStyle(draws: false, writes: true, isForLogs: isForLogs)
        case .quiet: ProgressStyle(draws: false, writes: false, isForLogs: isForLogs)
        }
    }
}

/// The forms in which a command shows its progress.
struct ProgressStyle: Sendable, Equatable {
    /// True for a drawing that changes in place.
    let draws: Bool
    /// True for a line from time to time.
    let writes: Bool
    /// True if standard error is a file, a pipe or the system journal: few lines, with times.
    let isForLogs: Bool

    /// The seconds between two lines of progress in a log.
    static let logSeconds = 60.0

    /// The style of commands without `--progress`.
    static var standard: ProgressStyle {
        ProgressStyle(draws: Terminal.draws, writes: !Terminal.draws, isForLogs: false)
    }
}
